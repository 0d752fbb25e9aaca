package io.freshet.learn.training;

import io.freshet.config.Key;
import io.freshet.config.Settings;
import io.freshet.ingest.IngestConfig;
import io.freshet.model.ensemble.EnsembleRule;
import io.freshet.model.loss.Activation;
import org.jspecify.annotations.Nullable;

/** The kinds of learners that can be configured. */
public enum LearnerOption {
    /** Linear softmax models: one with a fixed learning rate, or a mixture over learning rates. */
    SOFTMAX,

    /** Linear models, random ferns and nearest examples, stacked: {@link EnsembleRule}. */
    ENSEMBLE;

    /** The key that selects the learner. */
    public static final Key<LearnerOption> TYPE =
            Key.ofEnum(
                    "learner.type",
                    SOFTMAX,
                    "Learner. Softmax: a linear softmax model, whose losses and steps are those of"
                        + " PyTorch, with one learning rate or a mixture of several. Ensemble:"
                        + " linear models, random ferns and the nearest of the last examples,"
                        + " combined by a softmax over their predictions, which learns what no"
                        + " plane separates and has nothing to tune, at about ten times the cost.");

    /**
     * Reads the rule of an ensemble. Problems are recorded in the settings.
     *
     * @return null for another learner, or if there was a problem
     */
    static @Nullable EnsembleRule ensemble(Settings settings, IngestConfig ingest) {
        if (settings.get(TYPE) != ENSEMBLE) {
            return null;
        }
        boolean isValid = true;
        if (settings.get(LearningRateConfig.LEARNING_RATE).isPresent()) {
            isValid = refuse(settings, LearningRateConfig.LEARNING_RATE, "its rates are fixed");
        }
        if (!settings.isDefault(LearningRateConfig.EXPERTS_RATES)) {
            isValid = refuse(settings, LearningRateConfig.EXPERTS_RATES, "its rates are fixed");
        }
        if (settings.get(LossOption.LOSS).activation() != Activation.SOFTMAX) {
            isValid = refuse(settings, LossOption.LOSS, "it needs a softmax loss");
        }
        boolean labelExperts = settings.get(LearningRateConfig.EXPERTS_BASELINES);
        return isValid ? new EnsembleRule(ingest.isSparse(), labelExperts) : null;
    }

    /** Records that a setting does not go with this learner, and returns false. */
    static boolean refuse(Settings settings, Key<?> key, String reason) {
        settings.problem(
                settings.assignment(key) + " with " + settings.assignment(TYPE) + ": " + reason);
        return false;
    }

    /** Returns the name of the learner that a state or its settings are of. */
    static String of(boolean isEnsemble) {
        return Key.kebab(isEnsemble ? ENSEMBLE : SOFTMAX);
    }
}
