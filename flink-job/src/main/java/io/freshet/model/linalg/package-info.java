/** Matrices on the device, by OpenBLAS or ND4J, and the exponential function. */
@NullMarked
package io.freshet.model.linalg;

import org.jspecify.annotations.NullMarked;
