/** Parts of the ensemble that its learner and its classifier share: tests, projection, votes. */
@NullMarked
package io.freshet.ensemble;

import org.jspecify.annotations.NullMarked;
