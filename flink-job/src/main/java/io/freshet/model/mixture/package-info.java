/** The fixed-share mixture of learning rates and its baselines. */
@NullMarked
package io.freshet.model.mixture;

import org.jspecify.annotations.NullMarked;
