/** Drift detection of a model: configuration, running detectors, alerts and reactions. */
@NullMarked
package io.freshet.learn.drift;

import org.jspecify.annotations.NullMarked;
