package io.freshet.model.scale;

import java.io.Serializable;

/**
 * The rule by which features are scaled online, immutable. Every rule standardises: a feature
 * becomes {@code (x − mean) / √variance} with a mean and a variance that follow the stream, and
 * exactly 0 where the variance is 0.
 */
public interface ScalerRule extends Serializable {
    /** Returns scratch memory for scalers of this rule. */
    Workspace newWorkspace(int numFeatures);

    /**
     * Returns the sum of the weights of the observed examples, by which {@link
     * ScalerState#squaredDeviations} are divided for the variance.
     *
     * @param count examples observed
     */
    double sumOfWeights(long count);

    /**
     * Returns the variance of each feature in a state, (numFeatures); 0 before the first example.
     */
    default double[] variance(ScalerState state) {
        double[] variance = new double[state.squaredDeviations().length];
        double sumOfWeights = sumOfWeights(state.count());
        for (int f = 0; f < variance.length; f++) {
            variance[f] = state.count() == 0 ? 0 : state.squaredDeviations()[f] / sumOfWeights;
        }
        return variance;
    }

    /** Scratch memory that scalers of one rule and size share, one block at a time. */
    interface Workspace {
        /**
         * Returns a scaler that uses this scratch memory.
         *
         * @param state initial state; copied
         */
        Scaler start(ScalerState state);
    }
}
