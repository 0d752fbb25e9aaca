/** Texts as they are written in settings. */
@NullMarked
package io.freshet.text;

import org.jspecify.annotations.NullMarked;
