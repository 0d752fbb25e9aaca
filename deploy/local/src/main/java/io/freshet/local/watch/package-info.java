/** A job's results as people watch them at a terminal. */
@NullMarked
package io.freshet.local.watch;

import org.jspecify.annotations.NullMarked;
