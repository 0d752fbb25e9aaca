package io.freshet.monitor;

import io.freshet.config.Key;
import io.freshet.config.Settings;
import java.io.Serializable;
import java.time.Duration;
import java.util.List;

/**
 * What the metrics cover and how often they are told.
 *
 * @param numClasses classes of the models
 * @param windowSize examples that the rolling metrics cover
 * @param every examples of a model after which its metrics are told
 * @param maxInterval the longest that a change of a model's counts waits to be told
 * @param maxModels models that live at once in a subtask
 */
public record MonitorConfig(
        int numClasses, int windowSize, int every, Duration maxInterval, int maxModels)
        implements Serializable {

    public static final Key<Integer> WINDOW_SIZE =
            Key.ofInt(
                    "metrics.window-size",
                    1000,
                    1,
                    1_000_000,
                    "examples",
                    "How many of a model's latest examples the rolling metrics cover.");
    public static final Key<Integer> EVERY =
            Key.ofInt(
                    "metrics.every",
                    1000,
                    1,
                    1_000_000_000,
                    "examples",
                    "After how many examples of a model its metrics are told; they are also told"
                            + " at checkpoints.");
    public static final Key<Duration> MAX_INTERVAL =
            Key.ofDuration(
                    "metrics.max-interval",
                    "1 s",
                    Duration.ofMillis(1),
                    "The longest that a change of a model's counts waits to be told.");

    /** The keys read here. */
    public static final List<Key<?>> KEYS = List.of(WINDOW_SIZE, EVERY, MAX_INTERVAL);

    public MonitorConfig {
        if (numClasses < 2 || windowSize < 1 || every < 1 || maxModels < 1) {
            throw new IllegalArgumentException(
                    "numClasses "
                            + numClasses
                            + ", metrics.window-size "
                            + windowSize
                            + ", metrics.every "
                            + every
                            + ", models.max "
                            + maxModels);
        }
    }

    /** Reads the keys; problems are left in the settings. */
    public static MonitorConfig from(Settings settings, int numClasses, int maxModels) {
        return new MonitorConfig(
                numClasses,
                settings.get(WINDOW_SIZE),
                settings.get(EVERY),
                settings.get(MAX_INTERVAL),
                maxModels);
    }
}
