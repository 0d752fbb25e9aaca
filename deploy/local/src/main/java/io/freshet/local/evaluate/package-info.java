/** Evaluation of a published model on labelled examples that it is not trained on. */
@NullMarked
package io.freshet.local.evaluate;

import org.jspecify.annotations.NullMarked;
