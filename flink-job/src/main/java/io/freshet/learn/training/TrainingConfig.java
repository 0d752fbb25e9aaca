package io.freshet.learn.training;

import io.freshet.config.Key;
import io.freshet.config.Settings;
import io.freshet.ingest.IngestConfig;
import io.freshet.ingest.LabelType;
import io.freshet.model.LearnerSettings;
import io.freshet.model.loss.BinaryCrossEntropy;
import io.freshet.model.loss.BinaryCrossEntropyWithLogits;
import io.freshet.model.loss.CrossEntropy;
import io.freshet.model.loss.Loss;
import io.freshet.model.loss.MiniBatchReduction;
import io.freshet.model.loss.NegativeLogLikelihood;
import io.freshet.model.loss.OutputWeights;
import io.freshet.model.mixture.Mixture;
import io.freshet.model.optim.LearningRateSchedule;
import io.freshet.model.optim.Sgd;
import java.math.BigDecimal;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.stream.Collectors;

/** What is learnt and how, as keys, and the learner's settings that follow from them. */
public final class TrainingConfig {
    /** What is minimised. */
    public enum LossType {
        CROSS_ENTROPY,
        NLL,
        BCE_WITH_LOGITS,
        BCE;

        boolean isBinary() {
            return this == BCE_WITH_LOGITS || this == BCE;
        }
    }

    public static final Key<Integer> MINI_BATCH_SIZE =
            Key.ofInt(
                    "mini-batch.size",
                    1,
                    1,
                    65_536,
                    "examples",
                    "The examples behind one SGD step; all are scored by the parameters before"
                            + " it. At 1 every event teaches at once, and costs no more for it.");
    public static final Key<Optional<Double>> LEARNING_RATE =
            Key.ofDoubleOr(
                    "auto",
                    "training.learning-rate",
                    "auto",
                    Double.MIN_VALUE,
                    Float.MAX_VALUE,
                    "The learning rate of SGD. Auto: those of training.experts.rates learn side by"
                            + " side, and predict as a mixture that follows the best of them.");
    public static final Key<List<Double>> EXPERTS_RATES =
            Key.ofDoubles(
                    "training.experts.rates",
                    join(Mixture.DEFAULT_RATES),
                    Double.MIN_VALUE,
                    Float.MAX_VALUE,
                    "The learning rates of the mixture.");
    public static final Key<List<Double>> EXPERTS_SHARES =
            Key.ofDoubles(
                    "training.experts.shares",
                    join(Mixture.DEFAULT_SWITCHING_RATES),
                    0,
                    Math.nextDown(1.0),
                    "What the mixture's weights share evenly after each example: how soon another"
                            + " rate takes over. At 0 the weights follow Bayes' rule. Several are"
                            + " mixed in their turn.");
    public static final Key<Boolean> EXPERTS_BASELINES =
            Key.ofBoolean(
                    "training.experts.baselines",
                    false,
                    "Whether two baselines that use no features, one that knows what followed the"
                            + " last label and one that knows the labels' frequencies, are in the"
                            + " mixture. They need each label before the next event.");
    public static final Key<Double> MOMENTUM =
            Key.ofDouble(
                    "training.momentum",
                    0,
                    0,
                    Math.nextDown(1.0),
                    "Momentum m, as PyTorch's: v = m v + gradient; parameters -= learning rate v.");
    public static final Key<Double> DAMPENING =
            Key.ofDouble(
                    "training.dampening",
                    0,
                    0,
                    1,
                    "Dampening d, as PyTorch's: v = m v + (1 - d) gradient.");
    public static final Key<Boolean> NESTEROV =
            Key.ofBoolean(
                    "training.nesterov",
                    false,
                    "Whether momentum is Nesterov's, as PyTorch's: parameters -= learning rate"
                            + " (gradient + m v).");
    public static final Key<Double> WEIGHT_DECAY =
            Key.ofDouble(
                    "training.weight-decay",
                    0,
                    0,
                    Float.MAX_VALUE,
                    "Weight decay, as PyTorch's: added to the gradient times the parameters, the"
                            + " bias included.");
    public static final Key<LearningRateSchedule.Kind> SCHEDULE =
            Key.ofEnum(
                    "training.schedule",
                    LearningRateSchedule.Kind.CONSTANT,
                    "How the learning rate falls with t steps taken. Step: by the factor"
                            + " training.schedule.decay every training.schedule.every steps."
                            + " Exponential: by that factor each step. Inverse time: rate /"
                            + " (1 + decay t).");
    public static final Key<Double> SCHEDULE_DECAY =
            Key.ofDouble(
                    "training.schedule.decay",
                    1,
                    0,
                    Float.MAX_VALUE,
                    "The schedule's factor; at most 1 but for inverse time.");
    public static final Key<Integer> SCHEDULE_EVERY =
            Key.ofInt(
                    "training.schedule.every",
                    1000,
                    1,
                    Integer.MAX_VALUE,
                    "steps",
                    "Steps between two falls of the schedule step.");
    public static final Key<LossType> LOSS =
            Key.ofEnum(
                    "training.loss",
                    LossType.CROSS_ENTROPY,
                    "What is minimised, with PyTorch's meaning. The bce losses have one yes or no"
                            + " per class, for label.type multi-label, or one for two classes.");
    public static final Key<List<Double>> CLASS_WEIGHTS =
            Key.ofDoubles(
                    "training.class-weights",
                    "",
                    0,
                    Float.MAX_VALUE,
                    "A weight per class in the loss. Empty: all 1.");
    public static final Key<List<Double>> POS_WEIGHT =
            Key.ofDoubles(
                    "training.pos-weight",
                    "",
                    0,
                    Float.MAX_VALUE,
                    "A weight per class of its positive part, for bce-with-logits; one for two"
                            + " classes. Empty: all 1.");
    public static final Key<Double> LABEL_SMOOTHING =
            Key.ofDouble(
                    "training.label-smoothing",
                    0,
                    0,
                    1,
                    "How much of each label is spread evenly over all classes, for cross-entropy.");
    public static final Key<MiniBatchReduction> REDUCTION =
            Key.ofEnum(
                    "training.reduction",
                    MiniBatchReduction.EXAMPLES,
                    "What the gradient's sum of weighted examples is divided by: the number of"
                            + " examples, or the sum of their weights as in PyTorch.");
    public static final Key<Integer> MAX_SKIPPED_STEPS =
            Key.ofInt(
                    "training.max-skipped-steps",
                    10,
                    1,
                    1_000_000,
                    "steps",
                    "How many steps in a row may be skipped because a number was not finite, before"
                            + " the parameters go back to the last good ones.");
    public static final Key<ScalerOption> SCALER_TYPE =
            Key.ofEnum(
                    "scaler.type",
                    ScalerOption.WELFORD,
                    "Online standardisation of the features to mean 0 and variance 1, or none.");

    /** The keys read here. */
    public static final List<Key<?>> KEYS =
            List.of(
                    MINI_BATCH_SIZE,
                    LEARNING_RATE,
                    EXPERTS_RATES,
                    EXPERTS_SHARES,
                    EXPERTS_BASELINES,
                    MOMENTUM,
                    DAMPENING,
                    NESTEROV,
                    WEIGHT_DECAY,
                    SCHEDULE,
                    SCHEDULE_DECAY,
                    SCHEDULE_EVERY,
                    LOSS,
                    CLASS_WEIGHTS,
                    POS_WEIGHT,
                    LABEL_SMOOTHING,
                    REDUCTION,
                    MAX_SKIPPED_STEPS,
                    SCALER_TYPE);

    private final Settings settings;
    private final IngestConfig ingest;
    private final LossType lossType;
    private boolean sound = true;

    private TrainingConfig(Settings settings, IngestConfig ingest) {
        this.settings = settings;
        this.ingest = ingest;
        this.lossType = settings.get(LOSS);
    }

    /** Reads the keys; problems are left in the settings. */
    public static LearnerSettings read(Settings settings, IngestConfig ingest) {
        TrainingConfig config = new TrainingConfig(settings, ingest);
        Loss loss = config.loss();
        Sgd sgd = config.sgd();
        Optional<Mixture> mixture = config.mixture();
        int classes = ingest.classes().size();
        try {
            return new LearnerSettings(
                    ingest.numFeatures(),
                    classes,
                    settings.get(MINI_BATCH_SIZE),
                    loss,
                    sgd,
                    mixture.orElse(null),
                    settings.get(REDUCTION),
                    settings.get(SCALER_TYPE).rule(),
                    settings.get(MAX_SKIPPED_STEPS));
        } catch (IllegalArgumentException e) {
            // What is left are sizes: everything else has been asked, and named by its key.
            settings.problem(
                    config.given(IngestConfig.NUM_FEATURES, ingest.numFeatures())
                            + ", "
                            + classes
                            + " classes, "
                            + config.given(MINI_BATCH_SIZE, settings.get(MINI_BATCH_SIZE))
                            + ": "
                            + e.getMessage());
            return new LearnerSettings(
                    1,
                    classes,
                    1,
                    new CrossEntropy(classes),
                    new Sgd(1, 0),
                    null,
                    MiniBatchReduction.EXAMPLES,
                    null,
                    1);
        }
    }

    private void problem(String problem) {
        settings.problem(problem);
        sound = false;
    }

    private String given(Key<?> key, Object value) {
        return key.name() + " = " + (value instanceof Enum<?> e ? Key.kebab(e) : value);
    }

    private Loss loss() {
        int classes = ingest.classes().size();
        LabelType labels = ingest.labelType();
        double smoothing = settings.get(LABEL_SMOOTHING);
        if (lossType.isBinary() != (labels == LabelType.MULTI_LABEL)
                && !(lossType.isBinary() && labels == LabelType.CLASS && classes == 2)) {
            problem(
                    given(LOSS, lossType)
                            + " with "
                            + given(IngestConfig.LABEL_TYPE, labels)
                            + (labels == LabelType.CLASS
                                    ? " takes two classes, but there are " + classes
                                    : ": the bce losses take multi-label, the others class or"
                                            + " probabilities"));
        }
        if (lossType == LossType.NLL && labels == LabelType.PROBABILITIES) {
            problem(
                    given(LOSS, lossType)
                            + " with "
                            + given(IngestConfig.LABEL_TYPE, labels)
                            + ": it takes class labels; cross-entropy takes both");
        }
        if (lossType.isBinary() && ingest.ignoreIndex() != null) {
            problem(
                    given(LOSS, lossType)
                            + " with "
                            + given(IngestConfig.LABEL_IGNORE_INDEX, ingest.ignoreIndex())
                            + ": the bce losses have no index to ignore");
        }
        if (smoothing > 0 && lossType != LossType.CROSS_ENTROPY) {
            problem(
                    given(LABEL_SMOOTHING, smoothing)
                            + " with "
                            + given(LOSS, lossType)
                            + ": only cross-entropy is smoothed");
        }
        int outputs = lossType.isBinary() && labels == LabelType.CLASS ? 1 : classes;
        OutputWeights weights = weights(CLASS_WEIGHTS, outputs);
        OutputWeights positive = weights(POS_WEIGHT, outputs);
        if (!positive.isNone() && lossType != LossType.BCE_WITH_LOGITS) {
            problem(
                    given(POS_WEIGHT, join(settings.get(POS_WEIGHT)))
                            + " with "
                            + given(LOSS, lossType)
                            + ": only bce-with-logits has it");
        }
        if (!sound) {
            return new CrossEntropy(classes);
        }
        return switch (lossType) {
            case CROSS_ENTROPY ->
                    new CrossEntropy(classes, weights, Loss.DEFAULT_IGNORE_INDEX, smoothing);
            case NLL -> new NegativeLogLikelihood(classes, weights, Loss.DEFAULT_IGNORE_INDEX);
            case BCE_WITH_LOGITS -> new BinaryCrossEntropyWithLogits(outputs, weights, positive);
            case BCE -> new BinaryCrossEntropy(outputs, weights);
        };
    }

    private OutputWeights weights(Key<List<Double>> key, int outputs) {
        List<Double> values = settings.get(key);
        if (values.isEmpty()) {
            return OutputWeights.NONE;
        }
        if (values.size() != outputs) {
            problem(
                    given(key, join(values))
                            + ": "
                            + outputs
                            + (outputs == 1 ? " is" : " are")
                            + " needed, one per output of the model");
            return OutputWeights.NONE;
        }
        return OutputWeights.of(values.stream().mapToDouble(value -> value).toArray());
    }

    private Sgd sgd() {
        double momentum = settings.get(MOMENTUM);
        double dampening = settings.get(DAMPENING);
        boolean nesterov = settings.get(NESTEROV);
        LearningRateSchedule.Kind kind = settings.get(SCHEDULE);
        double decay = settings.get(SCHEDULE_DECAY);
        boolean sgdSound = true;
        if (dampening > 0 && (momentum == 0 || nesterov)) {
            sgdSound = false;
            problem(
                    given(DAMPENING, dampening)
                            + " needs "
                            + MOMENTUM
                            + " above 0, and no "
                            + NESTEROV);
        }
        if (nesterov && momentum == 0) {
            sgdSound = false;
            problem(given(NESTEROV, true) + " needs " + MOMENTUM + " above 0");
        }
        if (decay > 1
                && (kind == LearningRateSchedule.Kind.STEP
                        || kind == LearningRateSchedule.Kind.EXPONENTIAL)) {
            sgdSound = false;
            problem(
                    given(SCHEDULE_DECAY, decay)
                            + " with "
                            + given(SCHEDULE, kind)
                            + ": the rate would rise; at most 1");
        }
        double rate = settings.get(LEARNING_RATE).orElse(1.0);
        // Under a mixture the optimiser is plain whatever the keys say: they have been refused.
        if (!sgdSound || settings.get(LEARNING_RATE).isEmpty()) {
            return new Sgd(rate, 0);
        }
        return new Sgd(
                new LearningRateSchedule(kind, rate, decay, settings.get(SCHEDULE_EVERY)),
                momentum,
                dampening,
                nesterov,
                settings.get(WEIGHT_DECAY));
    }

    private Optional<Mixture> mixture() {
        boolean auto = settings.get(LEARNING_RATE).isEmpty();
        boolean baselines = settings.get(EXPERTS_BASELINES);
        List<Double> rates = settings.get(EXPERTS_RATES);
        List<Double> shares = settings.get(EXPERTS_SHARES);
        if (!auto) {
            if (baselines) {
                problem(
                        given(EXPERTS_BASELINES, true)
                                + " needs "
                                + LEARNING_RATE
                                + " = auto: they are part of the mixture");
            }
            return Optional.empty();
        }
        refuseUnderAuto(MOMENTUM, settings.get(MOMENTUM) > 0);
        refuseUnderAuto(DAMPENING, settings.get(DAMPENING) > 0);
        refuseUnderAuto(NESTEROV, settings.get(NESTEROV));
        refuseUnderAuto(WEIGHT_DECAY, settings.get(WEIGHT_DECAY) > 0);
        refuseUnderAuto(SCHEDULE, settings.get(SCHEDULE) != LearningRateSchedule.Kind.CONSTANT);
        refuseUnderAuto(LOSS, lossType.isBinary());
        refuseRepeats(EXPERTS_RATES, rates);
        refuseRepeats(EXPERTS_SHARES, shares);
        return sound ? Optional.of(new Mixture(rates, shares, baselines)) : Optional.empty();
    }

    private void refuseRepeats(Key<?> key, List<Double> values) {
        if (values.isEmpty() || new HashSet<>(values).size() < values.size()) {
            problem(given(key, join(values)) + ": at least one is needed, and none twice");
        }
    }

    private void refuseUnderAuto(Key<?> key, boolean isSet) {
        if (isSet) {
            problem(
                    given(key, settings.get(key))
                            + " with "
                            + LEARNING_RATE
                            + " = auto: the mixture is of plain SGD on a softmax; give a learning"
                            + " rate");
        }
    }

    /** The configuration that shaped the parameters, by key. */
    public static Map<String, String> hyperParameters(LearnerSettings learner) {
        Map<String, String> values = new TreeMap<>();
        values.put(MINI_BATCH_SIZE.name(), Integer.toString(learner.miniBatchSize()));
        values.put(REDUCTION.name(), Key.kebab(learner.reduction()));
        values.put(SCALER_TYPE.name(), Key.kebab(ScalerOption.of(learner.scaler())));
        values.put(MAX_SKIPPED_STEPS.name(), Integer.toString(learner.patience()));
        putLoss(values, learner.loss());
        Mixture mixture = learner.mixture();
        if (mixture == null) {
            putSgd(values, (Sgd) learner.optimizer());
        } else {
            values.put(LEARNING_RATE.name(), "auto");
            values.put(EXPERTS_RATES.name(), join(mixture.rates()));
            values.put(EXPERTS_SHARES.name(), join(mixture.switchingRates()));
            values.put(EXPERTS_BASELINES.name(), Boolean.toString(mixture.baselines()));
        }
        return values;
    }

    private static void putSgd(Map<String, String> values, Sgd sgd) {
        LearningRateSchedule schedule = sgd.learningRate();
        values.put(LEARNING_RATE.name(), plain(schedule.initial()));
        values.put(SCHEDULE.name(), Key.kebab(schedule.kind()));
        values.put(SCHEDULE_DECAY.name(), plain(schedule.decay()));
        values.put(SCHEDULE_EVERY.name(), Integer.toString(schedule.every()));
        values.put(MOMENTUM.name(), plain(sgd.momentum()));
        values.put(DAMPENING.name(), plain(sgd.dampening()));
        values.put(NESTEROV.name(), Boolean.toString(sgd.nesterov()));
        values.put(WEIGHT_DECAY.name(), plain(sgd.weightDecay()));
    }

    private static void putLoss(Map<String, String> values, Loss loss) {
        LossType type;
        OutputWeights weights;
        if (loss instanceof CrossEntropy crossEntropy) {
            type = LossType.CROSS_ENTROPY;
            weights = crossEntropy.classWeights();
            values.put(LABEL_SMOOTHING.name(), plain(crossEntropy.labelSmoothing()));
        } else if (loss instanceof NegativeLogLikelihood nll) {
            type = LossType.NLL;
            weights = nll.classWeights();
        } else if (loss instanceof BinaryCrossEntropyWithLogits bce) {
            type = LossType.BCE_WITH_LOGITS;
            weights = bce.outputWeights();
            values.put(POS_WEIGHT.name(), join(bce.positiveWeights().toList()));
        } else {
            type = LossType.BCE;
            weights = ((BinaryCrossEntropy) loss).outputWeights();
        }
        values.put(LOSS.name(), Key.kebab(type));
        values.put(CLASS_WEIGHTS.name(), join(weights.toList()));
    }

    private static String join(List<Double> values) {
        return values.stream().map(TrainingConfig::plain).collect(Collectors.joining(","));
    }

    /** A number as people write it: 0.001 and 1, not 1.0E-3 and 1.0. */
    public static String plain(double value) {
        return new BigDecimal(Double.toString(value)).stripTrailingZeros().toPlainString();
    }
}
