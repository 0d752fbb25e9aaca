package io.freshet.monitor;

import org.jspecify.annotations.Nullable;

/**
 * Sums over examples from which {@link Scores} follow. Examples can be added and, since everything
 * but the loss and the weight is whole numbers, taken away again.
 *
 * <p>With n examples, h of them right, and aₖ labels and pₖ predictions of class k, Cohen's kappa
 * is (h/n − c) / (1 − c) with the agreement by chance c = Σₖ aₖ pₖ / n². Kappa-temporal is (h/n −
 * m) / (1 − m) with m the accuracy of repeating the previous label, which is asked from the second
 * example on.
 *
 * <p>Sources: J. Cohen, <i>A coefficient of agreement for nominal scales</i> (1960); I. Žliobaitė
 * et al., <i>Evaluation methods and decision theory for classification of streaming data with
 * temporal dependence</i> (2015).
 */
final class Tallies {
    /** The label before the first one. */
    static final int NONE = -1;

    private final long[] labels;
    private final long[] predictions;
    private long examples;
    private long hits;
    private long noChangeCases;
    private long noChangeHits;
    private long majorityHits;

    Tallies(int numClasses) {
        this(new long[numClasses], new long[numClasses], new long[5]);
    }

    /**
     * Tallies that go on where others were saved.
     *
     * @param labels kept, and counted up in place
     * @param predictions kept, and counted up in place
     * @param sums as {@link #sums()} gave them. Not modified.
     */
    Tallies(long[] labels, long[] predictions, long[] sums) {
        this.labels = labels;
        this.predictions = predictions;
        examples = sums[0];
        hits = sums[1];
        noChangeCases = sums[2];
        noChangeHits = sums[3];
        majorityHits = sums[4];
    }

    /**
     * Adds an example, or takes one away again.
     *
     * @param previousLabel the label before, or {@link #NONE}
     * @param majorityLabel the most frequent label before
     * @param sign 1 or -1
     */
    void add(int label, int predictedClass, int previousLabel, int majorityLabel, int sign) {
        examples += sign;
        labels[label] += sign;
        predictions[predictedClass] += sign;
        if (label == predictedClass) {
            hits += sign;
        }
        if (previousLabel != NONE) {
            noChangeCases += sign;
        }
        if (label == previousLabel) {
            noChangeHits += sign;
        }
        if (label == majorityLabel) {
            majorityHits += sign;
        }
    }

    /** Examples by label, (numClasses); not a copy. */
    long[] labels() {
        return labels;
    }

    /** Examples by predicted class, (numClasses); not a copy. */
    long[] predictions() {
        return predictions;
    }

    /** The other sums, to save and go on from. */
    long[] sums() {
        return new long[] {examples, hits, noChangeCases, noChangeHits, majorityHits};
    }

    /**
     * The scores of the examples that are in.
     *
     * @param weight sum of their weights
     * @param weightedLoss sum of their losses times their weights, nats
     */
    Scores scores(double weight, double weightedLoss) {
        if (examples == 0) {
            return new Scores(0, 0, null, null, null, null, null, null);
        }
        double n = examples;
        double accuracy = hits / n;
        Double noChangeAccuracy = noChangeCases == 0 ? null : noChangeHits / (double) noChangeCases;
        double chance = 0;
        for (int k = 0; k < labels.length; k++) {
            chance += (labels[k] / n) * (predictions[k] / n);
        }
        return new Scores(
                examples,
                weight,
                weightedLoss / weight,
                accuracy,
                noChangeAccuracy,
                majorityHits / n,
                beyond(accuracy, chance),
                noChangeAccuracy == null ? null : beyond(accuracy, noChangeAccuracy));
    }

    /** How much of the way from a reference to perfection; null if the reference is perfect. */
    private static @Nullable Double beyond(double accuracy, double reference) {
        return reference == 1 ? null : (accuracy - reference) / (1 - reference);
    }
}
