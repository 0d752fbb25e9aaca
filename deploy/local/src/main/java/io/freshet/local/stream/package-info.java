/** Streams of labelled examples, and the producer that sends them to a topic. */
@NullMarked
package io.freshet.local.stream;

import org.jspecify.annotations.NullMarked;
