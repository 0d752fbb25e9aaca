package io.freshet.monitor;

import org.jspecify.annotations.Nullable;

/**
 * Statistics of the examples whose confidence lies in an interval.
 *
 * @param lower lower bound, exclusive unless it is 0
 * @param upper upper bound, inclusive
 * @param examples number of examples
 * @param meanConfidence mean confidence of the examples; null without examples
 * @param accuracy fraction of examples predicted correctly; null without examples
 */
public record CalibrationBin(
        double lower,
        double upper,
        long examples,
        @Nullable Double meanConfidence,
        @Nullable Double accuracy) {}
