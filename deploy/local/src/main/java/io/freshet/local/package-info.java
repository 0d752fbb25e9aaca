/** Freshet on one machine: the command {@code freshet}. */
@NullMarked
package io.freshet.local;

import org.jspecify.annotations.NullMarked;
