/** Server that predicts over HTTP with the models of a topic of snapshots. */
@NullMarked
package io.freshet.local.serve;

import org.jspecify.annotations.NullMarked;
