/** Configuration of training: loss, optimiser, learning rate, mixture and scaler. */
@NullMarked
package io.freshet.learn.training;

import org.jspecify.annotations.NullMarked;
