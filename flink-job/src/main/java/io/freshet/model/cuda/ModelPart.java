package io.freshet.model.cuda;

/** A part of a model's state, which one stage of a block changes. */
enum ModelPart {
    /** Moments of the features, and what is known about outliers; see scaling.cu. */
    SCALER {
        @Override
        long words(LinearModel model) {
            return model.scaling() == null
                    ? 0
                    : 2L * (ScalerFields.COUNT * model.numFeatures() + 2);
        }
    },

    /** Parameters, (width, rates · outputs) row-major, then velocities in the same shape if any. */
    LINEAR {
        @Override
        long words(LinearModel model) {
            return (long) model.numParameters() * (model.hasVelocity() ? 2 : 1);
        }
    },

    /** Weights of the experts by switching rate, then weights of the switching rates. */
    MIXTURE {
        @Override
        long words(LinearModel model) {
            return 2L * model.numSwitchingRates() * (model.numExperts() + 1);
        }
    },

    /** Counts of the labels, and the newest label; see scores.cu. */
    BASELINES {
        @Override
        long words(LinearModel model) {
            long classes = model.numOutputs();
            return model.numExperts() == model.numRates()
                    ? 0
                    : (classes + 1) * classes + 1;
        }
    };

    /** Returns the size of the part in words of 4 bytes; 0 if the model does not have it. */
    abstract long words(LinearModel model);
}
