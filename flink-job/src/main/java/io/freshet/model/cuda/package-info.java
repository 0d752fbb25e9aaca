/**
 * The learner's block on a CUDA device: memory, kernels, products of matrices and graphs.
 *
 * <p>Nothing here needs ND4J. {@link io.freshet.model.cuda.Device} is the face of the device; the
 * bindings of CUDA are behind it.
 */
@org.jspecify.annotations.NullMarked
package io.freshet.model.cuda;
