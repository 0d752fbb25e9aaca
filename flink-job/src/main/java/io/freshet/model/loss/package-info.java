/** PyTorch's losses: value and gradient, over a batch and for one example in training. */
@NullMarked
package io.freshet.model.loss;

import org.jspecify.annotations.NullMarked;
