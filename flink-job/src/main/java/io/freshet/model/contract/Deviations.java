package io.freshet.model.contract;

import io.freshet.model.LearnerSettings;
import io.freshet.model.example.Evaluation.Outcome;
import java.util.ArrayList;
import java.util.List;
import java.util.function.IntToDoubleFunction;

/** Comparison of results with those of the reference. */
final class Deviations {
    /** Largest relative norm of a difference, if nothing else is said. */
    static final double TOLERANCE = 1e-5;

    private Deviations() {}

    /** Returns the deviations of all results of test-then-train. */
    static List<Deviation> ofResults(
            RecordedEvaluation actual, RecordedEvaluation expected, double allowed) {
        int size = expected.losses.length;
        List<Deviation> deviations = new ArrayList<>();
        int outcomes = 0;
        int versions = 0;
        for (int i = 0; i < size; i++) {
            outcomes += actual.outcomes[i] == expected.outcomes[i] ? 0 : 1;
            versions += actual.versions[i] == expected.versions[i] ? 0 : 1;
        }
        deviations.add(new Deviation("outcomes", outcomes, 0));
        deviations.add(new Deviation("versions", versions, 0));
        deviations.addAll(ofScores(actual, expected, allowed));
        return deviations;
    }

    /** Returns the deviations of the scores of the rows that were trained on or predicted. */
    static List<Deviation> ofScores(
            RecordedEvaluation actual, RecordedEvaluation expected, double allowed) {
        int size = expected.losses.length;
        int[] trained = rows(expected, Outcome.TRAINED);
        int[] predicted = rows(expected, Outcome.PREDICTED);
        List<Deviation> deviations = new ArrayList<>();
        deviations.add(
                of("losses", allowed, trained, i -> actual.losses[i], i -> expected.losses[i]));
        deviations.add(
                of(
                        "confidences",
                        allowed,
                        trained,
                        i -> actual.confidences[i],
                        i -> expected.confidences[i]));
        deviations.add(
                of(
                        "Brier scores",
                        allowed,
                        trained,
                        i -> actual.briers[i],
                        i -> expected.briers[i]));
        int classes = 0;
        int ranks = 0;
        for (int i = 0; i < size; i++) {
            double[] row = expected.probabilities[i];
            if (row != null && expected.outcomes[i] != Outcome.WEIGHTLESS) {
                int predictedClass = actual.predictedClasses[i];
                boolean isClass = predictedClass >= 0 && predictedClass < row.length;
                classes +=
                        isClass && expected.confidences[i] - row[predictedClass] <= 2 * allowed
                                ? 0
                                : 1;
                if (expected.outcomes[i] == Outcome.TRAINED) {
                    double label = expected.labelProbabilities[i];
                    ranks += isRank(actual.ranks[i], row, label, allowed) ? 0 : 1;
                }
            }
        }
        deviations.add(new Deviation("predicted classes", classes, 0));
        deviations.add(new Deviation("ranks", ranks, 0));
        if (predicted.length > 0) {
            deviations.add(ofProbabilities(actual, expected, predicted, allowed));
        }
        return deviations;
    }

    /** Returns whether a rank is right if probabilities may be wrong by the allowed error. */
    private static boolean isRank(int rank, double[] row, double label, double allowed) {
        int ahead = 0;
        int tied = -1;
        for (double probability : row) {
            if (probability > label + 2 * allowed) {
                ahead++;
            } else if (probability >= label - 2 * allowed) {
                tied++;
            }
        }
        return rank >= ahead && rank <= ahead + tied;
    }

    private static Deviation ofProbabilities(
            RecordedEvaluation actual, RecordedEvaluation expected, int[] rows, double allowed) {
        double difference = 0;
        double norm = 0;
        for (int i : rows) {
            double[] found = actual.probabilities[i];
            double[] row = expected.probabilities[i];
            if (found == null || row == null) {
                return new Deviation("probabilities", Double.NaN, allowed);
            }
            for (int c = 0; c < row.length; c++) {
                difference += square(found[c] - row[c]);
                norm += square(row[c]);
            }
        }
        return new Deviation("probabilities", relative(difference, norm), allowed);
    }

    private static int[] rows(RecordedEvaluation expected, Outcome outcome) {
        List<Integer> rows = new ArrayList<>();
        for (int i = 0; i < expected.outcomes.length; i++) {
            if (expected.outcomes[i] == outcome) {
                rows.add(i);
            }
        }
        return rows.stream().mapToInt(row -> row).toArray();
    }

    /**
     * Returns the deviation of parameters, or of velocities.
     *
     * @param actual (rates, numFeatures + 1, numOutputs), row-major
     */
    static Deviation ofParameters(
            String quantity,
            LearnerSettings settings,
            float[] actual,
            double[][][] expected,
            double allowed) {
        double difference = 0;
        double norm = 0;
        int at = 0;
        for (int rate = 0; rate < settings.numRates(); rate++) {
            for (double[] row : expected[rate]) {
                for (double value : row) {
                    difference += square(actual[at++] - value);
                    norm += square(value);
                }
            }
        }
        return new Deviation(quantity, relative(difference, norm), allowed);
    }

    /** Returns the deviation of an array. */
    static Deviation of(String quantity, double[] actual, double[] expected, double allowed) {
        int[] rows = new int[expected.length];
        for (int i = 0; i < rows.length; i++) {
            rows[i] = i;
        }
        return of(quantity, allowed, rows, i -> actual[i], i -> expected[i]);
    }

    private static Deviation of(
            String quantity,
            double allowed,
            int[] rows,
            IntToDoubleFunction actual,
            IntToDoubleFunction expected) {
        double difference = 0;
        double norm = 0;
        for (int i : rows) {
            difference += square(actual.applyAsDouble(i) - expected.applyAsDouble(i));
            norm += square(expected.applyAsDouble(i));
        }
        return new Deviation(quantity, relative(difference, norm), allowed);
    }

    /** Returns the deviation of values that must be equal bit for bit. */
    static Deviation ofBits(String quantity, float[] actual, float[] expected) {
        int different = Math.abs(actual.length - expected.length);
        for (int i = 0; i < Math.min(actual.length, expected.length); i++) {
            boolean isSame =
                    Float.floatToRawIntBits(actual[i]) == Float.floatToRawIntBits(expected[i]);
            different += isSame ? 0 : 1;
        }
        return new Deviation(quantity, different, 0);
    }

    private static double relative(double difference, double norm) {
        return difference == 0 ? 0 : Math.sqrt(difference / norm);
    }

    private static double square(double value) {
        return value * value;
    }
}
