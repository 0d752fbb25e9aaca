package io.freshet.monitor;

import org.jspecify.annotations.Nullable;

/**
 * The examples whose confidence lies between two bounds.
 *
 * @param lower lower bound, left out except 0
 * @param upper upper bound, included
 * @param examples number of examples
 * @param meanConfidence their mean confidence; null without examples
 * @param accuracy share of them that were predicted right; null without examples
 */
public record CalibrationBin(
        double lower,
        double upper,
        long examples,
        @Nullable Double meanConfidence,
        @Nullable Double accuracy) {}
