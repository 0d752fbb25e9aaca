/** Flink and Kafka in this process, and the supervision of a job. */
@NullMarked
package io.freshet.local.cluster;

import org.jspecify.annotations.NullMarked;
