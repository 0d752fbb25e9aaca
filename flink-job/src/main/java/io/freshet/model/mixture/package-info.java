/** Fixed-share mixture of experts: learning rates and baselines. */
@NullMarked
package io.freshet.model.mixture;

import org.jspecify.annotations.NullMarked;
