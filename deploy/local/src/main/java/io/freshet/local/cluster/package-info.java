/** Flink and Kafka in this process, and the watch over a job. */
@NullMarked
package io.freshet.local.cluster;

import org.jspecify.annotations.NullMarked;
