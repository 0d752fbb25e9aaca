/**
 * Experts that see more than a linear model does, and the stacks that combine all experts'
 * predictions.
 */
@NullMarked
package io.freshet.model.ensemble;

import org.jspecify.annotations.NullMarked;
