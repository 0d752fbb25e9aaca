/** Decoding of raw messages into blocks of examples; unusable events become dead letters. */
@NullMarked
package io.freshet.ingest;

import org.jspecify.annotations.NullMarked;
