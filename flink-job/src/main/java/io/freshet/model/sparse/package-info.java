/**
 * Parameters of sparse models: a row of floats for each column that occurred, in chunks that are
 * shared until they are written to.
 */
@NullMarked
package io.freshet.model.sparse;

import org.jspecify.annotations.NullMarked;
