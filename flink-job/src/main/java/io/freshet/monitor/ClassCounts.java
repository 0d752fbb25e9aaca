package io.freshet.monitor;

import org.jspecify.annotations.Nullable;

/**
 * How one class fared among some examples. A figure that is not defined is null.
 *
 * @param labels examples whose label it was
 * @param predictions examples whose predicted class it was
 * @param hits examples where it was both
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
