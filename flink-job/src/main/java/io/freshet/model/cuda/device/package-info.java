/**
 * A CUDA device: its libraries, memory, streams and graphs, products of matrices, and kernels that
 * are compiled for it at the start.
 *
 * <p>Nothing here needs ND4J, or knows what is learnt. {@link io.freshet.model.cuda.device.Device}
 * is the face of the device; the bindings of CUDA are behind it.
 */
@org.jspecify.annotations.NullMarked
package io.freshet.model.cuda.device;
