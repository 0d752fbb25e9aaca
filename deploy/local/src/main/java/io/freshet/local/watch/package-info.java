/** Reading of a job's results, and their display on a terminal. */
@NullMarked
package io.freshet.local.watch;

import org.jspecify.annotations.NullMarked;
