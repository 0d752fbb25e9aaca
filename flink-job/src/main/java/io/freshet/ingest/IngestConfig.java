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
 * What ingest takes for an example, and how examples are packed.
 *
 * @param numFeatures features of an example, at least 1
 * @param classes class names by index, at least two, without repeats
 * @param blockSize messages after which a block is handed on, at least 1
 * @param blockMaxWait how long a message waits for its block to fill
 * @param allowedModels the models to learn; empty for any
 * @param labelType what a label says about the classes
 * @param ignoreIndex the class index of events that are ignored; null for none, as it must be
 *     unless labels are of one class
 */
public record IngestConfig(
        int numFeatures,
        List<String> classes,
        int blockSize,
        Duration blockMaxWait,
        Set<String> allowedModels,
        LabelType labelType,
        @Nullable Integer ignoreIndex)
        implements Serializable {

    public static final Key<Integer> NUM_FEATURES =
            Key.requiredInt(
                    "num-features", 1, 1_000_000, "features", "How many features an example has.");
    public static final Key<List<String>> CLASSES =
            Key.requiredList(
                    "classes",
                    "The class names in the order of their indices, or how many classes there are:"
                            + " 3 is short for 0,1,2.");
    public static final Key<LabelType> LABEL_TYPE =
            Key.ofEnum(
                    "label.type",
                    LabelType.CLASS,
                    "What a label says: which one class it is, a probability for each class (they"
                            + " sum to 1), or whether each class applies by itself (0 to 1 each)."
                            + " The last two come as one value per class; a class's index or name"
                            + " stands for 1 there and 0 elsewhere.");
    public static final Key<Optional<Integer>> LABEL_IGNORE_INDEX =
            Key.ofOptionalInt(
                    "label.ignore-index",
                    "Events whose class index this is are counted as ignored and change nothing;"
                            + " PyTorch's convention is -100. Only where label.type is class.");
    public static final Key<Integer> BLOCK_SIZE =
            Key.ofInt(
                    "block.size",
                    256,
                    1,
                    65_536,
                    "events",
                    "After how many events a block travels on. Execution only: it changes no"
                            + " result beyond rounding.");
    public static final Key<Duration> BLOCK_MAX_WAIT =
            Key.ofDuration(
                    "block.max-wait",
                    "200 ms",
                    Duration.ofMillis(1),
                    "How long an event waits for its block to fill.");
    public static final Key<List<String>> MODELS_ALLOWED =
            Key.ofList(
                    "models.allowed",
                    "",
                    "The model ids to learn; events of others become dead letters. Empty: any.");

    /** The keys read here. */
    public static final List<Key<?>> KEYS =
            List.of(
                    NUM_FEATURES,
                    CLASSES,
                    LABEL_TYPE,
                    LABEL_IGNORE_INDEX,
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

    /** Reads the keys; problems are left in the settings. */
    public static IngestConfig from(Settings settings) {
        return new IngestConfig(
                settings.get(NUM_FEATURES),
                classes(settings),
                settings.get(BLOCK_SIZE),
                settings.get(BLOCK_MAX_WAIT),
                Set.copyOf(settings.get(MODELS_ALLOWED)),
                settings.get(LABEL_TYPE),
                ignoreIndex(settings));
    }

    /** Values that a row's label has beside its class index: one per class, or 0. */
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
                            + ": only a label of one class has an index to ignore");
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
            return standIn; // missing: the settings have said so
        }
        if (names.size() < 2) {
            settings.problem("classes = " + String.join(",", given) + ": at least two are needed");
            return standIn;
        }
        Set<String> seen = new HashSet<>();
        for (String name : names) {
            if (!seen.add(name)) {
                settings.problem("classes names " + name + " twice");
                return standIn;
            }
        }
        return names;
    }
}
