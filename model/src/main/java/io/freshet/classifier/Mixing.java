package io.freshet.classifier;

import io.freshet.maths.Exponential;

/**
 * Weighted mean of the probabilities under each learning rate: {@code Σ weight activation(logits)}.
 * Immutable.
 */
final class Mixing {
    private final double[] weights;
    private final int numOutputs;
    private final boolean sigmoid;

    /**
     * @param weights (learning rates), which sum to 1. Kept.
     * @param numOutputs number of logits of each learning rate
     * @param sigmoid whether each output is a probability of its own, instead of softmax
     */
    Mixing(double[] weights, int numOutputs, boolean sigmoid) {
        this.weights = weights;
        this.numOutputs = numOutputs;
        this.sigmoid = sigmoid;
    }

    /** Returns the number of logits of an example. */
    int numLogits() {
        return weights.length * numOutputs;
    }

    /** Returns whether the probabilities of the classes are independent of each other. */
    boolean isIndependent() {
        return sigmoid && numOutputs > 1;
    }

    /**
     * Writes the probabilities of an example.
     *
     * @param logits (learning rates, numOutputs). Not modified.
     * @param exponentials another array, (learning rates, numOutputs). Modified.
     * @param mixed (numOutputs), or (2) for a single output. Modified.
     */
    void mix(double[] logits, double[] exponentials, double[] mixed) {
        for (int c = 0; c < numOutputs; c++) {
            mixed[c] = 0;
        }
        boolean safe = !sigmoid && Exponential.expAll(logits, 0, logits.length, exponentials);
        for (int rate = 0; rate < weights.length; rate++) {
            int at = rate * numOutputs;
            if (sigmoid) {
                for (int c = at; c < at + numOutputs; c++) {
                    exponentials[c] = sigmoid(logits[c]);
                }
                add(weights[rate], exponentials, at, mixed);
            } else {
                if (!safe) {
                    writeShifted(logits, at, exponentials);
                }
                double sum = 0;
                for (int c = at; c < at + numOutputs; c++) {
                    sum += exponentials[c];
                }
                add(weights[rate] / sum, exponentials, at, mixed);
            }
        }
        if (mixed.length > numOutputs) {
            mixed[1] = mixed[0];
            mixed[0] = 1 - mixed[1];
        }
    }

    private void add(double factor, double[] values, int from, double[] mixed) {
        for (int c = 0; c < numOutputs; c++) {
            mixed[c] += factor * values[from + c];
        }
    }

    /** Writes {@code exp(z − z_max)} for the logits of one learning rate. */
    private void writeShifted(double[] logits, int from, double[] exponentials) {
        double max = logits[from];
        for (int c = from; c < from + numOutputs; c++) {
            max = Math.max(max, logits[c]);
        }
        for (int c = from; c < from + numOutputs; c++) {
            exponentials[c] = Exponential.exp(logits[c] - max);
        }
    }

    private static double sigmoid(double logit) {
        double exponential = Exponential.exp(-Math.abs(logit));
        return (logit >= 0 ? 1 : exponential) / (1 + exponential);
    }
}
