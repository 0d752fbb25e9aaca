/**
 * Classifiers from the snapshots that Freshet publishes. Plain Java; needs Avro to read snapshots,
 * but no Flink, Kafka or ND4J.
 */
@NullMarked
package io.freshet.classifier;

import org.jspecify.annotations.NullMarked;
