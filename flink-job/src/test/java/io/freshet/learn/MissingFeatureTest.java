package io.freshet.learn;

import static org.assertj.core.api.Assertions.assertThat;

import io.freshet.ingest.Blocks;
import io.freshet.ingest.ExampleBlock;
import io.freshet.ingest.FeatureEncoding;
import io.freshet.ingest.LabelType;
import io.freshet.ingest.MissingValues;
import io.freshet.ingest.PredictedEvents;
import io.freshet.ingest.mapping.FieldMapping;
import io.freshet.learn.drift.DriftConfig;
import io.freshet.model.LearnerSettings;
import io.freshet.model.LearnerState;
import io.freshet.model.device.DeviceFallback;
import io.freshet.model.loss.CrossEntropy;
import io.freshet.model.loss.MiniBatchReduction;
import io.freshet.model.optim.Sgd;
import io.freshet.model.scale.FadingStandardization;
import io.freshet.model.scale.ScalerRule;
import io.freshet.model.scale.Standardization;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** Test of a learner on examples with missing values. */
class MissingFeatureTest {
    private static final int FEATURES = 4;
    private static final int CLASSES = 3;

    private static LearnConfig config(
            MissingValues missing, int miniBatchSize, @Nullable ScalerRule scaler) {
        return new LearnConfig(
                new LearnerSettings(
                        FEATURES,
                        CLASSES,
                        miniBatchSize,
                        new CrossEntropy(CLASSES),
                        new Sgd(0.05, 0.9),
                        null,
                        MiniBatchReduction.EXAMPLES,
                        scaler,
                        10),
                List.of("a", "b", "c"),
                LabelType.CLASS,
                null,
                false,
                1000,
                Duration.ofSeconds(10),
                DriftConfig.NONE,
                DeviceConfig.cpu(DeviceFallback.CPU),
                missing,
                FeatureEncoding.COLUMNS,
                false,
                FieldMapping.NONE.featureSettings(),
                PredictedEvents.UNLABELLED,
                null);
    }

    static Stream<Arguments> configurations() {
        List<Arguments> found = new ArrayList<>();
        for (int size : new int[] {1, 5, 100}) {
            found.add(Arguments.of(config(MissingValues.ZERO, size, null)));
            found.add(Arguments.of(config(MissingValues.ZERO, size, new Standardization())));
            for (double clip : new double[] {0, 10}) {
                ScalerRule fading = new FadingStandardization(100, clip, true);
                found.add(
                        Arguments.of(
                                config(MissingValues.MEAN, size, new Standardization(clip, true))));
                found.add(Arguments.of(config(MissingValues.MEAN, size, fading)));
            }
        }
        return found.stream();
    }

    /** Returns a stream in which features 1 and 3 of some examples have this value. */
    private static List<Blocks.Example> stream(float value) {
        List<Blocks.Example> stream = new ArrayList<>();
        Random random = new Random(2);
        for (Blocks.Example example : Blocks.stream(7, 600, FEATURES, CLASSES, "m")) {
            if (random.nextInt(5) == 0) {
                example.features()[1] = value;
            }
            if (random.nextInt(9) == 0) {
                example.features()[3] = value;
            }
            stream.add(random.nextInt(4) == 0 ? Blocks.unlabelled(example) : example);
        }
        return stream;
    }

    private static FeatureCount[] missingIn(List<Blocks.Example> stream) {
        long[] counts = new long[FEATURES];
        for (Blocks.Example example : stream) {
            for (int f = 0; f < FEATURES; f++) {
                counts[f] += Float.isNaN(example.features()[f]) ? 1 : 0;
            }
        }
        return new FeatureCount[] {new FeatureCount(1, counts[1]), new FeatureCount(3, counts[3])};
    }

    @ParameterizedTest
    @MethodSource("configurations")
    void missingValues_areCountedOnce_throughRestores(LearnConfig config) {
        List<Blocks.Example> stream = stream(Float.NaN);
        List<Prediction> predictions = new ArrayList<>();
        Learner learner = new Learner("m", new LearnerWorkspace(config));
        for (List<Blocks.Example> piece : Blocks.pieces(stream, 40, 3)) {
            learner.process(Blocks.block(piece), predictions::add, alert -> {});
            LearnerState state = learner.learnerState();
            Learner restored =
                    Learner.restore(
                            "m",
                            new LearnerWorkspace(config),
                            learner.modelState(state, null),
                            state,
                            null,
                            learner.pendingExamples());
            learner.close();
            learner = restored;
        }
        ModelProgress progress = learner.closeMiniBatch(predictions::add, alert -> {}).progress();
        learner.close();

        FeatureCount[] expected = missingIn(stream);
        assertThat(progress.missing().largest()).containsExactly(expected);
        assertThat(progress.missing().total()).isEqualTo(expected[0].count() + expected[1].count());
        assertThat(progress.skippedSteps()).isZero();
        int unlabelled = (int) stream.stream().filter(example -> example.label() < 0).count();
        assertThat(progress.examplesSeen()).isEqualTo(stream.size() - unlabelled);
        assertThat(predictions).hasSize(unlabelled);
        for (Prediction prediction : predictions) {
            assertThat(prediction.probabilities()).doesNotContain(Float.NaN);
        }
    }

    @Test
    void roundedValues_areCountedOnce_throughRestores() {
        LearnConfig config = config(MissingValues.DEAD_LETTER, 8, null);
        Learner learner = new Learner("m", new LearnerWorkspace(config));
        long[] expected = new long[FEATURES];
        for (List<Blocks.Example> piece : Blocks.pieces(stream(0), 40, 3)) {
            ExampleBlock block = Blocks.block(piece);
            Blocks.round(block, 2, piece.size());
            Blocks.round(block, 0, 1);
            expected[2] += piece.size();
            expected[0]++;
            learner.process(block, prediction -> {}, alert -> {});
            LearnerState state = learner.learnerState();
            Learner restored =
                    Learner.restore(
                            "m",
                            new LearnerWorkspace(config),
                            learner.modelState(state, null),
                            state,
                            null,
                            learner.pendingExamples());
            learner.close();
            learner = restored;
        }
        FeatureCounts rounded =
                learner.closeMiniBatch(prediction -> {}, alert -> {}).progress().rounded();
        learner.close();

        assertThat(rounded.total()).isEqualTo(expected[0] + expected[2]);
        assertThat(rounded.largest())
                .containsExactly(
                        new FeatureCount(0, expected[0]), new FeatureCount(2, expected[2]));
    }

    @Test
    void missingValuesAsZero_areTrainedOnAsZeros() {
        for (ScalerRule scaler : new ScalerRule[] {null, new Standardization(10, false)}) {
            LearnConfig zero = config(MissingValues.ZERO, 8, scaler);
            LearnConfig none = config(MissingValues.DEAD_LETTER, 8, scaler);
            LearnerTest.assertBitForBit(learn(zero, stream(Float.NaN)), learn(none, stream(0)));
        }
    }

    @Test
    void blockWithMissingValues_isNotModified() {
        List<Blocks.Example> stream = stream(Float.NaN);
        var block = Blocks.block(stream);
        float[] before = block.examples().features().clone();
        try (Learner learner =
                new Learner("m", new LearnerWorkspace(config(MissingValues.ZERO, 8, null)))) {
            learner.process(block, prediction -> {}, alert -> {});
        }
        assertThat(block.examples().features()).containsExactly(before);
    }

    private static LearnerState learn(LearnConfig config, List<Blocks.Example> stream) {
        try (Learner learner = new Learner("m", new LearnerWorkspace(config))) {
            for (List<Blocks.Example> piece : Blocks.pieces(stream, 40, 3)) {
                learner.process(Blocks.block(piece), prediction -> {}, alert -> {});
            }
            return learner.learnerState();
        }
    }
}
