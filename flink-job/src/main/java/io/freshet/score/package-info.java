/**
 * The stage that predicts events in parallel with the newest published models, without learning
 * from them.
 */
@NullMarked
package io.freshet.score;

import org.jspecify.annotations.NullMarked;
