/** A model's drift detection: configuration, detectors at work, alerts and reactions. */
@NullMarked
package io.freshet.learn.drift;

import org.jspecify.annotations.NullMarked;
