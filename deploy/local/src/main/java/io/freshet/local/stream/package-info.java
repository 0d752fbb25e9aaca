/** Streams of labelled examples and their way to a topic. */
@NullMarked
package io.freshet.local.stream;

import org.jspecify.annotations.NullMarked;
