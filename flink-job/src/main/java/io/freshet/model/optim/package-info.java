/** Optimisers and learning-rate schedules. */
@NullMarked
package io.freshet.model.optim;

import org.jspecify.annotations.NullMarked;
