package io.freshet.model.contract;

import io.freshet.ensemble.SplitMix64;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * Reference implementation of the ensemble: loops in double precision, one example after the other,
 * as the formulas say it, on features that are standardised without a bound for outliers.
 */
public final class PlainEnsemble {
    private static final double[] RATES = {0.001, 0.01, 0.1, 1};
    private static final double[] SHARES = {1e-4, 1e-3, 1e-2, 1e-1};
    private static final double[] FERN_STEPS = {1, 3};
    private static final double[] FERN_FADES = {0.99, 1};

    /** Number of combinations of the experts. */
    static final int ANSWERS = 3;

    private static final int TESTS = 8;
    private static final int CELLS = 260;

    private final int features;
    private final int classes;
    private final boolean sparse;
    private final boolean labelExperts;
    private final int experts;

    private double count;
    private final double[] mean;
    private final double[] squares;

    private final double[][][] linear;

    private final int ferns;
    private final double[][][] tables;
    private final double[][] sums;

    private final List<double[]> sample = new ArrayList<>();
    private final List<Integer> sampleLabels = new ArrayList<>();
    private boolean hasChosenTests;
    private final int[] testFeatures;
    private final double[] testThresholds;

    private final List<double[]> points = new ArrayList<>();
    private final List<Integer> pointLabels = new ArrayList<>();
    private double[] featureWeights;
    private int refreshes;

    private final double[][] transitions;
    private final double[][] frequencies = new double[2][];
    private int lastLabel;

    private final Share mixture;
    private final Share top;
    private final Filter stack;
    private final Filter correction;

    /** Predictions for one example, with what the update needs. */
    public static final class Said {
        double[] x = new double[0];

        /** (experts, numClasses) probabilities of each expert. */
        public double[][] experts = new double[0][];

        /**
         * (3, numClasses) probabilities of the mixture, of the stack, and of the stack on the
         * mixture.
         */
        public double[][] answers = new double[0][];

        /** (numClasses) probabilities of the answer. */
        public double[] answer = new double[0];

        int[] cells = new int[0];
        double[] point = new double[0];
    }

    /** Creates an ensemble of standardised features. */
    public PlainEnsemble(int features, int classes, boolean labelExperts) {
        this(features, classes, false, labelExperts);
    }

    /** Creates an ensemble, of unscaled features without ferns and distances if it is sparse. */
    public PlainEnsemble(int features, int classes, boolean sparse, boolean labelExperts) {
        this.sparse = sparse;
        this.features = features;
        this.classes = classes;
        this.labelExperts = labelExperts;
        experts = RATES.length + (sparse ? 0 : 4) + (labelExperts ? 3 : 0);
        mean = new double[features];
        squares = new double[features];
        linear = new double[RATES.length][classes][features + 1];
        ferns = Math.min(64, Math.max(16, 4096 / classes));
        testFeatures = new int[ferns * TESTS];
        testThresholds = new double[ferns * TESTS];
        for (int test = 0; test < testFeatures.length; test++) {
            long i = 16L * test;
            testFeatures[test] = (int) Long.remainderUnsigned(SplitMix64.output(i), features);
            testThresholds[test] = -6;
            for (int k = 1; k <= 12; k++) {
                testThresholds[test] += SplitMix64.uniform(i + k);
            }
        }
        tables = new double[2][ferns * CELLS][classes];
        sums = new double[2][ferns * CELLS];
        for (double[] of : sums) {
            Arrays.fill(of, 0.01);
        }
        featureWeights = new double[features];
        Arrays.fill(featureWeights, 1);
        transitions = new double[classes][classes];
        for (double[] row : transitions) {
            Arrays.fill(row, 0.1);
        }
        for (int k = 0; k < 2; k++) {
            frequencies[k] = new double[classes];
            Arrays.fill(frequencies[k], 0.1);
        }
        mixture = new Share(experts);
        top = new Share(ANSWERS);
        stack = new Filter(1e-4, 1.0 / experts);
        correction = new Filter(0, 0);
    }

    /** Keeps the tests that the ferns begin with, instead of choosing others. */
    void keepTests() {
        hasChosenTests = true;
    }

    /** Returns the number of experts. */
    int numExperts() {
        return experts;
    }

    /** Returns the parameters of the linear experts, (rates, numFeatures + 1, numClasses). */
    double[][][] parameters() {
        double[][][] parameters = new double[RATES.length][features + 1][classes];
        for (int r = 0; r < RATES.length; r++) {
            for (int c = 0; c < classes; c++) {
                for (int f = 0; f <= features; f++) {
                    parameters[r][f][c] = linear[r][c][f];
                }
            }
        }
        return parameters;
    }

    /** Returns an expert's weight in the stack. */
    public double stackWeight(int expert) {
        return stack.weights[expert];
    }

    /** Returns an expert's weight in the stack on top of the mixture. */
    public double correctionWeight(int expert) {
        return correction.weights[expert];
    }

    /** Returns the weight of the mixture, the stack or the stack on top of the mixture. */
    public double combinationWeight(int combination) {
        return top.mean(new double[][] {{1, 0, 0}, {0, 1, 0}, {0, 0, 1}})[combination];
    }

    /**
     * Predicts a mini-batch with the state before it, then learns from it.
     *
     * @param batch (numFeatures) each. Not modified.
     * @param labels classes. Not modified.
     * @param weights weights of the examples. Not modified.
     */
    public List<Said> learn(List<float[]> batch, int[] labels, double[] weights) {
        batch.forEach(this::observe);
        List<Said> said = new ArrayList<>();
        for (float[] example : batch) {
            said.add(predict(example));
        }
        double[][][] gradients = new double[RATES.length][classes][features + 1];
        for (int i = 0; i < batch.size(); i++) {
            addLinearSteps(said.get(i), labels[i], weights[i], batch.size(), gradients);
        }
        for (int r = 0; r < RATES.length; r++) {
            for (int c = 0; c < classes; c++) {
                for (int f = 0; f <= features; f++) {
                    linear[r][c][f] -= gradients[r][c][f];
                }
            }
        }
        for (int i = 0; i < batch.size(); i++) {
            update(said.get(i), labels[i], weights[i]);
        }
        return said;
    }

    private void observe(float[] example) {
        count++;
        for (int f = 0; f < features; f++) {
            double difference = example[f] - mean[f];
            mean[f] += difference / count;
            squares[f] += difference * (example[f] - mean[f]);
        }
    }

    /** Predicts an example; changes nothing but the weights of the features in distances. */
    public Said predict(float[] example) {
        Said said = new Said();
        said.x = new double[features + 1];
        for (int f = 0; f < features; f++) {
            double deviation = Math.sqrt(squares[f] / count);
            double standardised = deviation > 0 ? (example[f] - mean[f]) / deviation : 0;
            said.x[f] = sparse ? example[f] : standardised;
        }
        said.x[features] = 1;
        said.experts = new double[experts][];
        for (int r = 0; r < RATES.length; r++) {
            double[] logits = new double[classes];
            for (int c = 0; c < classes; c++) {
                for (int f = 0; f <= features; f++) {
                    logits[c] += linear[r][c][f] * said.x[f];
                }
            }
            said.experts[r] = softmax(logits);
        }
        if (!sparse) {
            if (points.size() / 32 > refreshes) {
                refreshes = points.size() / 32;
                refreshFeatureWeights();
                if (!hasChosenTests && sample.size() == 512) {
                    chooseTests();
                }
            }
            predictByFerns(said);
            predictByDistance(said);
        }
        if (labelExperts) {
            said.experts[experts - 3] = normalised(transitions[lastLabel]);
            said.experts[experts - 2] = normalised(frequencies[0]);
            said.experts[experts - 1] = normalised(frequencies[1]);
        }
        double[] mixed = mixture.mean(said.experts);
        double[] base = new double[classes];
        for (int c = 0; c < classes; c++) {
            base[c] = Math.max(Math.log(mixed[c]), -12);
        }
        said.answers =
                new double[][] {
                    mixed,
                    stack.predict(said.experts, new double[classes]),
                    correction.predict(said.experts, base)
                };
        said.answer = top.mean(said.answers);
        return said;
    }

    private void predictByFerns(Said said) {
        said.cells = new int[2 * ferns];
        for (int m = 0; m < ferns; m++) {
            int bits = 0;
            for (int i = TESTS * m; i < TESTS * (m + 1); i++) {
                bits = 2 * bits + (said.x[testFeatures[i]] > testThresholds[i] ? 1 : 0);
            }
            said.cells[2 * m] = CELLS * m + bits / 64;
            said.cells[2 * m + 1] = CELLS * m + 4 + bits;
        }
        for (int l = 0; l < 2; l++) {
            double[] logits = new double[classes];
            for (int cell : said.cells) {
                for (int c = 0; c < classes; c++) {
                    logits[c] += tables[l][cell][c];
                }
            }
            said.experts[4 + l] = softmax(logits);
        }
    }

    /** Chooses the tests by the first 512 examples, from which the ferns learn again. */
    private void chooseTests() {
        hasChosenTests = true;
        for (int test = 0; test < testFeatures.length; test++) {
            double least = Double.POSITIVE_INFINITY;
            for (int candidate = 0; candidate < 4; candidate++) {
                long output = (1L << 41) + 2L * (4 * test + candidate);
                int feature = (int) Long.remainderUnsigned(SplitMix64.output(output), features);
                int example = (int) Long.remainderUnsigned(SplitMix64.output(output + 1), 512);
                double threshold = sample.get(example)[feature];
                double entropy = entropy(feature, threshold);
                // Entropies of the same two sides are equal but for the order of additions.
                if (entropy < least - 1e-9) {
                    least = entropy;
                    testFeatures[test] = feature;
                    testThresholds[test] = threshold;
                }
            }
        }
        for (int l = 0; l < 2; l++) {
            for (double[] cell : tables[l]) {
                Arrays.fill(cell, 0);
            }
            Arrays.fill(sums[l], 0.01);
        }
        for (int i = 0; i < sample.size(); i++) {
            Said said = new Said();
            said.x = sample.get(i);
            said.experts = new double[experts][];
            predictByFerns(said);
            learnFerns(said, sampleLabels.get(i), 1);
        }
    }

    private double entropy(int feature, double threshold) {
        double[][] counts = new double[2][classes];
        for (int i = 0; i < sample.size(); i++) {
            counts[sample.get(i)[feature] > threshold ? 1 : 0][sampleLabels.get(i)]++;
        }
        double entropy = 0;
        for (double[] side : counts) {
            double total = Arrays.stream(side).sum();
            for (double count : side) {
                entropy -= count == 0 ? 0 : count * Math.log(count / total);
            }
        }
        return entropy;
    }

    private void predictByDistance(Said said) {
        double[] weighted = new double[features];
        for (int f = 0; f < features; f++) {
            weighted[f] = featureWeights[f] * said.x[f];
        }
        said.point = weighted;
        if (features > 64) {
            said.point = new double[64];
            for (int d = 0; d < 64; d++) {
                for (int f = 0; f < features; f++) {
                    boolean positive = SplitMix64.output((1L << 40) + (long) d * features + f) < 0;
                    said.point[d] += (positive ? 0.125 : -0.125) * weighted[f];
                }
            }
        }
        said.experts[6] = vote(said.point, 32);
        said.experts[7] = vote(said.point, 1024);
    }

    private void refreshFeatureWeights() {
        double[] spread = new double[features];
        double max = 0;
        for (int f = 0; f < features; f++) {
            double average = 0;
            for (int c = 0; c < classes; c++) {
                average += linear[1][c][f] / classes;
            }
            for (int c = 0; c < classes; c++) {
                spread[f] += Math.pow(linear[1][c][f] - average, 2);
            }
            spread[f] = Math.sqrt(spread[f]);
            max = Math.max(max, spread[f]);
        }
        for (int f = 0; f < features; f++) {
            featureWeights[f] = max > 0 ? Math.pow(0.2 + spread[f] / max, 3) : 1;
        }
    }

    private double[] vote(double[] point, int window) {
        double[] nearest = new double[classes];
        Arrays.fill(nearest, Double.POSITIVE_INFINITY);
        double min = Double.POSITIVE_INFINITY;
        for (int i = Math.max(0, points.size() - window); i < points.size(); i++) {
            double distance = 0;
            for (int d = 0; d < point.length; d++) {
                distance += Math.pow(point[d] - points.get(i)[d], 2);
            }
            int label = pointLabels.get(i);
            nearest[label] = Math.min(nearest[label], distance);
            min = Math.min(min, distance);
        }
        double floor = 1e-4 * features;
        double[] probabilities = new double[classes];
        double sum = 0.05;
        for (int c = 0; c < classes; c++) {
            double value = Double.isInfinite(nearest[c]) ? 0 : (min + floor) / (nearest[c] + floor);
            sum += value;
            probabilities[c] = value + 0.05 / classes;
        }
        for (int c = 0; c < classes; c++) {
            probabilities[c] /= sum;
        }
        return probabilities;
    }

    private void addLinearSteps(
            Said said, int label, double weight, int size, double[][][] gradients) {
        double norm = 0;
        for (double value : said.x) {
            norm += value * value;
        }
        for (int r = 0; r < RATES.length; r++) {
            double step = RATES[r] * weight / (1 + RATES[r] * weight * norm / 2) / size;
            for (int c = 0; c < classes; c++) {
                double gradient = said.experts[r][c] - (c == label ? 1 : 0);
                for (int f = 0; f <= features; f++) {
                    gradients[r][c][f] += step * gradient * said.x[f];
                }
            }
        }
    }

    private void update(Said said, int label, double weight) {
        top.update(said.answers, label, weight);
        mixture.update(said.experts, label, weight);
        stack.update(said.experts, said.answers[1], label, weight);
        correction.update(said.experts, said.answers[2], label, weight);
        if (!sparse) {
            learnFerns(said, label, weight);
            if (sample.size() < 512) {
                sample.add(said.x);
                sampleLabels.add(label);
            }
        }
        points.add(said.point);
        pointLabels.add(label);
        fade(transitions[lastLabel], label, 0.99);
        fade(frequencies[0], label, 0.999);
        fade(frequencies[1], label, 0.95);
        lastLabel = label;
    }

    private void learnFerns(Said said, int label, double weight) {
        for (int l = 0; l < 2; l++) {
            double[] gradient = said.experts[4 + l].clone();
            gradient[label]--;
            double squared = Arrays.stream(gradient).map(g -> g * g).sum();
            double total = 0;
            double[] steps = new double[said.cells.length];
            for (int i = 0; i < steps.length; i++) {
                int cell = said.cells[i];
                sums[l][cell] = Math.max(FERN_FADES[l] * sums[l][cell] + squared, 1e-10);
                steps[i] = weight * FERN_STEPS[l] / Math.sqrt(steps.length * sums[l][cell]);
                total += steps[i];
            }
            for (int i = 0; i < steps.length; i++) {
                for (int c = 0; c < classes; c++) {
                    tables[l][said.cells[i]][c] -= steps[i] / (1 + total / 2) * gradient[c];
                }
            }
        }
    }

    private static void fade(double[] counts, int label, double factor) {
        for (int c = 0; c < counts.length; c++) {
            counts[c] *= factor;
        }
        counts[label]++;
    }

    private static double[] normalised(double[] counts) {
        double sum = Arrays.stream(counts).sum();
        return Arrays.stream(counts).map(value -> value / sum).toArray();
    }

    private static double[] softmax(double[] logits) {
        double max = Arrays.stream(logits).max().orElseThrow();
        return normalised(Arrays.stream(logits).map(z -> Math.exp(z - max)).toArray());
    }

    /** Fixed-share mixture for several shares, which are mixed by the same rule. */
    private static final class Share {
        private final double[][] weights;
        private final double[] shares = new double[SHARES.length];

        Share(int experts) {
            weights = new double[SHARES.length][experts];
            for (double[] row : weights) {
                Arrays.fill(row, 1.0 / experts);
            }
            Arrays.fill(shares, 1.0 / SHARES.length);
        }

        double[] mean(double[][] predictions) {
            double[] mean = new double[predictions[0].length];
            for (int s = 0; s < SHARES.length; s++) {
                for (int e = 0; e < predictions.length; e++) {
                    for (int c = 0; c < mean.length; c++) {
                        mean[c] += shares[s] * weights[s][e] * predictions[e][c];
                    }
                }
            }
            return mean;
        }

        void update(double[][] predictions, int label, double weight) {
            double total = 0;
            for (int s = 0; s < SHARES.length; s++) {
                double sum = 0;
                for (int e = 0; e < predictions.length; e++) {
                    weights[s][e] *= Math.pow(predictions[e][label], weight);
                    sum += weights[s][e];
                }
                for (int e = 0; e < predictions.length; e++) {
                    weights[s][e] =
                            (1 - SHARES[s]) * weights[s][e] / sum + SHARES[s] / predictions.length;
                }
                shares[s] *= sum;
                total += shares[s];
            }
            for (int s = 0; s < SHARES.length; s++) {
                shares[s] = 0.999 * shares[s] / total + 0.001 / SHARES.length;
            }
        }
    }

    /** Kalman filter of the weights of a softmax over the experts' log-probabilities. */
    private final class Filter {
        private final double relaxation;
        private final double start;
        private final double[] weights = new double[experts];
        private final double[][] covariance = new double[experts][experts];

        Filter(double relaxation, double start) {
            this.relaxation = relaxation;
            this.start = start;
            Arrays.fill(weights, start);
            for (int e = 0; e < experts; e++) {
                covariance[e][e] = 0.1;
            }
        }

        private double log(double[][] predictions, int expert, int c) {
            return Math.max(Math.log(predictions[expert][c]), -9);
        }

        double[] predict(double[][] predictions, double[] base) {
            double[] logits = base.clone();
            for (int c = 0; c < classes; c++) {
                for (int e = 0; e < experts; e++) {
                    logits[c] += weights[e] * log(predictions, e, c);
                }
            }
            return softmax(logits);
        }

        void update(double[][] predictions, double[] q, int label, double weight) {
            double kept = 1 - relaxation;
            for (int i = 0; i < experts; i++) {
                for (int j = 0; j < experts; j++) {
                    covariance[i][j] *= kept * kept;
                }
                covariance[i][i] += (1 - kept * kept) * 0.1;
                weights[i] = start + kept * (weights[i] - start);
            }
            double[] average = new double[experts];
            for (int e = 0; e < experts; e++) {
                for (int c = 0; c < classes; c++) {
                    average[e] += q[c] * log(predictions, e, c);
                }
            }
            double factor = Math.min(10, weight);
            for (int c = 0; c < classes; c++) {
                double[] direction = new double[experts];
                for (int e = 0; e < experts; e++) {
                    direction[e] = log(predictions, e, c) - average[e];
                }
                double information = (q[c] > 0.01 ? q[c] / 2 : 0) + (c == label ? 0.25 : 0);
                addInformation(direction, factor * information);
            }
            double[] step = new double[experts];
            for (int i = 0; i < experts; i++) {
                for (int j = 0; j < experts; j++) {
                    step[i] += covariance[i][j] * (average[j] - log(predictions, j, label));
                }
            }
            for (int i = 0; i < experts; i++) {
                weights[i] -= factor * step[i];
            }
        }

        private void addInformation(double[] direction, double information) {
            double[] gain = new double[experts];
            double variance = 0;
            for (int i = 0; i < experts; i++) {
                for (int j = 0; j < experts; j++) {
                    gain[i] += covariance[i][j] * direction[j];
                }
                variance += gain[i] * direction[i];
            }
            for (int i = 0; i < experts; i++) {
                for (int j = 0; j < experts; j++) {
                    covariance[i][j] -=
                            information / (1 + information * variance) * gain[i] * gain[j];
                }
            }
        }
    }
}
