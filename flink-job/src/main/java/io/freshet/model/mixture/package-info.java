/** Fixed-share mixture of learning rates and baselines. */
@NullMarked
package io.freshet.model.mixture;

import org.jspecify.annotations.NullMarked;
