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
 *
 * <p>Tallies that were saved with another k or other bins keep all of their examples, except in the
 * top-k hits and the bins: these begin anew, and their scores are not defined as long as they lack
 * more than a fraction of {@value #NEGLIGIBLE} of the examples.
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

    /** Numbers that a state has in addition if top-k hits or bins lack examples. */
    private static final int LACKING_LENGTH = 4;

    /** Fraction of the examples that top-k hits and bins may lack. */
    private static final double NEGLIGIBLE = 1e-6;

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

    /** Number of examples that the top-k hits lack. */
    private double unranked;

    /** Number of examples that the bins lack, and the sum of their confidences. */
    private double unbinned;

    private double unbinnedConfidence;

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
        unranked += others.unranked;
        unbinned += others.unbinned;
        unbinnedConfidence += others.unbinnedConfidence;
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
        unranked *= factor;
        unbinned *= factor;
        unbinnedConfidence *= factor;
    }

    /**
     * Returns counts, sums, k and examples lacking in a new array that {@link #restore} accepts.
     */
    double[] state() {
        boolean lacksExamples = unranked > 0 || unbinned > 0;
        int extra = lacksExamples ? LACKING_LENGTH : 0;
        double[] state = Arrays.copyOf(counts, counts.length + sums.length + extra + 1);
        System.arraycopy(sums, 0, state, counts.length, sums.length);
        state[state.length - 1] = topK;
        if (lacksExamples) {
            int at = counts.length + sums.length;
            state[at] = unranked;
            state[at + 1] = unbinned;
            state[at + 2] = unbinnedConfidence;
            state[at + 3] = bins;
        }
        return state;
    }

    /**
     * Returns saved tallies with classes added at the end, of which there are no examples.
     *
     * @param state as returned by {@link #state()}. Not modified.
     * @param before number of classes of the state
     * @param numClasses number of classes, at least as many
     */
    static double[] extended(double[] state, int before, int numClasses) {
        double[] extended = new double[state.length + 3 * (numClasses - before)];
        System.arraycopy(state, 0, extended, 0, FIRST_LABEL);
        for (int part = 0; part < 3; part++) {
            int from = FIRST_LABEL + part * before;
            System.arraycopy(state, from, extended, FIRST_LABEL + part * numClasses, before);
        }
        int from = FIRST_LABEL + 3 * before;
        int to = FIRST_LABEL + 3 * numClasses;
        System.arraycopy(state, from, extended, to, state.length - from);
        return extended;
    }

    /**
     * Restores saved tallies into these empty ones.
     *
     * @param state as returned by {@link #state()}, perhaps with another k or other bins. Not
     *     modified.
     * @throws StateMismatchException if it was saved with another number of classes
     */
    void restore(double[] state) {
        int savedBins = savedBins(state, numClasses);
        int savedCounts = firstBin + 2 * savedBins;
        System.arraycopy(state, 0, counts, 0, firstBin);
        System.arraycopy(state, savedCounts, sums, 0, FIRST_CONFIDENCE);
        int lacking = savedCounts + FIRST_CONFIDENCE + savedBins;
        if (state.length > lacking + 1) {
            unranked = state[lacking];
            unbinned = state[lacking + 1];
            unbinnedConfidence = state[lacking + 2];
        }
        if (savedTopK(state) != topK) {
            counts[TOP_K_HITS] = 0;
            unranked = counts[EXAMPLES];
        }
        int savedConfidences = savedCounts + FIRST_CONFIDENCE;
        if (savedBins == bins) {
            System.arraycopy(state, firstBin, counts, firstBin, 2 * bins);
            System.arraycopy(state, savedConfidences, sums, FIRST_CONFIDENCE, bins);
        } else {
            unbinned = counts[EXAMPLES];
            for (int b = 0; b < savedBins; b++) {
                unbinnedConfidence += state[savedConfidences + b];
            }
        }
    }

    /** Returns the k with which tallies were saved. */
    static int savedTopK(double[] state) {
        return (int) state[state.length - 1];
    }

    /**
     * Returns the number of bins with which tallies were saved. It follows from the length of the
     * state, which has three numbers per bin.
     *
     * @throws StateMismatchException if they were saved with another number of classes
     */
    static int savedBins(double[] state, int numClasses) {
        int withoutBins = FIRST_LABEL + 3 * numClasses + FIRST_CONFIDENCE + 1;
        int rest = state.length - withoutBins;
        int bins =
                rest % 3 == LACKING_LENGTH % 3
                        ? (int) state[state.length - 2]
                        : Math.floorDiv(rest, 3);
        if (bins < 1 || (rest != 3 * bins && rest != 3 * bins + LACKING_LENGTH)) {
            throw new StateMismatchException(
                    "The state of the metrics was saved with another number of classes than the"
                            + " configured "
                            + numClasses);
        }
        return bins;
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

    /**
     * Returns the fraction of examples whose label is among the k most probable classes; null if it
     * lacks examples.
     */
    @Nullable Double topKAccuracy() {
        return lacksTooMany(unranked) ? null : counts[TOP_K_HITS] / (examples() - unranked);
    }

    private boolean lacksTooMany(double lacking) {
        return lacking > NEGLIGIBLE * examples();
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

    /** Returns the sum of the examples' confidences. */
    double confidence() {
        double confidence = unbinnedConfidence;
        for (int b = 0; b < bins; b++) {
            confidence += sums[FIRST_CONFIDENCE + b];
        }
        return confidence;
    }

    /** Returns the expected calibration error; null if the bins lack examples. */
    @Nullable Double calibrationError() {
        if (lacksTooMany(unbinned)) {
            return null;
        }
        double distance = 0;
        for (int b = 0; b < bins; b++) {
            distance += Math.abs(counts[firstBinHit + b] - sums[FIRST_CONFIDENCE + b]);
        }
        return distance / (examples() - unbinned);
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
