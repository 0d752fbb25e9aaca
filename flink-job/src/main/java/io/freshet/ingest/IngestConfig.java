package io.freshet.ingest;

import io.freshet.config.Key;
import io.freshet.config.Settings;
import java.io.Serializable;
import java.time.Duration;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.stream.IntStream;

/**
 * What ingest takes for an example, and how examples are packed.
 *
 * @param numFeatures features of an example, at least 1
 * @param classes class names by index, at least two, without repeats
 * @param blockSize messages after which a block is handed on, at least 1
 * @param blockMaxWait how long a message waits for its block to fill
 * @param allowedModels the models to learn; empty for any
 */
public record IngestConfig(
        int numFeatures,
        List<String> classes,
        int blockSize,
        Duration blockMaxWait,
        Set<String> allowedModels)
        implements Serializable {

    public static final Key<Integer> NUM_FEATURES =
            Key.requiredInt(
                    "num-features", 1, 1_000_000, "features", "How many features an example has.");
    public static final Key<List<String>> CLASSES =
            Key.requiredList(
                    "classes",
                    "The class names in the order of their indices, or how many classes there are:"
                            + " 3 is short for 0,1,2.");
    public static final Key<Integer> BLOCK_SIZE =
            Key.ofInt(
                    "block.size",
                    256,
                    1,
                    65_536,
                    "events",
                    "After how many events a block travels on. Execution only: it changes no"
                            + " result.");
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
            List.of(NUM_FEATURES, CLASSES, BLOCK_SIZE, BLOCK_MAX_WAIT, MODELS_ALLOWED);

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
                Set.copyOf(settings.get(MODELS_ALLOWED)));
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
