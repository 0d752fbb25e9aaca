package io.freshet.monitor;

import org.jspecify.annotations.Nullable;

/**
 * Counts, precision, recall and F1 of one class. A ratio that is not defined is null.
 *
 * @param labels number of examples whose label is the class
 * @param predictions number of examples whose predicted class is the class
 * @param hits number of examples for which both hold
 * @param precision hits / predictions
 * @param recall hits / labels
 * @param f1 2 hits / (labels + predictions)
 */
public record ClassCounts(
        long labels,
        long predictions,
        long hits,
        @Nullable Double precision,
        @Nullable Double recall,
        @Nullable Double f1) {}
