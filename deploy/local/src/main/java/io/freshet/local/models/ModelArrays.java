package io.freshet.local.models;

import io.freshet.classifier.ModelContent;
import java.util.Arrays;

/**
 * Parameters of a model in the shapes of the exported files.
 *
 * @param columns of a sparse model, the features that have weights, ascending; else empty
 * @param scales of a sparse model with a scaler, the scale of each column; else empty
 * @param numRows number of features that have weights
 * @param weights (learning rates, numRows, numOutputs) row-major
 * @param bias (learning rates, numOutputs) row-major
 */
@SuppressWarnings("ArrayRecordComponent") // never compared
record ModelArrays(int[] columns, float[] scales, int numRows, float[] weights, float[] bias) {
    /**
     * Returns the parameters of linear models.
     *
     * @throws IllegalArgumentException if the model is an ensemble
     */
    static ModelArrays of(ModelContent content) {
        if (content.isEnsemble()) {
            throw new IllegalArgumentException(
                    "the model is an ensemble, of which only avro and onnx have all experts");
        }
        return content.isSparse() ? sparse(content) : dense(content);
    }

    private static ModelArrays dense(ModelContent content) {
        int outputs = content.numOutputs();
        int rows = content.info().numFeatures();
        float[] weights = new float[content.numRates() * rows * outputs];
        float[] bias = new float[content.numRates() * outputs];
        for (int rate = 0; rate < content.numRates(); rate++) {
            int from = rate * (rows + 1) * outputs;
            System.arraycopy(
                    content.parameters(), from, weights, rate * rows * outputs, rows * outputs);
            System.arraycopy(
                    content.parameters(), from + rows * outputs, bias, rate * outputs, outputs);
        }
        return new ModelArrays(new int[0], new float[0], rows, weights, bias);
    }

    /** The bias is the last column, unless it has no parameters. */
    private static ModelArrays sparse(ModelContent content) {
        int outputs = content.numOutputs();
        int rates = content.numRates();
        int all = content.columns().length;
        boolean hasBias = content.columns()[all - 1] == content.info().numFeatures();
        int rows = hasBias ? all - 1 : all;
        float[] weights = new float[rates * rows * outputs];
        float[] bias = new float[rates * outputs];
        for (int row = 0; row < all; row++) {
            for (int rate = 0; rate < rates; rate++) {
                boolean isBias = row == rows;
                System.arraycopy(
                        content.parameters(),
                        (row * rates + rate) * outputs,
                        isBias ? bias : weights,
                        (isBias ? rate : rate * rows + row) * outputs,
                        outputs);
            }
        }
        return new ModelArrays(
                Arrays.copyOf(content.columns(), rows),
                Arrays.copyOf(content.scales(), Math.min(content.scales().length, rows)),
                rows,
                weights,
                bias);
    }
}
