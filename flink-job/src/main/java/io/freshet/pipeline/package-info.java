/** The job graph, the job's entry point and configuration, and its connection to Kafka. */
@NullMarked
package io.freshet.pipeline;

import org.jspecify.annotations.NullMarked;
