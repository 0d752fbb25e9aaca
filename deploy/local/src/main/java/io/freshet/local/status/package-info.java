/** Report on a job from Kafka, and from Flink's REST API if its address is known. */
@NullMarked
package io.freshet.local.status;

import org.jspecify.annotations.NullMarked;
