package io.freshet.local.models;

import io.freshet.classifier.ModelContent;
import io.freshet.local.cli.UserException;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Linear model as a file of another program has it.
 *
 * @param numFeatures number of features
 * @param numOutputs number of logits
 * @param parameters (numFeatures + 1, numOutputs) row-major: the weights, with the bias in the last
 *     row; all are finite
 * @param activation function from logits to probabilities; null if the file does not have one
 * @param classes names of the classes; empty if the file does not have them
 * @param scaler moments of the features; null if the file does not have them
 */
@SuppressWarnings("ArrayRecordComponent") // never compared
record LinearModel(
        int numFeatures,
        int numOutputs,
        float[] parameters,
        @Nullable String activation,
        List<String> classes,
        ModelContent.@Nullable Scaler scaler) {
    /**
     * Puts weights and biases together.
     *
     * @param weights (numFeatures, numOutputs) row-major
     * @param bias (numOutputs)
     * @throws UserException if one of them is not a finite float
     */
    static float[] parameters(double[] weights, double[] bias) {
        float[] parameters = new float[Math.addExact(weights.length, bias.length)];
        for (int i = 0; i < weights.length; i++) {
            parameters[i] = finite(weights[i], "weight", i);
        }
        for (int i = 0; i < bias.length; i++) {
            parameters[weights.length + i] = finite(bias[i], "bias", i);
        }
        return parameters;
    }

    private static float finite(double value, String name, int index) {
        float single = (float) value;
        if (!Float.isFinite(single)) {
            throw new UserException(
                    "the " + name + " at index " + index + " is " + value + ", no finite float");
        }
        return single;
    }

    /** Returns the transpose of a matrix (rows, columns). */
    static double[] transposed(double[] matrix, int rows, int columns) {
        double[] transposed = new double[matrix.length];
        for (int r = 0; r < rows; r++) {
            for (int c = 0; c < columns; c++) {
                transposed[c * rows + r] = matrix[r * columns + c];
            }
        }
        return transposed;
    }
}
