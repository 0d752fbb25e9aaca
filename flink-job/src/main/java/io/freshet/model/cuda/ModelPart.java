package io.freshet.model.cuda;

import io.freshet.ensemble.Combination;
import io.freshet.ensemble.Projection;
import io.freshet.ensemble.WindowDistances;
import io.freshet.model.mixture.Mixture;

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
            return model.mixture() != null && model.mixture().baselines()
                    ? (classes + 1) * classes + 1
                    : 0;
        }
    },

    /** Cells of the ferns of an ensemble, by expert, and the number of restarts; see experts.cu. */
    FERNS {
        @Override
        long words(LinearModel model) {
            return model.ensemble() == null ? 0 : EnsembleSizes.floatsOfFerns(model.numOutputs());
        }
    },

    /** Features, then thresholds, of the tests of the ferns. */
    FERN_TESTS {
        @Override
        long words(LinearModel model) {
            return model.ensemble() == null ? 0 : 2L * EnsembleSizes.numTests(model.numOutputs());
        }
    },

    /**
     * Points of the window of nearest examples, (dimensions, window), by their place in the ring.
     */
    POINTS {
        @Override
        long words(LinearModel model) {
            return model.ensemble() == null
                    ? 0
                    : (long) Projection.dimensions(model.numFeatures()) * WindowDistances.WINDOW;
        }
    },

    /** Classes of the examples of the window. */
    POINT_CLASSES {
        @Override
        long words(LinearModel model) {
            return model.ensemble() == null ? 0 : WindowDistances.WINDOW;
        }
    },

    /** Weights of the features in distances. */
    FEATURE_WEIGHTS {
        @Override
        long words(LinearModel model) {
            return model.ensemble() == null ? 0 : model.numFeatures();
        }
    },

    /** Number of examples learnt, and at which the weights of the features change; two longs. */
    EXAMPLE_COUNTS {
        @Override
        long words(LinearModel model) {
            return model.ensemble() == null ? 0 : 4;
        }
    },

    /** Counts of the label experts, and the newest label; see experts.cu. */
    LABEL_COUNTS {
        @Override
        long words(LinearModel model) {
            long classes = model.numOutputs();
            return model.ensemble() == null || !model.ensemble().labels()
                    ? 0
                    : (classes + 2) * classes + 1;
        }
    },

    /** Weights and covariances of the stacks, and the number of restarts; see combination.cu. */
    STACKS {
        @Override
        long words(LinearModel model) {
            long experts = model.numExperts();
            return model.ensemble() == null ? 0 : 2 * (2 * (experts + experts * experts) + 1);
        }
    },

    /** Weights of the mixture and the stacks in the answer, as those of the experts. */
    ANSWERS {
        @Override
        long words(LinearModel model) {
            return model.ensemble() == null
                    ? 0
                    : 2L * Mixture.DEFAULT_SWITCHING_RATES.size() * (Combination.ANSWERS + 1);
        }
    };

    /** Returns whether the part belongs to the parameters, or to the experts beside them. */
    boolean isOfParameters() {
        return this != SCALER && this != MIXTURE && this != BASELINES;
    }

    /** Returns the size of the part in words of 4 bytes; 0 if the model does not have it. */
    abstract long words(LinearModel model);
}
