/** The configuration of training: loss, optimiser, mixture and scaler. */
@NullMarked
package io.freshet.learn.training;

import org.jspecify.annotations.NullMarked;
