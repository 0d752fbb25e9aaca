/** The graph on one page, the job's entry point, and the ends that tie it to Kafka. */
@NullMarked
package io.freshet.pipeline;

import org.jspecify.annotations.NullMarked;
