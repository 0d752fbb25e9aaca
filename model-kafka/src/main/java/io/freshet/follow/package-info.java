/**
 * Classifiers that follow Freshet's topic of snapshots, with a plain Kafka consumer.
 *
 * <p>{@link io.freshet.follow.SnapshotFollower} is the entry point.
 */
@NullMarked
package io.freshet.follow;

import org.jspecify.annotations.NullMarked;
