package io.freshet.learn.training;

import io.freshet.config.Key;
import io.freshet.config.Settings;
import io.freshet.ingest.IngestConfig;
import io.freshet.model.LearnerSettings;
import io.freshet.model.LearnerState;
import io.freshet.model.ensemble.EnsembleRule;
import io.freshet.model.loss.Activation;
import io.freshet.model.loss.CrossEntropy;
import io.freshet.model.loss.Loss;
import io.freshet.model.loss.MiniBatchReduction;
import io.freshet.model.mixture.Mixture;
import io.freshet.model.optim.Optimizer;
import io.freshet.model.scale.ScalerRule;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * Configuration of training. Combines the learning rate, the optimiser, the loss and the scaler
 * into the settings of a learner.
 */
public final class TrainingConfig {
    private static final Key<Integer> MINI_BATCH_SIZE =
            Key.ofInt(
                    "mini-batch.size",
                    1,
                    1,
                    65_536,
                    "examples",
                    "Number of examples per step of the optimiser. All examples of a mini-batch are"
                        + " scored with the parameters before its step. With 1, the model takes a"
                        + " step after every example; sgd computes such steps in blocks, which"
                        + " takes at most about twice as long as one step for all of them.");
    private static final Key<MiniBatchReduction> REDUCTION =
            Key.ofEnum(
                    "training.reduction",
                    MiniBatchReduction.EXAMPLES,
                    "Divisor of the sum of a mini-batch's weighted gradients: the number of"
                            + " examples, or the sum of their weights as in PyTorch.");
    private static final Key<Integer> MAX_SKIPPED_STEPS =
            Key.ofInt(
                    "training.max-skipped-steps",
                    10,
                    1,
                    1_000_000,
                    "steps",
                    "Number of consecutive skipped steps after which the last good parameters are"
                        + " restored. A step is skipped if a loss, or the parameters or the"
                        + " optimiser's state after the step, are not finite; in a mixture, only if"
                        + " this holds for every learning rate.");

    /** The keys of training. */
    public static final List<Key<?>> KEYS =
            Stream.of(
                            List.of(LearnerOption.TYPE, MINI_BATCH_SIZE),
                            LearningRateConfig.KEYS,
                            OptimizerOption.KEYS,
                            LossOption.KEYS,
                            List.of(REDUCTION, MAX_SKIPPED_STEPS),
                            ScalerOption.KEYS)
                    .<Key<?>>flatMap(List::stream)
                    .toList();

    private TrainingConfig() {}

    /** Reads the keys. Problems are recorded in the settings. */
    public static LearnerSettings read(Settings settings, IngestConfig ingest) {
        int classes = ingest.numClasses();
        Loss loss = LossOption.read(settings, ingest);
        boolean isEnsemble = settings.get(LearnerOption.TYPE) == LearnerOption.ENSEMBLE;
        EnsembleRule ensemble = LearnerOption.ensemble(settings, ingest);
        Optimizer optimizer = isEnsemble ? OptimizerOption.plain(1.0) : optimizer(settings, ingest);
        ScalerRule scaler = ScalerOption.read(settings);
        if (isEnsemble && scaler == null && !ingest.isSparse()) {
            LearnerOption.refuseNoScaler(settings, ScalerOption.TYPE);
            ensemble = null;
        }
        Mixture mixture =
                isEnsemble
                        ? LearningRateConfig.mixture(settings, EnsembleRule.LINEAR_RATES, false)
                        : mixture(settings, ingest);
        try {
            return new LearnerSettings(
                    ingest.numFeatures(),
                    classes,
                    settings.get(MINI_BATCH_SIZE),
                    loss,
                    optimizer,
                    loss.activation() == Activation.SOFTMAX ? mixture : null,
                    settings.get(REDUCTION),
                    scaler,
                    settings.get(MAX_SKIPPED_STEPS),
                    ingest.isSparse(),
                    mixture == null ? null : ensemble);
        } catch (IllegalArgumentException e) {
            // Everything else has been checked above: the arrays are too large.
            settings.problem(
                    settings.assignment(IngestConfig.NUM_FEATURES)
                            + ", "
                            + classes
                            + " classes, "
                            + settings.assignment(MINI_BATCH_SIZE)
                            + ": "
                            + e.getMessage());
            return new LearnerSettings(
                    1,
                    classes,
                    1,
                    new CrossEntropy(classes),
                    OptimizerOption.plain(1),
                    null,
                    MiniBatchReduction.EXAMPLES,
                    null,
                    1,
                    ingest.isSparse());
        }
    }

    private static Optimizer optimizer(Settings settings, IngestConfig ingest) {
        double learningRate = settings.get(LearningRateConfig.LEARNING_RATE).orElse(1.0);
        Optimizer optimizer = OptimizerOption.read(settings, learningRate);
        if (ingest.isSparse() && optimizer.linearRule() == null) {
            settings.problem(
                    settings.assignment(OptimizerOption.OPTIMIZER)
                            + " with "
                            + settings.assignment(IngestConfig.ENCODING)
                            + ": sparse models are trained by sgd");
            return OptimizerOption.plain(learningRate);
        }
        return isAuto(settings) ? OptimizerOption.plain(learningRate) : optimizer;
    }

    private static boolean isAuto(Settings settings) {
        return settings.get(LearningRateConfig.LEARNING_RATE).isEmpty();
    }

    private static @Nullable Mixture mixture(Settings settings, IngestConfig ingest) {
        if (isAuto(settings)) {
            for (Key<?> key : OptimizerOption.keysRefusedUnderMixture(settings)) {
                if (!settings.isDefault(key)) {
                    refuseUnderAuto(settings, key);
                }
            }
            if (settings.get(LossOption.LOSS).activation() != Activation.SOFTMAX) {
                refuseUnderAuto(settings, LossOption.LOSS);
            }
        }
        return LearningRateConfig.mixture(settings, ingest);
    }

    private static void refuseUnderAuto(Settings settings, Key<?> key) {
        settings.problem(
                settings.assignment(key)
                        + " with "
                        + LearningRateConfig.LEARNING_RATE
                        + " = auto: the experts of the mixture use plain SGD and a softmax loss;"
                        + " set a learning rate");
    }

    /**
     * Compares a learner's saved state with the configured settings.
     *
     * @return the first difference, which names the key, the value in the state and the configured
     *     value, in words that follow "The state of model m"; empty if a learner can continue from
     *     the state
     */
    public static Optional<String> findMismatch(LearnerSettings learner, LearnerState saved) {
        return new SavedLearner(saved, learner).mismatch();
    }

    /** Returns the configuration that determined the parameters, by key. */
    public static Map<String, String> hyperParameters(LearnerSettings learner) {
        Map<String, String> values = new TreeMap<>();
        values.put(LearnerOption.TYPE.name(), LearnerOption.of(learner.ensemble() != null));
        values.put(MINI_BATCH_SIZE.name(), Key.text(learner.miniBatchSize()));
        values.put(REDUCTION.name(), Key.text(learner.reduction()));
        values.putAll(ScalerOption.hyperParameters(learner.scaler()));
        values.put(MAX_SKIPPED_STEPS.name(), Key.text(learner.maxSkippedSteps()));
        values.putAll(LossOption.hyperParameters(learner.loss()));
        values.putAll(LearningRateConfig.hyperParameters(learner));
        if (learner.mixture() == null) {
            values.putAll(OptimizerOption.hyperParameters(learner.optimizer()));
        }
        return values;
    }
}
