package io.freshet.publish;

import io.freshet.model.LearnerSettings;
import io.freshet.model.ensemble.EnsembleParameters;
import io.freshet.model.ensemble.EnsembleRule;
import io.freshet.model.ensemble.EnsembleTraining;
import io.freshet.model.mixture.Mixture;
import org.jspecify.annotations.Nullable;

/** Numbers of an ensemble's values in the records of a snapshot. */
final class EnsembleSizes {
    private EnsembleSizes() {}

    /**
     * Returns the number of floats that take as much room as the small arrays of an ensemble; 0
     * without one.
     */
    static int numSmallValues(@Nullable EnsembleParameters ensemble) {
        if (ensemble == null) {
            return 0;
        }
        int doubles =
                ensemble.stack().length + ensemble.correction().length + ensemble.answers().length;
        EnsembleTraining training = ensemble.training();
        if (training != null) {
            doubles +=
                    training.mixture().length
                            + training.answers().length
                            + training.stackCovariance().length
                            + training.correctionCovariance().length;
        }
        return ensemble.testFeatures().length
                + ensemble.testThresholds().length
                + ensemble.labels().length
                + ensemble.featureWeights().length
                + ensemble.labelPredictions().length
                + 2 * doubles;
    }

    /** Returns the largest {@link #numSmallValues} of a learner's snapshots. */
    static int maxSmallValues(LearnerSettings learner) {
        EnsembleRule rule = learner.ensemble();
        Mixture mixture = learner.mixture();
        return rule == null || mixture == null
                ? 0
                : EnsembleParameters.WINDOW
                        + EnsembleParameters.numSmallFloats(
                                rule, learner.numFeatures(), learner.numClasses())
                        + 2
                                * EnsembleParameters.numDoubles(
                                        learner.numExperts(), mixture.switchingRates().size());
    }

    /**
     * Returns the largest number of parameters that a learner's snapshots have beside those of the
     * linear models.
     */
    static long maxParameters(LearnerSettings learner) {
        EnsembleRule rule = learner.ensemble();
        return rule == null
                ? 0
                : EnsembleParameters.maxLargeFloats(
                        rule, learner.numFeatures(), learner.numClasses());
    }
}
