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
