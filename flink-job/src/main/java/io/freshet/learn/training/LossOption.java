package io.freshet.learn.training;

import io.freshet.config.Key;
import io.freshet.config.OptionKeys;
import io.freshet.config.Settings;
import io.freshet.ingest.IngestConfig;
import io.freshet.ingest.LabelType;
import io.freshet.model.loss.Activation;
import io.freshet.model.loss.BinaryCrossEntropy;
import io.freshet.model.loss.BinaryCrossEntropyWithLogits;
import io.freshet.model.loss.CrossEntropy;
import io.freshet.model.loss.Loss;
import io.freshet.model.loss.NegativeLogLikelihood;
import io.freshet.model.loss.OutputWeights;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * The losses that can be configured. A constant is the only place to add one: it declares the
 * labels that the loss accepts, its keys, each with the property that it sets, and its factory.
 */
@SuppressWarnings("ImmutableEnumChecker") // keys are complete once their constant is created
public enum LossOption {
    /** {@link CrossEntropy}. */
    CROSS_ENTROPY(
            CrossEntropy.class,
            Activation.SOFTMAX,
            List.of(LabelType.CLASS, LabelType.PROBABILITIES),
            keys -> {
                var weights =
                        keys.add(
                                SharedKeys.CLASS_WEIGHTS,
                                loss -> ClassWeights.of(loss.classWeights()));
                var smoothing =
                        keys.add(
                                Key.ofDouble(
                                        "training.label-smoothing",
                                        0,
                                        0,
                                        1,
                                        "Fraction of each label that is spread evenly over all"
                                                + " classes (label smoothing), for"
                                                + " cross-entropy."),
                                CrossEntropy::labelSmoothing);
                return reader ->
                        new CrossEntropy(
                                reader.numOutputs,
                                reader.classWeights(weights),
                                Loss.DEFAULT_IGNORE_INDEX,
                                reader.settings.get(smoothing));
            }),

    /** {@link NegativeLogLikelihood}. */
    NLL(
            NegativeLogLikelihood.class,
            Activation.SOFTMAX,
            List.of(LabelType.CLASS),
            keys -> {
                var weights =
                        keys.add(
                                SharedKeys.CLASS_WEIGHTS,
                                loss -> ClassWeights.of(loss.classWeights()));
                return reader ->
                        new NegativeLogLikelihood(
                                reader.numOutputs,
                                reader.classWeights(weights),
                                Loss.DEFAULT_IGNORE_INDEX);
            }),

    /** {@link BinaryCrossEntropyWithLogits}. */
    BCE_WITH_LOGITS(
            BinaryCrossEntropyWithLogits.class,
            Activation.SIGMOID,
            List.of(LabelType.MULTI_LABEL, LabelType.CLASS),
            keys -> {
                var weights =
                        keys.add(
                                SharedKeys.CLASS_WEIGHTS,
                                loss -> ClassWeights.of(loss.outputWeights()));
                var positiveWeights =
                        keys.add(
                                Key.ofDoubles(
                                                "training.pos-weight",
                                                "",
                                                0,
                                                Float.MAX_VALUE,
                                                "Weights of the positive labels, one per output of"
                                                        + " the model, for bce-with-logits. Empty:"
                                                        + " all 1.")
                                        .extensible(LossOption::isExtension),
                                loss -> loss.positiveWeights().toList());
                return reader ->
                        new BinaryCrossEntropyWithLogits(
                                reader.numOutputs,
                                reader.classWeights(weights),
                                reader.weights(positiveWeights));
            }),

    /** {@link BinaryCrossEntropy}. */
    BCE(
            BinaryCrossEntropy.class,
            Activation.SIGMOID,
            List.of(LabelType.MULTI_LABEL, LabelType.CLASS),
            keys -> {
                var weights =
                        keys.add(
                                SharedKeys.CLASS_WEIGHTS,
                                loss -> ClassWeights.of(loss.outputWeights()));
                return reader ->
                        new BinaryCrossEntropy(reader.numOutputs, reader.classWeights(weights));
            });

    /**
     * Keys that several losses share. In a class of their own, because an enum's static fields are
     * initialised only after its constants.
     */
    private static final class SharedKeys {
        private static final Key<ClassWeights> CLASS_WEIGHTS =
                Key.ofParsed(
                                "training.class-weights",
                                "",
                                ClassWeights.TYPE,
                                "Weights of the classes in the loss, one per output of the model,"
                                        + " or balanced: in inverse proportion to the frequency of"
                                        + " the class among the last 10,000 labels or so, with a"
                                        + " mean of 1 as in scikit-learn, but at most 50. Empty:"
                                        + " all 1.",
                                ClassWeights::parse)
                        .extensible(ClassWeights::isExtension);
    }

    /**
     * Value of the key for class weights: balanced, or a weight for each output, of which there may
     * be none.
     */
    private record ClassWeights(boolean balanced, List<Double> values) {
        private static final String BALANCED = "balanced";
        private static final Key<List<Double>> VALUES =
                Key.ofDoubles("values", "", 0, Float.MAX_VALUE, "");
        private static final String TYPE = BALANCED + ", or " + VALUES.type();

        static ClassWeights of(OutputWeights weights) {
            return new ClassWeights(weights.isBalanced(), weights.toList());
        }

        static ClassWeights parse(String text) {
            if (text.equals(BALANCED)) {
                return new ClassWeights(true, List.of());
            }
            try {
                return new ClassWeights(false, VALUES.parse(text));
            } catch (IllegalArgumentException e) {
                throw new IllegalArgumentException(TYPE, e);
            }
        }

        static boolean isExtension(ClassWeights saved, ClassWeights configured) {
            return saved.balanced == configured.balanced
                    && LossOption.isExtension(saved.values, configured.values);
        }

        @Override
        public String toString() {
            return balanced ? BALANCED : Key.text(values);
        }
    }

    /** The key that selects the loss. */
    static final Key<LossOption> LOSS =
            Key.ofEnum(
                    "training.loss",
                    CROSS_ENTROPY,
                    "Loss that training minimises, as PyTorch defines it. Values of label.type that"
                            + " each loss accepts: "
                            + Arrays.stream(values())
                                    .map(
                                            option ->
                                                    Key.kebab(option)
                                                            + ": "
                                                            + option.acceptedLabels())
                                    .collect(Collectors.joining("; "))
                            + ". The model has one output per class; for two classes of label.type"
                            + " class, "
                            + Key.phrase(
                                    Arrays.stream(values()).filter(LossOption::isBinary).toList())
                            + " have a single output.");

    /**
     * The keys that belong to individual losses, without duplicates. In reverse order of the
     * losses, which is the order in the published properties file.
     */
    private static final List<Key<?>> OWN_KEYS =
            OptionKeys.keysOf(
                    Arrays.stream(values())
                            .sorted(Comparator.reverseOrder())
                            .toArray(LossOption[]::new),
                    option -> option.keys);

    /** The key that selects the loss, and the losses' own keys. */
    static final List<Key<?>> KEYS = Stream.concat(Stream.of(LOSS), OWN_KEYS.stream()).toList();

    private final Activation activation;
    private final List<LabelType> labelTypes;
    private final OptionKeys<?> keys;
    private final Function<Reader, ? extends Loss> factory;

    /**
     * @param labelTypes labels that the loss accepts; with sigmoids, labels of one class only if
     *     there are two classes
     * @param definition declares the keys and returns the factory that reads them
     */
    <L extends Loss> LossOption(
            Class<L> type,
            Activation activation,
            List<LabelType> labelTypes,
            Function<OptionKeys<L>, Function<Reader, L>> definition) {
        this.activation = activation;
        this.labelTypes = labelTypes;
        OptionKeys<L> declared = new OptionKeys<>(type);
        this.factory = definition.apply(declared);
        this.keys = declared;
    }

    /**
     * Returns whether weights are others with something added at the end. Weights that are given
     * where there were none also change those of the outputs that there were.
     */
    private static boolean isExtension(List<Double> saved, List<Double> configured) {
        return saved.isEmpty() == configured.isEmpty() && Key.startsWith(saved, configured);
    }

    /** Returns the keys of this loss. */
    List<Key<?>> keys() {
        return keys.keys();
    }

    /** Returns the activation of the model's outputs under this loss. */
    Activation activation() {
        return activation;
    }

    /** Returns whether each output is a probability of its own, so that two classes need one. */
    private boolean isBinary() {
        return activation == Activation.SIGMOID;
    }

    /** Returns the accepted labels as a phrase. */
    private String acceptedLabels() {
        return labelTypes.stream()
                .map(
                        labels ->
                                isBinary() && labels == LabelType.CLASS
                                        ? "class with two classes"
                                        : Key.kebab(labels))
                .collect(Collectors.joining(" or "));
    }

    /**
     * Reads the loss. If it is invalid, records the problems in the settings and returns plain
     * cross-entropy.
     */
    static Loss read(Settings settings, IngestConfig ingest) {
        LossOption option = settings.get(LOSS);
        int classes = ingest.numClasses();
        List<String> problems = new ArrayList<>(option.labelProblems(settings, ingest));
        for (Key<?> key : OWN_KEYS) {
            if (!option.keys().contains(key) && !settings.isDefault(key)) {
                problems.add(
                        settings.assignment(key)
                                + " with "
                                + settings.assignment(LOSS)
                                + ": the key is for "
                                + Key.phrase(using(key))
                                + " only");
            }
        }
        boolean singleOutput = option.isBinary() && ingest.labelType() == LabelType.CLASS;
        Loss loss =
                option.factory.apply(
                        new Reader(
                                settings,
                                singleOutput ? 1 : classes,
                                ingest.labelType(),
                                ingest.classesAreOpen(),
                                problems));
        problems.forEach(settings::problem);
        return problems.isEmpty() ? loss : new CrossEntropy(classes);
    }

    private static List<LossOption> using(Key<?> key) {
        return Arrays.stream(values()).filter(option -> option.keys().contains(key)).toList();
    }

    private List<String> labelProblems(Settings settings, IngestConfig ingest) {
        LabelType labels = ingest.labelType();
        int classes = ingest.numClasses();
        String given =
                settings.assignment(LOSS) + " with " + settings.assignment(IngestConfig.LABEL_TYPE);
        List<String> problems = new ArrayList<>();
        if (!labelTypes.contains(labels)) {
            problems.add(
                    given
                            + ": the loss accepts "
                            + acceptedLabels()
                            + "; "
                            + Key.kebab(labels)
                            + " is accepted by "
                            + Key.phrase(
                                    Arrays.stream(values())
                                            .filter(option -> option.labelTypes.contains(labels))
                                            .toList()));
        } else if (isBinary() && ingest.classesAreOpen()) {
            problems.add(
                    settings.assignment(LOSS)
                            + " with "
                            + settings.assignment(IngestConfig.CLASSES)
                            + ": open classes need a softmax loss");
        } else if (isBinary() && labels == LabelType.CLASS && classes != 2) {
            problems.add(given + " needs two classes, but there are " + classes);
        }
        if (isBinary() && ingest.ignoreIndex() != null) {
            problems.add(
                    settings.assignment(LOSS)
                            + " with "
                            + settings.assignment(IngestConfig.LABEL_IGNORE_INDEX)
                            + ": the loss does not support an index to ignore");
        }
        return problems;
    }

    /** Returns a loss's name and its hyper-parameters, by key. */
    static Map<String, String> hyperParameters(Loss loss) {
        LossOption option = OptionKeys.optionOf(values(), candidate -> candidate.keys, loss);
        Map<String, String> values = option.keys.values(loss);
        values.put(LOSS.name(), Key.kebab(option));
        return values;
    }

    /** Reader of the keys of a loss for a model with a number of outputs; collects problems. */
    private static final class Reader {
        private final Settings settings;
        private final int numOutputs;
        private final LabelType labels;
        private final boolean classesAreOpen;
        private final List<String> problems;

        Reader(
                Settings settings,
                int numOutputs,
                LabelType labels,
                boolean classesAreOpen,
                List<String> problems) {
            this.settings = settings;
            this.numOutputs = numOutputs;
            this.labels = labels;
            this.classesAreOpen = classesAreOpen;
            this.problems = problems;
        }

        OutputWeights classWeights(Key<ClassWeights> key) {
            ClassWeights weights = settings.get(key);
            if (!weights.balanced()) {
                return weights(key, weights.values());
            }
            if (labels != LabelType.CLASS) {
                problems.add(
                        settings.assignment(key)
                                + " with "
                                + settings.assignment(IngestConfig.LABEL_TYPE)
                                + ": only labels of type "
                                + Key.kebab(LabelType.CLASS)
                                + " can be balanced");
                return OutputWeights.NONE;
            }
            return OutputWeights.BALANCED;
        }

        OutputWeights weights(Key<List<Double>> key) {
            return weights(key, settings.get(key));
        }

        private OutputWeights weights(Key<?> key, List<Double> values) {
            if (values.isEmpty()) {
                return OutputWeights.NONE;
            }
            if (classesAreOpen) {
                problems.add(
                        settings.assignment(key)
                                + " with "
                                + settings.assignment(IngestConfig.CLASSES)
                                + ": open classes have no weights but balanced ones");
                return OutputWeights.NONE;
            }
            if (values.size() != numOutputs) {
                problems.add(
                        settings.assignment(key)
                                + ": must have "
                                + numOutputs
                                + (numOutputs == 1 ? " value" : " values")
                                + ", one per output of the model");
                return OutputWeights.NONE;
            }
            return OutputWeights.of(values.stream().mapToDouble(value -> value).toArray());
        }
    }
}
