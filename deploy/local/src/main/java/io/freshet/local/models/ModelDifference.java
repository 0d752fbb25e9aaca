package io.freshet.local.models;

import io.freshet.classifier.ModelContent;
import io.freshet.local.cli.UserException;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.PriorityQueue;
import java.util.TreeMap;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;

/**
 * Differences between two snapshots of a model. Parameters of a feature or class that only one of
 * them has count as 0 in the other, as they do when a model gets a new one.
 *
 * @param first the one that the difference is from
 * @param second the one that it leads to
 * @param rates differences by learning rate, of those that both have
 * @param dominantRate learning rate with the largest weight in the second; NaN if not known
 * @param changes the largest changes of parameters of that learning rate, the largest first
 * @param settings hyper-parameters that differ
 * @param ensemble differences of what an ensemble has beside linear models; null for linear models
 */
public record ModelDifference(
        StoredSnapshot first,
        StoredSnapshot second,
        List<Rate> rates,
        double dominantRate,
        List<Change> changes,
        Map<String, Setting> settings,
        @Nullable EnsembleDifference ensemble) {
    /**
     * Difference of the parameters under one learning rate.
     *
     * @param learningRate NaN if it is not known
     * @param firstWeight weight in the first mixture
     * @param secondWeight weight in the second mixture
     * @param firstNorm Euclidean norm of the first parameters, bias included
     * @param secondNorm Euclidean norm of the second parameters
     * @param distance Euclidean norm of their difference
     */
    public record Rate(
            double learningRate,
            double firstWeight,
            double secondWeight,
            double firstNorm,
            double secondNorm,
            double distance) {}

    /**
     * Change of a parameter.
     *
     * @param feature index of the feature; the number of features for the bias
     * @param output name of the output's class
     * @param first value in the first
     * @param second value in the second
     */
    public record Change(int feature, String output, double first, double second) {
        double size() {
            return Math.abs(second - first);
        }
    }

    /**
     * Value of a hyper-parameter in both; empty where it is not there.
     *
     * @param first value in the first
     * @param second value in the second
     */
    public record Setting(String first, String second) {}

    /**
     * Compares two snapshots.
     *
     * @param numChanges largest number of changes of parameters
     * @throws UserException if only one of them is of an ensemble
     */
    public static ModelDifference of(StoredSnapshot first, StoredSnapshot second, int numChanges) {
        ModelContent a = first.content();
        ModelContent b = second.content();
        if (a.isEnsemble() != b.isEnsemble()) {
            throw new UserException(
                    (a.isEnsemble() ? first : second).classifier()
                            + " is an ensemble, and "
                            + (a.isEnsemble() ? second : first).classifier()
                            + " is linear; only models of the same kind can be compared");
        }
        List<Rate> rates = new ArrayList<>();
        for (int rate = 0; rate < b.numRates(); rate++) {
            int other = find(a, learningRate(b, rate));
            if (other >= 0) {
                rates.add(compare(a, other, b, rate));
            }
        }
        int dominant = 0;
        for (int rate = 1; rate < b.numRates(); rate++) {
            boolean isLarger = b.mixture()[rate] > b.mixture()[dominant];
            // An expert with learning rate 0 never changes.
            boolean learns = learningRate(b, rate) != 0;
            dominant = learns && (isLarger || learningRate(b, dominant) == 0) ? rate : dominant;
        }
        double dominantRate = learningRate(b, dominant);
        int inFirst = find(a, dominantRate);
        return new ModelDifference(
                first,
                second,
                rates,
                dominantRate,
                inFirst < 0 ? List.of() : changes(a, inFirst, b, dominant, numChanges),
                settings(a.info().hyperParameters(), b.info().hyperParameters()),
                EnsembleDifference.of(first, a, second, b));
    }

    private static double learningRate(ModelContent content, int rate) {
        return content.learningRates().length == 0 ? Double.NaN : content.learningRates()[rate];
    }

    private static int find(ModelContent content, double learningRate) {
        for (int rate = 0; rate < content.numRates(); rate++) {
            if (Double.compare(learningRate(content, rate), learningRate) == 0) {
                return rate;
            }
        }
        return -1;
    }

    private static Rate compare(ModelContent a, int rateA, ModelContent b, int rateB) {
        double squares = 0;
        double squaresA = 0;
        double squaresB = 0;
        for (float[] pair : pairs(a, rateA, b, rateB).values()) {
            int half = pair.length / 2;
            for (int c = 0; c < half; c++) {
                double difference = (double) pair[half + c] - pair[c];
                squares += difference * difference;
                squaresA += (double) pair[c] * pair[c];
                squaresB += (double) pair[half + c] * pair[half + c];
            }
        }
        return new Rate(
                learningRate(b, rateB),
                a.mixture()[rateA],
                b.mixture()[rateB],
                Math.sqrt(squaresA),
                Math.sqrt(squaresB),
                Math.sqrt(squares));
    }

    private static List<Change> changes(
            ModelContent a, int rateA, ModelContent b, int rateB, int numChanges) {
        PriorityQueue<Change> largest =
                new PriorityQueue<>(Comparator.comparingDouble(Change::size));
        pairs(a, rateA, b, rateB)
                .forEach(
                        (feature, pair) -> {
                            int half = pair.length / 2;
                            for (int c = 0; c < half; c++) {
                                if (pair[c] != pair[half + c]) {
                                    largest.add(
                                            new Change(
                                                    feature,
                                                    output(a, b, c),
                                                    pair[c],
                                                    pair[half + c]));
                                }
                                if (largest.size() > numChanges) {
                                    largest.remove();
                                }
                            }
                        });
        return largest.stream()
                .sorted(Comparator.comparingDouble(Change::size).reversed())
                .toList();
    }

    /** A single output is the probability of the second class. */
    private static String output(ModelContent a, ModelContent b, int output) {
        List<String> classes =
                (b.info().classes().size() >= a.info().classes().size() ? b : a).info().classes();
        return classes.get(b.numOutputs() == 1 ? classes.size() - 1 : output);
    }

    /**
     * Returns the parameters of both by feature, with the bias at the second's number of features:
     * those of the first for each output, then those of the second.
     */
    private static Map<Integer, float[]> pairs(
            ModelContent a, int rateA, ModelContent b, int rateB) {
        int outputs = Math.max(a.numOutputs(), b.numOutputs());
        int bias = Math.max(a.info().numFeatures(), b.info().numFeatures());
        Map<Integer, float[]> pairs = new HashMap<>();
        put(a, rateA, bias, pairs, 2 * outputs, 0);
        put(b, rateB, bias, pairs, 2 * outputs, outputs);
        return pairs;
    }

    private static void put(
            ModelContent content,
            int rate,
            int bias,
            Map<Integer, float[]> pairs,
            int length,
            int from) {
        int rows = content.isSparse() ? content.columns().length : content.info().numFeatures() + 1;
        for (int row = 0; row < rows; row++) {
            int column = content.isSparse() ? content.columns()[row] : row;
            float[] pair =
                    pairs.computeIfAbsent(
                            column == content.info().numFeatures() ? bias : column,
                            key -> new float[length]);
            for (int c = 0; c < content.numOutputs(); c++) {
                pair[from + c] = parameter(content, rate, row, c);
            }
        }
    }

    private static float parameter(ModelContent content, int rate, int row, int output) {
        return content.isSparse()
                ? content.parameters()[
                        (row * content.numRates() + rate) * content.numOutputs() + output]
                : content.parameter(rate, row, output);
    }

    private static Map<String, Setting> settings(
            Map<String, String> first, Map<String, String> second) {
        Map<String, Setting> settings = new TreeMap<>();
        TreeSet<String> keys = new TreeSet<>(first.keySet());
        keys.addAll(second.keySet());
        for (String key : keys) {
            String before = first.getOrDefault(key, "");
            String after = second.getOrDefault(key, "");
            if (!before.equals(after)) {
                settings.put(key, new Setting(before, after));
            }
        }
        return settings;
    }
}
