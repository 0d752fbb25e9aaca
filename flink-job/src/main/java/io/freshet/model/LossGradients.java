package io.freshet.model;

import io.freshet.model.cuda.Gradient;
import io.freshet.model.example.Examples;
import io.freshet.model.loss.Activation;
import io.freshet.model.loss.Loss;
import java.util.Arrays;

/**
 * The gradient of a loss at the logits as a linear function of the probabilities {@code p}: {@code
 * a p − b} for each output, with {@code a = Σ b} for softmax.
 */
final class LossGradients {
    private static final double TOLERANCE = 1e-12;

    private final Loss loss;
    private final int numOutputs;
    private final double[] zeros;
    private final double[] ones;
    private final double[] atZeros;
    private final double[] atOnes;

    /** (numClasses) {@code w}, if the gradient for each class {@code y} is {@code w_y (p − y)}. */
    private final double[] labelWeights;

    /** (numClasses) factor of the reported loss in the training loss, for each such class. */
    private final double[] trainingWeights;

    private final boolean isOfLabel;

    LossGradients(Loss loss) {
        this.loss = loss;
        this.numOutputs = loss.numOutputs();
        this.zeros = new double[numOutputs];
        this.ones = new double[numOutputs];
        Arrays.fill(ones, 1);
        this.atZeros = new double[numOutputs];
        this.atOnes = new double[numOutputs];
        this.labelWeights = new double[loss.numClasses()];
        this.trainingWeights = new double[loss.numClasses()];
        this.isOfLabel = loss.activation() == Activation.SOFTMAX && findLabelWeights();
    }

    private boolean findLabelWeights() {
        boolean isLabels = true;
        double[] target = new double[numOutputs];
        for (int label = 0; label < numOutputs; label++) {
            loss.logitGradient(zeros, 0, label, -1, atZeros, 0);
            labelWeights[label] = atZeros[label];
            for (int c = 0; c < numOutputs; c++) {
                isLabels &= c == label || atZeros[c] == 0;
            }
            Arrays.fill(target, 0);
            target[label] = 1;
            trainingWeights[label] = loss.trainingLoss(zeros, 0, 1, target);
        }
        return isLabels;
    }

    /** Returns whether the gradient is such a function, for each class as target. */
    boolean isLinear() {
        double[] probabilities = new double[numOutputs];
        double sum = 0;
        for (int c = 0; c < numOutputs; c++) {
            probabilities[c] = 1.0 / (c + 2);
            sum += probabilities[c];
        }
        boolean isSoftmax = loss.activation() == Activation.SOFTMAX;
        for (int c = 0; c < numOutputs && isSoftmax; c++) {
            probabilities[c] /= sum;
        }
        double[] found = new double[numOutputs];
        for (int label = 0; label < loss.numClasses(); label++) {
            loss.logitGradient(probabilities, 0, label, 1, found, 0);
            write(label);
            double slope = Arrays.stream(atZeros).sum();
            for (int c = 0; c < numOutputs; c++) {
                double a = isSoftmax ? slope : slope(c);
                double expected = a * probabilities[c] - offset(c);
                if (!(Math.abs(found[c] - expected)
                        <= TOLERANCE * Math.max(1, Math.abs(expected)))) {
                    return false;
                }
            }
        }
        return true;
    }

    /** Returns the form of the gradients of examples. */
    Gradient form(boolean hasTargets) {
        if (loss.activation() == Activation.SIGMOID) {
            return Gradient.OF_SIGMOID;
        }
        return isOfLabel && !hasTargets ? Gradient.OF_LABEL : Gradient.OF_TARGETS;
    }

    /** Returns {@code w_y} of a class. */
    double labelWeight(int label) {
        return labelWeights[label];
    }

    /** Returns the factor of the reported loss in the training loss of a class. */
    double trainingWeight(int label) {
        return trainingWeights[label];
    }

    /** Computes {@link #slope} and {@link #offset} of an example. */
    void select(Examples examples, int example) {
        int numTargets = examples.numTargets();
        if (numTargets == 0) {
            write(examples.labels()[example]);
            return;
        }
        int at = example * numTargets;
        loss.logitGradient(zeros, 0, examples.targets(), at, -1, atZeros, 0);
        loss.logitGradient(ones, 0, examples.targets(), at, 1, atOnes, 0);
    }

    private void write(int label) {
        loss.logitGradient(zeros, 0, label, -1, atZeros, 0);
        loss.logitGradient(ones, 0, label, 1, atOnes, 0);
    }

    /** Returns {@code a} of an output of the selected example, for sigmoid. */
    double slope(int output) {
        return atOnes[output] + atZeros[output];
    }

    /** Returns {@code b} of an output of the selected example. */
    double offset(int output) {
        return atZeros[output];
    }

    /** Returns the sum of {@code b} over the outputs of the selected example. */
    double sumOfOffsets() {
        double sum = 0;
        for (double offset : atZeros) {
            sum += offset;
        }
        return sum;
    }

    /** Returns the output with the largest {@code b} of the selected example. */
    int classOfLargestOffset() {
        int largest = 0;
        for (int c = 1; c < numOutputs; c++) {
            largest = atZeros[c] > atZeros[largest] ? c : largest;
        }
        return largest;
    }
}
