package io.freshet.model.loss;

import org.jspecify.annotations.Nullable;

/**
 * Conversion of arrays from float to double, which is exact, and back, rounded to nearest.
 *
 * <p>Part of the public interface for parity with PyTorch, {@link BatchLoss}.
 */
public final class Floats {
    private Floats() {}

    /** Returns the values as doubles. */
    public static double[] widen(float[] values) {
        double[] widened = new double[values.length];
        for (int i = 0; i < values.length; i++) {
            widened[i] = values[i];
        }
        return widened;
    }

    /** Returns the weights as doubles, or null for none. */
    static double @Nullable [] widenWeights(float @Nullable [] weights) {
        return weights == null ? null : widen(weights);
    }

    /** Returns the values as floats. */
    public static float[] narrow(double[] values) {
        float[] narrowed = new float[values.length];
        for (int i = 0; i < values.length; i++) {
            narrowed[i] = (float) values[i];
        }
        return narrowed;
    }
}
