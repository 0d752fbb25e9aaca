package io.freshet.learn;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.freshet.classifier.Classifier;
import io.freshet.classifier.ClassifierReader;
import io.freshet.ingest.Blocks;
import io.freshet.ingest.ExampleBlock;
import io.freshet.model.example.Examples;
import io.freshet.model.example.SparseRows;
import io.freshet.pipeline.JobConfig;
import io.freshet.publish.SnapshotRecords;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Comparison of the probabilities that a learner predicts with those of a {@link Classifier} that
 * is made of its published snapshot.
 */
class ClassifierParityTest {
    private static final int FEATURES = 54;
    private static final int CLASSES = 7;
    private static final int QUERIES = 1000;

    /**
     * Rounding: the learner multiplies in float. Its logits have errors of some 2⁻²⁴ times the sum
     * of the magnitudes of their terms, which is small because features are scaled, or of magnitude
     * 1 where they are not.
     */
    private static final double TOLERANCE = 1e-6;

    private static JobConfig config(String settings) {
        Map<String, String> values = new HashMap<>();
        values.put("kafka.bootstrap.servers", "localhost:9092");
        values.put("num-features", Integer.toString(FEATURES));
        values.put("classes", Integer.toString(CLASSES));
        values.put("learner.type", "softmax");
        for (String setting : settings.split(" ", -1)) {
            String[] pair = setting.split("=", 2);
            values.put(pair[0], pair[1]);
        }
        return JobConfig.parse(values);
    }

    /** Classes with a mean each, features of different scales, one constant and one skewed. */
    private static Examples examples(long seed, int count, LearnConfig config, boolean labelled) {
        Random random = new Random(seed);
        Examples examples = config.learner().newExamples(config.numTargets());
        float[] row = new float[FEATURES];
        float[] targets = new float[config.numTargets()];
        for (int i = 0; i < count; i++) {
            int label = random.nextInt(config.learner().numClasses());
            for (int f = 0; f < FEATURES; f++) {
                double centre = f % config.learner().numClasses() == label ? 0.7 : 0;
                row[f] = (float) (centre + random.nextGaussian());
                if (config.learner().scaler() != null) {
                    row[f] = row[f] * (1 + f % 5 * 30) + f;
                }
            }
            row[3] = 2;
            row[5] = (float) Math.exp(2 * random.nextGaussian());
            if (config.learner().isSparse()) {
                examples.reserve();
                SparseRows sparse = examples.requireSparse();
                for (int f = i % 5; f < FEATURES; f += 5) {
                    sparse.add(f, row[f]);
                }
                examples.addReserved(labelled ? label : Examples.UNLABELLED, 1);
            } else if (config.numTargets() == 0) {
                examples.add(row, 0, labelled ? label : Examples.UNLABELLED, 1);
            } else {
                Arrays.fill(targets, 0);
                targets[label] = 1;
                examples.add(row, 0, labelled ? label : Examples.UNLABELLED, targets, 0, 1);
            }
        }
        return examples;
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "models.chunk-size=180000",
                "models.chunk-size=500",
                "publish.format=json models.chunk-size=4000",
                "training.learning-rate=0.05 training.momentum=0.9 mini-batch.size=32",
                "training.learning-rate=0.02 scaler.type=none",
                "scaler.type=fading scaler.clip=3",
                "classes=2 training.loss=bce training.learning-rate=0.05",
                "label.type=multi-label training.loss=bce-with-logits training.learning-rate=0.05",
                "learner.type=ensemble",
                "learner.type=ensemble training.experts.baselines=true models.chunk-size=20000",
                "learner.type=ensemble mini-batch.size=8 scaler.type=fading scaler.clip=3",
                "learner.type=ensemble features.encoding=sparse models.chunk-size=4000",
                "learner.type=ensemble features.encoding=sparse training.experts.baselines=true",
                "learner.type=ensemble features.encoding=sparse scaler.type=none",
                "features.encoding=sparse",
                "features.encoding=sparse scaler.type=none training.learning-rate=0.001",
            })
    void classifier_predictsAsTheLearner(String settings) throws Exception {
        JobConfig config = config(settings);
        LearnConfig learn = config.learn();
        try (Learner learner = new Learner("m", new LearnerWorkspace(learn))) {
            // A multiple of 32, at which an ensemble computes the weights of its features anew.
            Examples training = examples(1, 3008, learn, true);
            learner.process(Blocks.block("m", training, 0), prediction -> {}, alert -> {});
            learner.closeMiniBatch(prediction -> {}, alert -> {});
            Classifier classifier =
                    ClassifierReader.of(
                            SnapshotRecords.of(
                                    learner.publish(), config.publish(), learn, config.monitor()));
            Examples queries = examples(2, QUERIES, learn, false);
            List<Prediction> predictions = new ArrayList<>();
            ExampleBlock block = Blocks.block("m", queries, 3008);
            learner.process(block, predictions::add, alert -> {});
            learner.closeMiniBatch(predictions::add, alert -> {});

            assertThat(predictions).hasSize(QUERIES);
            assertThat(classifier.info().version()).isEqualTo(predictions.get(0).modelVersion());
            double largest = 0;
            for (int i = 0; i < QUERIES; i++) {
                float[] found = probabilities(classifier, queries, i);
                float[] expected = predictions.get(i).probabilities();
                assertThat(found).hasSameSizeAs(expected);
                for (int c = 0; c < found.length; c++) {
                    largest = Math.max(largest, Math.abs(found[c] - expected[c]));
                }
            }
            assertThat(largest).isCloseTo(0, within(TOLERANCE));
        }
    }

    private static float[] probabilities(Classifier classifier, Examples queries, int row) {
        SparseRows sparse = queries.sparse();
        if (sparse == null) {
            float[] features =
                    Arrays.copyOfRange(queries.features(), row * FEATURES, (row + 1) * FEATURES);
            return classifier.classify(features).probabilities();
        }
        int[] columns = Arrays.copyOfRange(sparse.columns(), sparse.start(row), sparse.end(row));
        float[] values = Arrays.copyOfRange(sparse.values(), sparse.start(row), sparse.end(row));
        return classifier.classify(columns, values).probabilities();
    }
}
