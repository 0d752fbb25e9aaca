package io.freshet.model.scale;

import java.io.Serializable;

/**
 * The rule by which features are scaled online, immutable. Every rule standardises: a feature
 * becomes {@code (x − mean) / √variance} with a mean and a variance that follow the stream, and
 * exactly 0 where the variance is 0. Outliers may be clipped.
 */
public interface ScalerRule extends Serializable {
    /** Returns the number of standard deviations at which values are clipped; 0 for none. */
    double clip();

    /** Returns whether a NaN is a missing value, which is scaled to 0 and not observed. */
    boolean acceptsMissing();

    /** Returns the fraction of its weight that an example loses at each later one; 0 for none. */
    double lossPerExample();

    /** Returns scratch memory for scalers of this rule. */
    Workspace newWorkspace(int numFeatures);

    /**
     * Returns the largest magnitude of each scaled feature, (numFeatures), to which larger ones are
     * clipped; empty if none are clipped.
     *
     * @param state of a scaler of this rule. Not modified.
     */
    float[] limits(ScalerState state);

    /**
     * Checks a number of standard deviations at which outliers are clipped: 0 to clip none, else
     * finite and at least 1.
     */
    static void requireClip(double clip) {
        if (clip != 0 && !(clip >= 1 && clip <= Double.MAX_VALUE)) {
            throw new IllegalArgumentException(
                    "clip must be 0, or finite and at least 1, but is " + clip);
        }
    }

    /** Scratch memory that scalers of one rule and size share, one block at a time. */
    interface Workspace {
        /**
         * Returns a scaler that uses this scratch memory.
         *
         * @param state initial state, by this or another rule; copied
         */
        Scaler start(ScalerState state);
    }
}
