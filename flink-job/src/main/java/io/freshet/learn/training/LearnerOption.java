package io.freshet.learn.training;

import io.freshet.config.Key;
import io.freshet.config.Settings;
import io.freshet.ingest.IngestConfig;
import io.freshet.ingest.LabelType;
import io.freshet.model.ensemble.EnsembleRule;
import io.freshet.model.loss.Activation;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/** The kinds of learners that can be configured. */
public enum LearnerOption {
    /** Linear softmax models: one with a fixed learning rate, or a mixture over learning rates. */
    SOFTMAX,

    /** Linear models, random ferns and nearest examples, stacked: {@link EnsembleRule}. */
    ENSEMBLE;

    private static final String OWN_STEPS = "its learning rates and steps cannot be set";

    /** The keys of learning rates and steps, which an ensemble has of its own. */
    private static final List<Key<?>> STEP_KEYS =
            Stream.concat(
                            Stream.of(
                                    LearningRateConfig.LEARNING_RATE,
                                    LearningRateConfig.EXPERTS_RATES),
                            OptimizerOption.KEYS.stream())
                    .toList();

    /** The key that selects the learner. */
    public static final Key<LearnerOption> TYPE =
            Key.ofEnum(
                            "learner.type",
                            ENSEMBLE,
                            "Learner. Ensemble: linear models, random ferns and the nearest of the"
                                + " last examples, combined by a softmax over their predictions,"
                                + " which learns what no plane separates and has nothing to tune."
                                + " It takes 9 microseconds an event on one core with 54 features"
                                + " and 7 classes, 14 with 512 and 10, and 3 to 7 MB a model with"
                                + " up to 10 classes. Softmax: a linear softmax model, whose losses"
                                + " and steps are those of PyTorch, with one learning rate or a"
                                + " mixture of several: 0.75 and 2.3 microseconds, and kilobytes a"
                                + " model; for more than some 80,000 events per second, for"
                                + " thousands of models, and for a loss, a learning rate or an"
                                + " optimiser of your own.")
                    .withFormerValue("softmax");

    /**
     * Reads the rule of an ensemble. Problems are recorded in the settings, one for all keys that
     * do not go with an ensemble for the same reason.
     *
     * @return null for another learner, or if there was a problem
     */
    static @Nullable EnsembleRule ensemble(Settings settings, IngestConfig ingest) {
        if (settings.get(TYPE) != ENSEMBLE) {
            return null;
        }
        boolean isSoftmaxLoss = settings.get(LossOption.LOSS).activation() == Activation.SOFTMAX;
        List<Key<?>> steps = changed(settings, STEP_KEYS);
        List<Key<?>> losses = new ArrayList<>();
        if (!isSoftmaxLoss) {
            losses.add(LossOption.LOSS);
        }
        if (settings.get(IngestConfig.LABEL_TYPE) == LabelType.MULTI_LABEL) {
            losses.add(IngestConfig.LABEL_TYPE);
        }
        boolean needsRate =
                settings.get(LearningRateConfig.LEARNING_RATE).isEmpty()
                        && (!losses.isEmpty()
                                || !List.of(LearningRateConfig.EXPERTS_RATES).containsAll(steps));
        refuse(settings, steps, OWN_STEPS, needsRate);
        refuse(
                settings,
                losses,
                "it needs a softmax loss, whose classes exclude each other",
                needsRate);
        return steps.isEmpty() && losses.isEmpty()
                ? new EnsembleRule(
                        ingest.isSparse(), settings.get(LearningRateConfig.EXPERTS_BASELINES))
                : null;
    }

    private static List<Key<?>> changed(Settings settings, List<Key<?>> keys) {
        List<Key<?>> changed = new ArrayList<>();
        for (Key<?> key : keys) {
            if (!settings.isDefault(key) && !isOwnRates(settings, key)) {
                changed.add(key);
            }
        }
        return changed;
    }

    /**
     * Returns whether a key is that of the rates, and has those of an ensemble, as in snapshots.
     */
    private static boolean isOwnRates(Settings settings, Key<?> key) {
        return key.equals(LearningRateConfig.EXPERTS_RATES)
                && settings.get(LearningRateConfig.EXPERTS_RATES)
                        .equals(Optional.of(EnsembleRule.LINEAR_RATES));
    }

    /**
     * Records a problem if the learner is an ensemble, whose steps a reaction to drift cannot
     * change; none if a learning rate is set, which is a problem already.
     *
     * @return whether the learner is an ensemble
     */
    public static boolean refuseChangeOfSteps(Settings settings, Key<?> key) {
        boolean isEnsemble = settings.get(TYPE) == ENSEMBLE;
        if (isEnsemble && settings.get(LearningRateConfig.LEARNING_RATE).isEmpty()) {
            refuse(settings, List.of(key), OWN_STEPS, true);
        }
        return isEnsemble;
    }

    /** Records that an ensemble needs a scaler, the key of which is given. */
    static void refuseNoScaler(Settings settings, Key<?> key) {
        refuse(settings, List.of(key), "it needs standardised features", false);
    }

    /** Records that settings do not go with an ensemble, and what to set for them. */
    private static void refuse(
            Settings settings, List<Key<?>> keys, String reason, boolean needsRate) {
        if (keys.isEmpty()) {
            return;
        }
        settings.problem(
                keys.stream().map(settings::assignment).collect(Collectors.joining(", "))
                        + " with "
                        + settings.assignment(TYPE)
                        + (settings.isGiven(TYPE) ? "" : ", the default")
                        + ": "
                        + reason
                        + "; set "
                        + TYPE
                        + " = "
                        + Key.kebab(SOFTMAX)
                        + (needsRate ? " and a " + LearningRateConfig.LEARNING_RATE : "")
                        + (keys.size() == 1 ? " for it" : " for them"));
    }

    /** Returns the name of the learner that a state or its settings are of. */
    static String of(boolean isEnsemble) {
        return Key.kebab(isEnsemble ? ENSEMBLE : SOFTMAX);
    }
}
