/** Test-then-train: one live learner per model, its state, and what it emits. */
@NullMarked
package io.freshet.learn;

import org.jspecify.annotations.NullMarked;
