package io.freshet.monitor;

import io.freshet.learn.StateMismatchException;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * Counts and sums over examples, from which every {@link Score} can be computed.
 *
 * <p>{@linkplain #add(Tallies) Adding} the tallies of two disjoint sets of examples gives the
 * tallies of their union. An example can be added with any multiplicity: −1 removes it again, and a
 * multiplicity that grows from example to example makes older examples fade. Counts are whole
 * numbers, exact up to 2⁵³, so that removing an example leaves no rounding error; sums of losses
 * and confidences would leave one.
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

    /** Bytes of the object itself and the headers of its arrays. */
    private static final int OBJECT_BYTES = 80;

    private final int numClasses;
    private final int bins;
    private final int topK;
    private final int firstPrediction;
    private final int firstClassHit;
    private final int firstBin;
    private final int firstBinHit;

    /** Whole numbers as long as all multiplicities are. */
    private final double[] counts;

    private final double[] sums;

    /** Returns the memory of one object in bytes. */
    static long bytes(MonitorConfig config) {
        int bins = config.calibrationBins();
        long numbers = FIRST_LABEL + 3L * config.numClasses() + FIRST_CONFIDENCE + 3L * bins;
        return OBJECT_BYTES + Double.BYTES * numbers;
    }

    /** Creates tallies of no examples. */
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

    /** Adds an example with a multiplicity. */
    void add(ScoredExample example, double multiplicity) {
        int bin = bin(example.confidence());
        count(example, bin, multiplicity);
        sum(example, bin, multiplicity);
    }

    /** Adds an example with a multiplicity to the counts only. */
    void count(ScoredExample example, double multiplicity) {
        count(example, bin(example.confidence()), multiplicity);
    }

    private void count(ScoredExample example, int bin, double multiplicity) {
        int label = example.label();
        boolean hit = label == example.predictedClass();
        counts[EXAMPLES] += multiplicity;
        counts[FIRST_LABEL + label] += multiplicity;
        counts[firstPrediction + example.predictedClass()] += multiplicity;
        counts[firstBin + bin] += multiplicity;
        if (hit) {
            counts[HITS] += multiplicity;
            counts[firstClassHit + label] += multiplicity;
            counts[firstBinHit + bin] += multiplicity;
        }
        if (example.previousLabel() != ScoredExample.NONE) {
            counts[NO_CHANGE_CASES] += multiplicity;
        }
        if (label == example.previousLabel()) {
            counts[NO_CHANGE_HITS] += multiplicity;
        }
        if (label == example.majorityLabel()) {
            counts[MAJORITY_HITS] += multiplicity;
        }
        if (example.rank() < topK) {
            counts[TOP_K_HITS] += multiplicity;
        }
    }

    /** Adds an example with a multiplicity to the sums only. */
    void sum(ScoredExample example, double multiplicity) {
        sum(example, bin(example.confidence()), multiplicity);
    }

    private void sum(ScoredExample example, int bin, double multiplicity) {
        sums[WEIGHT] += multiplicity * example.weight();
        sums[WEIGHTED_LOSS] += multiplicity * example.weight() * example.loss();
        sums[BRIER] += multiplicity * example.brier();
        sums[FIRST_CONFIDENCE + bin] += multiplicity * example.confidence();
    }

    private int bin(float confidence) {
        return Math.max(0, Math.min(bins, (int) Math.ceil((double) confidence * bins)) - 1);
    }

    /**
     * Adds the examples of other tallies.
     *
     * @param others with the same number of classes, bins and top k. Not modified.
     */
    void add(Tallies others) {
        addTo(counts, others.counts);
        addSums(others);
    }

    /** Adds the sums of other tallies, without their counts. */
    void addSums(Tallies others) {
        addTo(sums, others.sums);
    }

    private static void addTo(double[] values, double[] others) {
        for (int i = 0; i < values.length; i++) {
            values[i] += others[i];
        }
    }

    /** Sets the sums to 0 and keeps the counts. */
    void clearSums() {
        Arrays.fill(sums, 0);
    }

    /** Multiplies the multiplicity of every example by a factor. */
    void scale(double factor) {
        for (int i = 0; i < counts.length; i++) {
            counts[i] *= factor;
        }
        for (int i = 0; i < sums.length; i++) {
            sums[i] *= factor;
        }
    }

    /** Returns counts, sums and k in a new array that {@link #restore} accepts. */
    double[] state() {
        double[] state = Arrays.copyOf(counts, counts.length + sums.length + 1);
        System.arraycopy(sums, 0, state, counts.length, sums.length);
        state[state.length - 1] = topK;
        return state;
    }

    /**
     * Restores saved tallies.
     *
     * @param state as returned by {@link #state()}. Not modified.
     * @throws StateMismatchException if it was saved with other classes, bins or top k
     */
    void restore(double[] state) {
        int length = counts.length + sums.length + 1;
        if (state.length != length || state[length - 1] != topK) {
            throw new StateMismatchException(
                    "The state of the metrics was saved with another "
                            + MonitorConfig.CALIBRATION_BINS
                            + " or "
                            + MonitorConfig.TOP_K
                            + " than the configured "
                            + bins
                            + " and "
                            + topK);
        }
        System.arraycopy(state, 0, counts, 0, counts.length);
        System.arraycopy(state, counts.length, sums, 0, sums.length);
    }

    /** Returns the number of examples. */
    double examples() {
        return counts[EXAMPLES];
    }

    /** Returns the number of examples whose predicted class is the label. */
    double hits() {
        return counts[HITS];
    }

    /** Returns the number of examples that have a previous label. */
    double noChangeCases() {
        return counts[NO_CHANGE_CASES];
    }

    /** Returns the number of examples whose label is the previous label. */
    double noChangeHits() {
        return counts[NO_CHANGE_HITS];
    }

    /** Returns the number of examples whose label was the most frequent one so far. */
    double majorityHits() {
        return counts[MAJORITY_HITS];
    }

    /** Returns the number of examples whose label is among the k most probable classes. */
    double topKHits() {
        return counts[TOP_K_HITS];
    }

    int numClasses() {
        return numClasses;
    }

    /** Returns the number of examples whose label is a class. */
    double labels(int k) {
        return counts[FIRST_LABEL + k];
    }

    /** Returns the number of examples whose predicted class is a class. */
    double predictions(int k) {
        return counts[firstPrediction + k];
    }

    /** Returns the number of examples whose label and predicted class are a class. */
    double classHits(int k) {
        return counts[firstClassHit + k];
    }

    /** Returns the sum of the examples' weights. */
    double weight() {
        return sums[WEIGHT];
    }

    /** Returns the sum of the examples' losses, each multiplied by the example's weight. */
    double weightedLoss() {
        return sums[WEIGHTED_LOSS];
    }

    /** Returns the sum of the examples' Brier scores. */
    double brier() {
        return sums[BRIER];
    }

    /** Returns the number of bins of the confidence. */
    int bins() {
        return bins;
    }

    /** Returns the number of examples in a bin whose predicted class is the label. */
    double binHits(int bin) {
        return counts[firstBinHit + bin];
    }

    /** Returns the sum of the confidences of the examples in a bin. */
    double binConfidence(int bin) {
        return sums[FIRST_CONFIDENCE + bin];
    }

    /** Returns the counts of a class, with precision, recall and F1. */
    ClassCounts ofClass(int k) {
        double labels = labels(k);
        double predictions = predictions(k);
        double hits = classHits(k);
        return new ClassCounts(
                (long) labels,
                (long) predictions,
                (long) hits,
                ratio(hits, predictions),
                ratio(hits, labels),
                ratio(2 * hits, labels + predictions));
    }

    /** Returns the bins of the confidence in ascending order. */
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

    /** Returns a ratio; null if the denominator is 0. */
    static @Nullable Double ratio(double part, double whole) {
        return whole > 0 ? part / whole : null;
    }
}
