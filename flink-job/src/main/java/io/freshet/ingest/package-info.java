/** From raw messages to packed blocks of examples; what cannot be used becomes a dead letter. */
@NullMarked
package io.freshet.ingest;

import org.jspecify.annotations.NullMarked;
