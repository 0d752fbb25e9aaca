package io.freshet.classifier;

import org.jspecify.annotations.Nullable;

/**
 * Parameters for all features, with their scaling.
 *
 * <p>Each feature's weights for all learning rates and outputs stand together, in double, so that
 * HotSpot vectorises the loop over them.
 */
final class DenseParameters extends Parameters {
    private static final int UNROLLED = 4;

    /** (numFeatures + 1) weights of each feature, (learning rates, numOutputs); then the biases. */
    private final double[][] weights;

    private final @Nullable Scaling scaling;

    /**
     * @param parameters one matrix per learning rate, (numFeatures + 1, numOutputs) row-major, with
     *     the bias in the last row. Not modified.
     * @param scaling null if features are used as they are
     */
    DenseParameters(
            int numFeatures,
            int numRates,
            int numOutputs,
            float[] parameters,
            @Nullable Scaling scaling) {
        super(numFeatures);
        this.scaling = scaling;
        weights = new double[numFeatures + 1][numRates * numOutputs];
        int at = 0;
        for (int rate = 0; rate < numRates; rate++) {
            for (int f = 0; f <= numFeatures; f++) {
                for (int c = 0; c < numOutputs; c++) {
                    weights[f][rate * numOutputs + c] = parameters[at++];
                }
            }
        }
    }

    @Override
    int numColumns() {
        return numFeatures();
    }

    @Override
    void logits(float[] features, int offset, double[] logits) {
        System.arraycopy(weights[numFeatures()], 0, logits, 0, logits.length);
        int f = 0;
        for (; f + UNROLLED <= numFeatures(); f += UNROLLED) {
            double a = scaled(f, features[offset + f]);
            double b = scaled(f + 1, features[offset + f + 1]);
            double c = scaled(f + 2, features[offset + f + 2]);
            double d = scaled(f + 3, features[offset + f + 3]);
            add(a, weights[f], b, weights[f + 1], c, weights[f + 2], d, weights[f + 3], logits);
        }
        for (; f < numFeatures(); f++) {
            add(scaled(f, features[offset + f]), weights[f], logits);
        }
    }

    private static void add(
            double factorA,
            double[] a,
            double factorB,
            double[] b,
            double factorC,
            double[] c,
            double factorD,
            double[] d,
            double[] logits) {
        for (int k = 0; k < logits.length; k++) {
            logits[k] += factorA * a[k] + factorB * b[k] + factorC * c[k] + factorD * d[k];
        }
    }

    private double scaled(int feature, float value) {
        return scaling == null ? value : scaling.scale(feature, value);
    }

    @Override
    void logits(int[] columns, float[] values, double[] logits) {
        logits(scatter(columns, values, numFeatures()), 0, logits);
    }

    /** Returns all features of an example with values for some of them, as above. */
    static float[] scatter(int[] columns, float[] values, int numFeatures) {
        float[] features = new float[numFeatures];
        for (int i = 0; i < columns.length; i++) {
            requireColumn(columns[i], numFeatures);
            features[columns[i]] += values[i];
        }
        return features;
    }
}
