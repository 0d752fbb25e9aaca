package io.freshet.local;

import io.freshet.local.FaultyJob.Fault;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.EnumSet;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import org.junit.jupiter.api.RepeatedTest;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * Integration test that a job loses and repeats nothing through faults of Flink, its storage and
 * its broker, whatever its configuration, while a part of its input is invalid.
 *
 * <p>Configuration, order of the faults and messages are drawn at random. The seed is printed; the
 * system property {@code freshet.seed} repeats a run: {@code mvn verify -Dit.test=FaultsITCase
 * -Dfreshet.seed=N}, with {@code -Pfaults} for the longer runs.
 */
class FaultsITCase {
    /** Number of faults of each kind in the longer runs. */
    private static final int ROUNDS = 3;

    @TempDir private Path directory;

    @Test
    void jobLosesAndRepeatsNothing_throughOneFaultOfEachKind() throws Exception {
        run(seed(), 1);
    }

    @Tag("faults")
    @RepeatedTest(10)
    void jobLosesAndRepeatsNothing_throughManyFaults() throws Exception {
        run(seed(), ROUNDS);
    }

    private static long seed() {
        return Long.getLong("freshet.seed", new Random().nextInt(1_000_000));
    }

    private void run(long seed, int rounds) throws Exception {
        Random random = new Random(seed);
        Map<String, String> configuration = configuration(random);
        List<Fault> faults = new ArrayList<>();
        for (int round = 0; round < rounds; round++) {
            faults.addAll(EnumSet.allOf(Fault.class));
        }
        Collections.shuffle(faults, random);
        System.out.println("seed " + seed + ": " + faults + " with " + configuration);
        try (FaultyJob job = FaultyJob.start(directory, configuration, seed, faults.size())) {
            for (Fault fault : faults) {
                job.inject(fault);
            }
            job.finish();
            job.assertExactlyOnce();
        }
    }

    private static Map<String, String> configuration(Random random) {
        Map<String, String> drawn = new TreeMap<>();
        draw(drawn, random, "learner.type", "ensemble", "softmax");
        draw(drawn, random, "checkpoint.interval", "100 ms", "300 ms", "1 s");
        draw(drawn, random, "job.parallelism", "1", "2", "3");
        draw(drawn, random, "block.size", "1", "7", "64", "256", "1000");
        draw(drawn, random, "block.max-wait", "1 ms", "50 ms", "200 ms");
        draw(drawn, random, "mini-batch.size", "1", "1", "8", "32");
        draw(drawn, random, "models.max", "1", "3", "1000");
        draw(drawn, random, "models.publish-interval", "1 ms", "1 s");
        draw(drawn, random, "metrics.every", "10", "100", "5000");
        draw(drawn, random, "kafka.max.poll.records", "1", "50", "500");
        draw(drawn, random, "flink.state.backend.type", "hashmap", "rocksdb");
        draw(drawn, random, "flink.execution.checkpointing.incremental", "true", "false");
        draw(drawn, random, "flink.execution.checkpointing.unaligned.enabled", "true", "false");
        draw(
                drawn,
                random,
                "flink.execution.checkpointing.aligned-checkpoint-timeout",
                "0 ms",
                "100 ms");
        draw(drawn, random, "flink.execution.checkpointing.snapshot-compression", "true", "false");
        draw(drawn, random, "flink.execution.buffer-timeout.interval", "0 ms", "1 ms", "100 ms");
        draw(drawn, random, "flink.pipeline.object-reuse", "true", "false");
        draw(drawn, random, "flink.taskmanager.memory.segment-size", "4 kb", "32 kb");
        return drawn;
    }

    private static void draw(
            Map<String, String> drawn, Random random, String key, String... values) {
        drawn.put(key, values[random.nextInt(values.length)]);
    }
}
