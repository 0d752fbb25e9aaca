package io.freshet.learn;

import io.freshet.config.Settings;
import io.freshet.ingest.Blocks;
import io.freshet.ingest.ExampleBlock;
import io.freshet.ingest.LabelType;
import io.freshet.learn.drift.DriftAlert;
import io.freshet.learn.drift.DriftConfig;
import io.freshet.learn.drift.DriftReaction;
import io.freshet.model.LearnerSettings;
import io.freshet.model.device.DeviceFallback;
import io.freshet.model.ensemble.EnsembleRule;
import io.freshet.model.loss.CrossEntropy;
import io.freshet.model.loss.MiniBatchReduction;
import io.freshet.model.mixture.Mixture;
import io.freshet.model.optim.Sgd;
import io.freshet.model.scale.Standardization;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * Benchmark of the effect of reactions to drift on the prequential log-loss: one line per stream
 * and one column per reaction, in per cent of that without a reaction (below 100 is better).
 *
 * <p>Run {@link #main}, optionally with CSV files as arguments for more streams, whose last column
 * is the label. The detector is the default one.
 */
final class DriftReactionBenchmark {
    private static final int EVENTS = 20_000;
    private static final int FEATURES = 10;
    private static final int CLASSES = 5;
    private static final int SEEDS = 5;
    private static final long FIRST_SEED = 1000;
    private static final int COOL_DOWN = 1000;

    private DriftReactionBenchmark() {}

    private enum Kind {
        STATIONARY,
        ABRUPT,
        GRADUAL,
        INCREMENTAL,
        RECURRING
    }

    public static void main(String[] files) throws IOException {
        Map<String, List<List<Blocks.Example>>> streams = new LinkedHashMap<>();
        for (Kind kind : Kind.values()) {
            List<List<Blocks.Example>> streamsOfKind = new ArrayList<>();
            for (int seed = 0; seed < SEEDS; seed++) {
                streamsOfKind.add(synthetic(kind, FIRST_SEED + seed));
            }
            streams.put(kind.name().toLowerCase(java.util.Locale.ROOT), streamsOfKind);
        }
        for (String file : files) {
            streams.put(Path.of(file).getFileName().toString(), List.of(csv(Path.of(file))));
        }
        System.out.println("log-loss in per cent of that without a reaction; alerts in brackets");
        for (Training training :
                List.of(
                        new Training("ensemble", null, true),
                        new Training("mixture", null, false),
                        new Training("rate 0.01, momentum 0.9", 0.01, false),
                        new Training("rate 0.1, momentum 0.9", 0.1, false))) {
            System.out.println("\n" + training.name());
            streams.forEach((name, streamsOfName) -> print(name, streamsOfName, training));
        }
    }

    /**
     * @param rate the fixed learning rate; null for a mixture of several
     */
    private record Training(String name, @Nullable Double rate, boolean isEnsemble) {}

    private static void print(String name, List<List<Blocks.Example>> streams, Training training) {
        StringBuilder line = new StringBuilder(String.format("%-24s", name));
        double[] without = new double[streams.size()];
        for (int i = 0; i < without.length; i++) {
            without[i] = run(streams.get(i), training, DriftReaction.NONE)[0];
        }
        line.append(String.format(" none %.4f", Arrays.stream(without).average().orElse(0)));
        for (DriftReaction reaction : DriftReaction.values()) {
            boolean needsRate =
                    reaction == DriftReaction.BOOST || reaction == DriftReaction.RESET_OPTIMIZER;
            if (reaction == DriftReaction.NONE || (training.rate() == null && needsRate)) {
                continue;
            }
            double ratio = 0;
            double alerts = 0;
            for (int i = 0; i < without.length; i++) {
                double[] result = run(streams.get(i), training, reaction);
                ratio += result[0] / without[i] / without.length;
                alerts += result[1] / without.length;
            }
            line.append(
                    String.format(
                            "  %s %.1f (%.1f)",
                            io.freshet.config.Key.kebab(reaction), 100 * ratio, alerts));
        }
        System.out.println(line);
    }

    /** Returns the log-loss and the number of alerts. */
    private static double[] run(
            List<Blocks.Example> stream, Training training, DriftReaction reaction) {
        double loss = 0;
        long count = 0;
        List<DriftAlert> alerts = new ArrayList<>();
        try (Learner learner =
                new Learner("m", new LearnerWorkspace(config(stream, training, reaction)))) {
            for (int from = 0; from < stream.size(); from += 256) {
                ExampleBlock block =
                        Blocks.block(stream.subList(from, Math.min(from + 256, stream.size())));
                BlockEvaluation evaluation = learner.process(block, prediction -> {}, alerts::add);
                for (float exampleLoss : evaluation.scored().losses()) {
                    loss += exampleLoss;
                    count++;
                }
            }
        }
        return new double[] {loss / count, alerts.size()};
    }

    private static LearnConfig config(
            List<Blocks.Example> stream, Training training, DriftReaction reaction) {
        int classes = 1 + stream.stream().mapToInt(Blocks.Example::label).max().orElseThrow();
        Double rate = training.rate();
        List<Double> rates =
                training.isEnsemble() ? EnsembleRule.LINEAR_RATES : Mixture.DEFAULT_RATES;
        LearnerSettings learner =
                new LearnerSettings(
                        stream.get(0).features().length,
                        classes,
                        1,
                        new CrossEntropy(classes),
                        rate == null ? new Sgd(1, 0) : new Sgd(rate / 10, 0.9),
                        rate == null
                                ? new Mixture(rates, Mixture.DEFAULT_SWITCHING_RATES, false)
                                : null,
                        MiniBatchReduction.EXAMPLES,
                        new Standardization(
                                training.isEnsemble()
                                        ? EnsembleRule.CLIP
                                        : Standardization.DEFAULT_CLIP,
                                false),
                        10,
                        false,
                        training.isEnsemble() ? new EnsembleRule(false, false) : null);
        return new LearnConfig(
                learner,
                java.util.stream.IntStream.range(0, classes).mapToObj(k -> "" + k).toList(),
                LabelType.CLASS,
                null,
                false,
                1,
                Duration.ZERO,
                new DriftConfig(List.of(detector(learner)), COOL_DOWN, reaction, 10, 200, 500, 0),
                DeviceFallback.CPU);
    }

    private static DriftConfig.Detector detector(LearnerSettings learner) {
        DriftConfig defaults =
                DriftConfig.from(
                        Settings.of(Map.of(), DriftConfig.KEYS, java.util.Set.of()), learner);
        return defaults.detectors().get(0);
    }

    private static List<Blocks.Example> synthetic(Kind kind, long seed) {
        Random random = new Random(seed);
        double[][] first = centres(random);
        double[][] second = centres(random);
        List<Blocks.Example> stream = new ArrayList<>();
        for (int i = 0; i < EVENTS; i++) {
            double phase = 4.0 * i / EVENTS;
            double fraction =
                    switch (kind) {
                        case STATIONARY -> 0;
                        case ABRUPT -> phase < 2 ? 0 : 1;
                        // Each example is of one of the concepts; the probability of the second one
                        // rises from 0 to 1 over a tenth of the stream.
                        case GRADUAL ->
                                random.nextDouble() < Math.max(0, Math.min(1, (phase - 1.8) / 0.4))
                                        ? 1
                                        : 0;
                        case INCREMENTAL -> Math.max(0, Math.min(1, phase - 1.5));
                        case RECURRING -> (int) phase % 2;
                    };
            int label = random.nextInt(CLASSES);
            float[] features = new float[FEATURES];
            for (int f = 0; f < FEATURES; f++) {
                double centre = (1 - fraction) * first[label][f] + fraction * second[label][f];
                features[f] = (float) (centre + random.nextGaussian());
            }
            stream.add(new Blocks.Example("m", i, label, 1, features));
        }
        return stream;
    }

    private static double[][] centres(Random random) {
        double[][] centres = new double[CLASSES][FEATURES];
        for (double[] centre : centres) {
            Arrays.setAll(centre, f -> 0.7 * random.nextGaussian());
        }
        return centres;
    }

    private static List<Blocks.Example> csv(Path file) throws IOException {
        List<String> lines = Files.readAllLines(file);
        Map<String, Integer> labels = new TreeMap<>();
        List<Blocks.Example> stream = new ArrayList<>();
        for (String line : lines.subList(1, lines.size())) {
            String[] cells = line.split(",", -1);
            float[] features = new float[cells.length - 1];
            for (int f = 0; f < features.length; f++) {
                features[f] = Float.parseFloat(cells[f]);
            }
            int label = labels.computeIfAbsent(cells[cells.length - 1], name -> labels.size());
            stream.add(new Blocks.Example("m", stream.size(), label, 1, features));
        }
        return stream;
    }
}
