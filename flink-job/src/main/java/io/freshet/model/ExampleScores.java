package io.freshet.model;

import io.freshet.model.example.Evaluation;
import io.freshet.model.example.Examples;

/**
 * The scores of one example's probabilities against its label: predicted class, confidence, Brier
 * score and rank of the label.
 */
final class ExampleScores {
    private final int numClasses;

    ExampleScores(int numClasses) {
        this.numClasses = numClasses;
    }

    /**
     * Writes an example's loss and scores to an evaluation.
     *
     * @param order (numClasses) from {@code orderOffset} on, by which classes are ranked: a larger
     *     value means a more probable class. Not modified.
     * @param probabilities (numClasses) from {@code offset} on. Not modified.
     */
    void write(
            double loss,
            double[] order,
            int orderOffset,
            double[] probabilities,
            int offset,
            Examples examples,
            int example,
            Evaluation evaluation) {
        int label = examples.labels()[example];
        int predicted = Evaluation.argmax(order, orderOffset, numClasses);
        evaluation.score(
                example,
                loss,
                predicted,
                probabilities[offset + predicted],
                brier(probabilities, offset, examples, example),
                predicted == label ? 0 : rank(order, orderOffset, label));
    }

    private double brier(double[] probabilities, int offset, Examples examples, int example) {
        double brier = 0;
        if (examples.numTargets() == 0) {
            int label = examples.labels()[example];
            for (int c = 0; c < label; c++) {
                brier += probabilities[offset + c] * probabilities[offset + c];
            }
            for (int c = label + 1; c < numClasses; c++) {
                brier += probabilities[offset + c] * probabilities[offset + c];
            }
            double missed = 1 - probabilities[offset + label];
            return brier + missed * missed;
        }
        for (int c = 0; c < numClasses; c++) {
            double distance = probabilities[offset + c] - target(examples, example, c);
            brier += distance * distance;
        }
        return brier;
    }

    private double target(Examples examples, int example, int c) {
        int numTargets = examples.numTargets();
        double target = examples.targets()[example * numTargets + Math.min(c, numTargets - 1)];
        // A single output has one target, that of the second class.
        return numTargets < numClasses && c == 0 ? 1 - target : target;
    }

    /**
     * Returns the number of classes that rank before a label: those with a larger value, or with
     * the same value and a lower index.
     */
    private int rank(double[] values, int offset, int label) {
        double labelValue = values[offset + label];
        int rank = 0;
        for (int c = 0; c < label; c++) {
            rank += values[offset + c] >= labelValue ? 1 : 0;
        }
        for (int c = label + 1; c < numClasses; c++) {
            rank += values[offset + c] > labelValue ? 1 : 0;
        }
        return rank;
    }

    /**
     * Returns the log-likelihood of an example's label, or of its targets, under a prediction.
     *
     * @param probabilities (numClasses). Not modified.
     */
    static double logLikelihood(double[] probabilities, Examples examples, int example) {
        if (examples.numTargets() == 0) {
            return Math.log(probabilities[examples.labels()[example]]);
        }
        double sum = 0;
        int offset = example * examples.numTargets();
        for (int c = 0; c < probabilities.length; c++) {
            sum += examples.targets()[offset + c] * Math.log(probabilities[c]);
        }
        return sum;
    }
}
