/**
 * Images as labelled events: their pixels go through a frozen network, and its outputs are sent.
 */
@NullMarked
package io.freshet.local.images;

import org.jspecify.annotations.NullMarked;
