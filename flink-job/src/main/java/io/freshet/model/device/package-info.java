/** Choice of ND4J's backend, CPU or CUDA, at start. */
@NullMarked
package io.freshet.model.device;

import org.jspecify.annotations.NullMarked;
