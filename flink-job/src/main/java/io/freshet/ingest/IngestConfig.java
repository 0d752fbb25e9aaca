package io.freshet.ingest;

import io.freshet.config.Key;
import io.freshet.config.Settings;
import java.io.Serializable;
import java.time.Duration;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/**
 * Configuration of the decoding and validation of examples, and of their packing into blocks.
 *
 * @param numFeatures number of features of an example, at least 1
 * @param classes class names by index, at least two, without duplicates
 * @param blockSize number of events after which a block is emitted, at least 1
 * @param blockMaxWait maximum time for which an event waits for its block to fill
 * @param allowedModels ids of the models to train; empty for any
 * @param labelType kind of the labels
 * @param ignoreIndex class index of events to ignore, or null for none; must be null unless {@code
 *     labelType} is {@link LabelType#CLASS}
 * @param missing treatment of missing values
 */
public record IngestConfig(
        int numFeatures,
        List<String> classes,
        int blockSize,
        Duration blockMaxWait,
        Set<String> allowedModels,
        LabelType labelType,
        @Nullable Integer ignoreIndex,
        MissingValues missing)
        implements Serializable {

    public static final Key<Integer> NUM_FEATURES =
            Key.requiredInt(
                    "num-features", 1, 1_000_000, "features", "Number of features of an example.");
    public static final Key<List<String>> CLASSES =
            Key.requiredList(
                    "classes",
                    "Class names in the order of their indices, or the number of classes: 3 is"
                            + " short for 0,1,2.");
    public static final Key<LabelType> LABEL_TYPE =
            Key.ofEnum(
                    "label.type",
                    LabelType.CLASS,
                    "Kind of the labels: a single class; a probability for each class, with sum 1;"
                            + " or an independent value from 0 to 1 for each class. The last two"
                            + " are sent as one value per class; a class index or name means 1 for"
                            + " that class and 0 for the others.");
    public static final Key<Optional<Integer>> LABEL_IGNORE_INDEX =
            Key.ofOptionalInt(
                    "label.ignore-index",
                    "Class index of events that are ignored: counted, but not trained on."
                            + " PyTorch's convention is -100. Requires label.type = class.");
    public static final Key<MissingValues> MISSING =
            Key.ofEnum(
                    "features.missing",
                    MissingValues.DEAD_LETTER,
                    "Treatment of a feature that is NaN: the event is a dead letter; or the value"
                            + " is the feature's mean so far (0 after scaling), which the scaler"
                            + " does not observe; or it is 0 before scaling. An infinite feature"
                            + " is always a dead letter. The metrics count the missing values by"
                            + " feature.");
    public static final Key<Integer> BLOCK_SIZE =
            Key.ofInt(
                            "block.size",
                            256,
                            1,
                            65_536,
                            "events",
                            "Number of events after which a block is sent to the learner. Affects"
                                    + " performance only: results differ by rounding at most.")
                    .changeable();
    public static final Key<Duration> BLOCK_MAX_WAIT =
            Key.ofDuration(
                            "block.max-wait",
                            "200 ms",
                            Duration.ofMillis(1),
                            "Maximum time for which an event waits for its block to fill.")
                    .changeable();
    public static final Key<List<String>> MODELS_ALLOWED =
            Key.ofList(
                            "models.allowed",
                            "",
                            "Ids of the models to train; events for other models become dead"
                                    + " letters. Empty: any model.")
                    .changeable();

    /** The keys of this configuration. */
    public static final List<Key<?>> KEYS =
            List.of(
                    NUM_FEATURES,
                    CLASSES,
                    LABEL_TYPE,
                    LABEL_IGNORE_INDEX,
                    MISSING,
                    BLOCK_SIZE,
                    BLOCK_MAX_WAIT,
                    MODELS_ALLOWED);

    public IngestConfig {
        if (numFeatures < 1 || blockSize < 1 || classes.size() < 2) {
            throw new IllegalArgumentException(
                    "num-features "
                            + numFeatures
                            + ", block.size "
                            + blockSize
                            + ", classes "
                            + classes);
        }
        if (ignoreIndex != null && labelType != LabelType.CLASS) {
            throw new IllegalArgumentException(
                    "label.ignore-index " + ignoreIndex + ", label.type " + labelType);
        }
        classes = List.copyOf(classes);
        allowedModels = Set.copyOf(allowedModels);
    }

    /** Creates a configuration in which an event with a missing value is a dead letter. */
    public IngestConfig(
            int numFeatures,
            List<String> classes,
            int blockSize,
            Duration blockMaxWait,
            Set<String> allowedModels,
            LabelType labelType,
            @Nullable Integer ignoreIndex) {
        this(
                numFeatures,
                classes,
                blockSize,
                blockMaxWait,
                allowedModels,
                labelType,
                ignoreIndex,
                MissingValues.DEAD_LETTER);
    }

    /** Reads the configuration; adds problems to the settings. */
    public static IngestConfig from(Settings settings) {
        return new IngestConfig(
                settings.get(NUM_FEATURES),
                classes(settings),
                settings.get(BLOCK_SIZE),
                settings.get(BLOCK_MAX_WAIT),
                Set.copyOf(settings.get(MODELS_ALLOWED)),
                settings.get(LABEL_TYPE),
                ignoreIndex(settings),
                settings.get(MISSING));
    }

    /**
     * Returns the number of target values that a label has in addition to its class index: one per
     * class, or 0 if labels are single classes.
     */
    public int numTargets() {
        return labelType == LabelType.CLASS ? 0 : classes.size();
    }

    private static @Nullable Integer ignoreIndex(Settings settings) {
        Integer ignoreIndex = settings.get(LABEL_IGNORE_INDEX).orElse(null);
        LabelType labelType = settings.get(LABEL_TYPE);
        if (ignoreIndex != null && labelType != LabelType.CLASS) {
            settings.problem(
                    "label.ignore-index = "
                            + ignoreIndex
                            + " with label.type = "
                            + Key.kebab(labelType)
                            + ": can only be set if label.type is class");
            return null;
        }
        return ignoreIndex;
    }

    private static List<String> classes(Settings settings) {
        List<String> standIn = List.of("0", "1");
        List<String> given = settings.get(CLASSES);
        List<String> names = given;
        if (given.size() == 1 && given.get(0).matches("[0-9]{1,6}")) {
            names =
                    IntStream.range(0, Integer.parseInt(given.get(0)))
                            .mapToObj(Integer::toString)
                            .toList();
        }
        if (given.isEmpty()) {
            return standIn; // the settings have reported that the key is missing
        }
        if (names.size() < 2) {
            settings.problem(
                    "classes = " + String.join(",", given) + ": at least two classes are required");
            return standIn;
        }
        Set<String> seen = new HashSet<>();
        for (String name : names) {
            if (!seen.add(name)) {
                settings.problem("classes contains " + name + " twice");
                return standIn;
            }
        }
        return names;
    }
}
