package io.freshet.local.models;

import io.freshet.classifier.ModelContent;
import io.freshet.classifier.ModelInfo;
import java.time.Instant;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Named;

/** Models with random parameters. */
final class RandomModels {
    static final int FEATURES = 9;

    private RandomModels() {}

    /** Returns a dense model of each kind. */
    static List<Named<ModelContent>> dense() {
        return List.of(
                Named.of("softmax", dense(1, "softmax", 3, 3, 1, false, "dead-letter")),
                Named.of("a mixture", dense(2, "softmax", 7, 7, 5, true, "mean")),
                Named.of("one output", dense(3, "sigmoid", 2, 1, 1, true, "zero")),
                Named.of("multi-label", dense(4, "sigmoid", 4, 4, 1, true, "dead-letter")));
    }

    private static ModelContent dense(
            long seed,
            String activation,
            int classes,
            int outputs,
            int rates,
            boolean scaled,
            String missing) {
        Random random = new Random(seed);
        ModelContent.Scaler scaler = null;
        if (scaled) {
            double[] mean = random.doubles(FEATURES, -1e6, 1e6).toArray();
            double[] variance = random.doubles(FEATURES, 0.5, 4).toArray();
            variance[2] = 0;
            float[] limit = new float[FEATURES];
            Arrays.fill(limit, 1.5f);
            scaler = new ModelContent.Scaler(1000, mean, variance, limit);
        }
        return new ModelContent(
                info(classes, missing),
                activation,
                outputs,
                learningRates(rates),
                mixture(random, rates),
                floats(random, rates * (FEATURES + 1) * outputs),
                scaler,
                new int[0],
                new float[0],
                0);
    }

    /** Returns a sparse model of which three features occurred. */
    static ModelContent sparse() {
        Random random = new Random(5);
        return new ModelContent(
                info(3, "dead-letter"),
                "softmax",
                3,
                learningRates(2),
                mixture(random, 2),
                floats(random, 4 * 2 * 3),
                null,
                new int[] {1, 4, 8, FEATURES},
                new float[] {2, 3, 0.5f, 1},
                6);
    }

    private static ModelInfo info(int classes, String missing) {
        return new ModelInfo(
                "naïve 𝔐",
                12,
                "ab".repeat(32),
                Instant.EPOCH,
                34,
                "a job",
                2,
                FEATURES,
                IntStream.range(0, classes).mapToObj(c -> "\"é𝔸\", " + c).toList(),
                Map.of("features.missing", missing, "training.loss", "cross-entropy"));
    }

    private static double[] learningRates(int count) {
        return IntStream.range(0, count).mapToDouble(r -> Math.pow(10, -r)).toArray();
    }

    private static double[] mixture(Random random, int count) {
        double[] weights = random.doubles(count, 0.1, 1).toArray();
        double sum = Arrays.stream(weights).sum();
        return Arrays.stream(weights).map(weight -> weight / sum).toArray();
    }

    static float[] floats(Random random, int count) {
        float[] values = new float[count];
        for (int i = 0; i < count; i++) {
            values[i] = (float) random.nextGaussian();
        }
        return values;
    }

    /** Returns features, of which some are far from their means and, if accepted, missing. */
    static float[] features(Random random, ModelContent model) {
        float[] features = floats(random, FEATURES);
        boolean acceptsMissing =
                !"dead-letter".equals(model.info().hyperParameters().get("features.missing"));
        for (int f = 0; f < FEATURES; f++) {
            if (model.scaler() != null) {
                features[f] += (float) model.scaler().mean()[f];
            }
            if (acceptsMissing && random.nextInt(5) == 0) {
                features[f] = Float.NaN;
            }
        }
        return features;
    }
}
