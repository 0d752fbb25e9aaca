/** Matrices on the CPU (OpenBLAS) or a GPU (ND4J), and the exponential function. */
@NullMarked
package io.freshet.model.linalg;

import org.jspecify.annotations.NullMarked;
