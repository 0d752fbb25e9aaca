package io.freshet.monitor;

import org.jspecify.annotations.Nullable;

/**
 * How well a model predicted examples before it was trained on them, beside two baselines that use
 * no features. A figure that is not defined is null. {@link Tallies} has the definitions.
 *
 * @param examples number of labelled examples
 * @param weight sum of their weights
 * @param loss cross-entropy, mean weighted by the examples' weights, nats
 * @param accuracy share of examples whose most probable class was the label
 * @param noChangeAccuracy share that repeating the previous label would have got right
 * @param majorityAccuracy share that the most frequent label so far would have got right
 * @param kappa Cohen's kappa
 * @param kappaTemporal kappa against repeating the previous label
 * @param kappaM kappa against the most frequent label so far
 * @param balancedAccuracy mean recall of the classes that were a label
 * @param topKAccuracy share whose label was among the k most probable classes
 * @param brierScore mean squared distance of probabilities and targets, summed over the classes
 * @param meanConfidence mean probability of the predicted class
 * @param calibrationError expected calibration error
 */
public record Scores(
        long examples,
        double weight,
        @Nullable Double loss,
        @Nullable Double accuracy,
        @Nullable Double noChangeAccuracy,
        @Nullable Double majorityAccuracy,
        @Nullable Double kappa,
        @Nullable Double kappaTemporal,
        @Nullable Double kappaM,
        @Nullable Double balancedAccuracy,
        @Nullable Double topKAccuracy,
        @Nullable Double brierScore,
        @Nullable Double meanConfidence,
        @Nullable Double calibrationError) {
    /** The scores of no examples. */
    public static final Scores NONE =
            new Scores(
                    0, 0, null, null, null, null, null, null, null, null, null, null, null, null);
}
