/** Inspection of examples in a file or a topic, and the settings of a job that fit them. */
@NullMarked
package io.freshet.local.inspect;

import org.jspecify.annotations.NullMarked;
