package io.freshet.monitor;

import io.freshet.learn.StateMismatchException;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * Counts and sums over examples, from which {@link Scores} follow.
 *
 * <p>Two tallies of different examples {@linkplain #add(Tallies) add up} to those of all of them.
 * An example may be counted any number of times: −1 takes it away again, and a factor that grows
 * from example to example makes older ones fade. The counts are whole numbers, exact up to 2⁵³, so
 * what is taken away leaves nothing behind; sums of losses and the like would leave their rounding.
 *
 * <p>With n examples, h of them right, and aₖ labels, pₖ predictions and hₖ hits of class k:
 *
 * <ul>
 *   <li>kappa (h/n − c) / (1 − c) with the agreement by chance c = Σₖ aₖ pₖ / n²; kappa-M and
 *       kappa-temporal likewise, with c the accuracy of the most frequent label so far and of
 *       repeating the previous label, which is asked from the second example on;
 *   <li>precision hₖ / pₖ, recall hₖ / aₖ, F1 2 hₖ / (aₖ + pₖ); balanced accuracy is the mean
 *       recall of the classes with aₖ &gt; 0;
 *   <li>Brier score (1/n) Σᵢ Σₖ (pᵢₖ − yᵢₖ)²;
 *   <li>expected calibration error Σ_b n_b/n · |h_b/n_b − c_b/n_b| over bins of equal width of the
 *       confidence, with c_b the sum of the confidences in bin b = ((b−1)/m, b/m].
 * </ul>
 *
 * <p>Sources: J. Cohen, <i>A coefficient of agreement for nominal scales</i> (1960); A. Bifet et
 * al., <i>Efficient online evaluation of big data stream classifiers</i> (2015), for kappa-M; I.
 * Žliobaitė et al., <i>Evaluation methods and decision theory for classification of streaming data
 * with temporal dependence</i> (2015); K. H. Brodersen et al., <i>The balanced accuracy and its
 * posterior distribution</i> (2010); G. W. Brier, <i>Verification of forecasts expressed in terms
 * of probability</i> (1950); C. Guo et al., <i>On calibration of modern neural networks</i> (2017).
 */
final class Tallies {
    private static final int EXAMPLES = 0;
    private static final int HITS = 1;
    private static final int NO_CHANGE_CASES = 2;
    private static final int NO_CHANGE_HITS = 3;
    private static final int MAJORITY_HITS = 4;
    private static final int TOP_K_HITS = 5;
    private static final int FIRST_LABEL = 6;

    private static final int WEIGHT = 0;
    private static final int WEIGHTED_LOSS = 1;
    private static final int BRIER = 2;
    private static final int FIRST_CONFIDENCE = 3;

    /** The object itself and the headers of its arrays. */
    private static final int OBJECTS = 80;

    private final int numClasses;
    private final int bins;
    private final int topK;
    private final int firstPrediction;
    private final int firstClassHit;
    private final int firstBin;
    private final int firstBinHit;

    /** Whole numbers as long as every example counts a whole number of times. */
    private final double[] counts;

    private final double[] sums;

    /** Bytes that one takes. */
    static long bytes(MonitorConfig config) {
        int bins = config.calibrationBins();
        long numbers = FIRST_LABEL + 3L * config.numClasses() + FIRST_CONFIDENCE + 3L * bins;
        return OBJECTS + Double.BYTES * numbers;
    }

    /** Tallies of nothing. */
    Tallies(MonitorConfig config) {
        numClasses = config.numClasses();
        bins = config.calibrationBins();
        topK = config.topK();
        firstPrediction = FIRST_LABEL + numClasses;
        firstClassHit = firstPrediction + numClasses;
        firstBin = firstClassHit + numClasses;
        firstBinHit = firstBin + bins;
        counts = new double[firstBinHit + bins];
        sums = new double[FIRST_CONFIDENCE + bins];
    }

    /** Adds an example so many times. */
    void add(ScoredExample example, double times) {
        int bin = bin(example.confidence());
        count(example, bin, times);
        sum(example, bin, times);
    }

    /** Adds an example to the counts so many times, and not to the sums. */
    void count(ScoredExample example, double times) {
        count(example, bin(example.confidence()), times);
    }

    private void count(ScoredExample example, int bin, double times) {
        int label = example.label();
        boolean hit = label == example.predictedClass();
        counts[EXAMPLES] += times;
        counts[FIRST_LABEL + label] += times;
        counts[firstPrediction + example.predictedClass()] += times;
        counts[firstBin + bin] += times;
        if (hit) {
            counts[HITS] += times;
            counts[firstClassHit + label] += times;
            counts[firstBinHit + bin] += times;
        }
        if (example.previousLabel() != ScoredExample.NONE) {
            counts[NO_CHANGE_CASES] += times;
        }
        if (label == example.previousLabel()) {
            counts[NO_CHANGE_HITS] += times;
        }
        if (label == example.majorityLabel()) {
            counts[MAJORITY_HITS] += times;
        }
        if (example.rank() < topK) {
            counts[TOP_K_HITS] += times;
        }
    }

    /** Adds an example to the sums so many times, and not to the counts. */
    void sum(ScoredExample example, double times) {
        sum(example, bin(example.confidence()), times);
    }

    private void sum(ScoredExample example, int bin, double times) {
        sums[WEIGHT] += times * example.weight();
        sums[WEIGHTED_LOSS] += times * example.weight() * example.loss();
        sums[BRIER] += times * example.brier();
        sums[FIRST_CONFIDENCE + bin] += times * example.confidence();
    }

    private int bin(float confidence) {
        return Math.max(0, Math.min(bins, (int) Math.ceil((double) confidence * bins)) - 1);
    }

    /**
     * Adds the examples of others.
     *
     * @param others of the same classes, bins and top k. Not modified.
     */
    void add(Tallies others) {
        addTo(counts, others.counts);
        addSums(others);
    }

    /** Adds the sums of others, and not their counts. */
    void addSums(Tallies others) {
        addTo(sums, others.sums);
    }

    private static void addTo(double[] values, double[] others) {
        for (int i = 0; i < values.length; i++) {
            values[i] += others[i];
        }
    }

    /** Forgets the sums, and keeps the counts. */
    void clearSums() {
        Arrays.fill(sums, 0);
    }

    /** Makes every example in here count so many times what it did. */
    void scale(double factor) {
        for (int i = 0; i < counts.length; i++) {
            counts[i] *= factor;
        }
        for (int i = 0; i < sums.length; i++) {
            sums[i] *= factor;
        }
    }

    /** Everything, in a new array, to go on from. */
    double[] memory() {
        double[] memory = Arrays.copyOf(counts, counts.length + sums.length + 1);
        System.arraycopy(sums, 0, memory, counts.length, sums.length);
        memory[memory.length - 1] = topK;
        return memory;
    }

    /**
     * Goes on from where others were saved.
     *
     * @param memory as {@link #memory()} gave it. Not modified.
     */
    void restore(double[] memory) {
        int length = counts.length + sums.length + 1;
        if (memory.length != length || memory[length - 1] != topK) {
            throw new StateMismatchException(
                    "The state of the metrics was made with another "
                            + MonitorConfig.CALIBRATION_BINS
                            + " or "
                            + MonitorConfig.TOP_K
                            + ", which are "
                            + bins
                            + " and "
                            + topK);
        }
        System.arraycopy(memory, 0, counts, 0, counts.length);
        System.arraycopy(memory, counts.length, sums, 0, sums.length);
    }

    /** Examples whose label is a class. */
    double labels(int k) {
        return counts[FIRST_LABEL + k];
    }

    /** How a class fares. */
    ClassCounts ofClass(int k) {
        double labels = labels(k);
        double predictions = counts[firstPrediction + k];
        double hits = counts[firstClassHit + k];
        return new ClassCounts(
                (long) labels,
                (long) predictions,
                (long) hits,
                ratio(hits, predictions),
                ratio(hits, labels),
                ratio(2 * hits, labels + predictions));
    }

    /** The bins of confidence, the lowest first. */
    CalibrationBin[] calibration() {
        CalibrationBin[] calibration = new CalibrationBin[bins];
        for (int b = 0; b < bins; b++) {
            double examples = counts[firstBin + b];
            calibration[b] =
                    new CalibrationBin(
                            (double) b / bins,
                            (b + 1.0) / bins,
                            (long) examples,
                            ratio(sums[FIRST_CONFIDENCE + b], examples),
                            ratio(counts[firstBinHit + b], examples));
        }
        return calibration;
    }

    /**
     * The scores of the examples that are in.
     *
     * @param examples how many there are, however much each counts
     */
    Scores scores(long examples) {
        double n = counts[EXAMPLES];
        if (!(n > 0)) {
            return Scores.NONE;
        }
        double accuracy = counts[HITS] / n;
        double majorityAccuracy = counts[MAJORITY_HITS] / n;
        Double noChangeAccuracy = ratio(counts[NO_CHANGE_HITS], counts[NO_CHANGE_CASES]);
        double chance = 0;
        double recalls = 0;
        int classes = 0;
        for (int k = 0; k < numClasses; k++) {
            double labels = labels(k);
            chance += (labels / n) * (counts[firstPrediction + k] / n);
            if (labels > 0) {
                recalls += counts[firstClassHit + k] / labels;
                classes++;
            }
        }
        double confidence = 0;
        double distance = 0;
        for (int b = 0; b < bins; b++) {
            confidence += sums[FIRST_CONFIDENCE + b];
            distance += Math.abs(counts[firstBinHit + b] - sums[FIRST_CONFIDENCE + b]);
        }
        return new Scores(
                examples,
                sums[WEIGHT],
                sums[WEIGHTED_LOSS] / sums[WEIGHT],
                accuracy,
                noChangeAccuracy,
                majorityAccuracy,
                beyond(accuracy, chance),
                noChangeAccuracy == null ? null : beyond(accuracy, noChangeAccuracy),
                beyond(accuracy, majorityAccuracy),
                recalls / classes,
                counts[TOP_K_HITS] / n,
                sums[BRIER] / n,
                confidence / n,
                distance / n);
    }

    private static @Nullable Double ratio(double part, double whole) {
        return whole > 0 ? part / whole : null;
    }

    /** How much of the way from a reference to perfection; null if the reference is perfect. */
    private static @Nullable Double beyond(double accuracy, double reference) {
        return reference == 1 ? null : (accuracy - reference) / (1 - reference);
    }
}
