/** Scalers of features. */
@NullMarked
package io.freshet.model.scale;

import org.jspecify.annotations.NullMarked;
