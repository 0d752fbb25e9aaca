/** The choice of ND4J's backend at start. */
@NullMarked
package io.freshet.model.device;

import org.jspecify.annotations.NullMarked;
