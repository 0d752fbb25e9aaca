/** Loss functions with PyTorch's options: value and gradient, in training and over a batch. */
@NullMarked
package io.freshet.model.loss;

import org.jspecify.annotations.NullMarked;
