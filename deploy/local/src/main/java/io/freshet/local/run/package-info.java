/** Runs of a job over events that are sent at the same time. */
@NullMarked
package io.freshet.local.run;

import org.jspecify.annotations.NullMarked;
