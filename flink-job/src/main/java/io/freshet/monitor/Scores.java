package io.freshet.monitor;

import org.jspecify.annotations.Nullable;

/**
 * How well a model predicted examples before it was trained on them, beside two baselines that use
 * no features. A figure that is not defined is null.
 *
 * @param examples number of labelled examples
 * @param weight sum of their weights
 * @param loss cross-entropy, mean weighted by the examples' weights, nats
 * @param accuracy share of examples whose most probable class was the label
 * @param noChangeAccuracy share that repeating the previous label would have got right
 * @param majorityAccuracy share that the most frequent label so far would have got right
 * @param kappa Cohen's kappa
 * @param kappaTemporal kappa against repeating the previous label
 */
public record Scores(
        long examples,
        double weight,
        @Nullable Double loss,
        @Nullable Double accuracy,
        @Nullable Double noChangeAccuracy,
        @Nullable Double majorityAccuracy,
        @Nullable Double kappa,
        @Nullable Double kappaTemporal) {}
