package io.freshet.local.driftbench;

import io.freshet.local.stream.LabelledStream;
import io.freshet.model.LearnerSettings;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.function.Function;

/**
 * Suite of streams of each family and kind, generated from one seed: one stationary stream, and
 * three of each kind of drift.
 */
public final class DriftSuite {
    private static final int STREAMS = 3;

    private DriftSuite() {}

    /**
     * Generates the streams of a seed.
     *
     * @param seed seed of the suite
     * @param settings function that returns the learner's settings for a stream of events
     */
    public static List<LossStream> streams(
            long seed, Function<LabelledStream, LearnerSettings> settings) {
        Random seeds = new Random(seed);
        List<LossStream> streams = new ArrayList<>();
        for (DriftKind kind : DriftKind.values()) {
            for (int k = 0; k < (kind == DriftKind.STATIONARY ? 1 : STREAMS); k++) {
                streams.add(DriftingLevels.errors(kind, seeds.nextLong()));
                streams.add(DriftingLevels.losses(kind, seeds.nextLong()));
                DriftingClasses events = new DriftingClasses(kind, seeds.nextLong());
                streams.add(
                        TestThenTrain.run(
                                events,
                                settings.apply(events),
                                "events",
                                kind,
                                events.plan().changes()));
            }
        }
        return streams;
    }
}
