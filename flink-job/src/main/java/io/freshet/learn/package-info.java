/**
 * The learn stage: a test-then-train learner per model, its Flink state and the records that the
 * stage emits.
 */
@NullMarked
package io.freshet.learn;

import org.jspecify.annotations.NullMarked;
