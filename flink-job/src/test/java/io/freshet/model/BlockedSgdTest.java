package io.freshet.model;

import static io.freshet.model.StateAssertions.assertClose;
import static io.freshet.model.StateAssertions.assertSameBits;
import static org.assertj.core.api.Assertions.assertThat;

import io.freshet.model.contract.ExampleStream;
import io.freshet.model.contract.PlainLoop;
import io.freshet.model.contract.RecordedEvaluation;
import io.freshet.model.example.Examples;
import io.freshet.model.linalg.Precision;
import io.freshet.model.linalg.ProductTiles;
import io.freshet.model.loss.BinaryCrossEntropy;
import io.freshet.model.loss.BinaryCrossEntropyWithLogits;
import io.freshet.model.loss.CrossEntropy;
import io.freshet.model.loss.Loss;
import io.freshet.model.loss.MiniBatchReduction;
import io.freshet.model.loss.NegativeLogLikelihood;
import io.freshet.model.loss.OutputWeights;
import io.freshet.model.mixture.Mixture;
import io.freshet.model.optim.LearningRateSchedule;
import io.freshet.model.optim.LearningRateSchedule.Kind;
import io.freshet.model.optim.Sgd;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Comparison of learning in blocks with {@link PlainLoop}, which takes one step after the other:
 * the results are the same up to rounding, however the stream is divided into calls.
 */
class BlockedSgdTest {
    private static final int EVENTS = 100_000;

    /** Sizes of calls: some of one example, some of several blocks, none a multiple of a block. */
    private static final int[] MIXED = {256, 1, 7, 40, 3, 1000};

    /**
     * Tolerance in double precision. A block rounds parameters of magnitude up to 8 by at most
     * 2⁻⁵⁰. If 10⁵ such errors, and as many of the plain loop, all have the same sign and none
     * decays, they add up to 2 · 10⁵ · 2⁻⁵⁰ &lt; 2·10⁻¹⁰.
     */
    static final double DOUBLE = 1e-9;

    /**
     * Tolerance in single precision. A block rounds parameters of magnitude up to 8 by at most
     * 2⁻²². The root mean square of the sum of 10⁵ such errors with random signs, none of which
     * decays, is below √10⁵ · 2⁻²² = 8·10⁻⁵. A momentum of 0.9 multiplies each error by up to 10,
     * but also makes it decay.
     */
    static final double FLOAT = 1e-3;

    /** Tolerance where the scaler rounds inputs of magnitude 1 to float: errors of up to 2⁻²⁴. */
    static final double SCALED = 1e-5;

    private static final Map<String, Sgd> OPTIMISERS = optimisers();

    private static Map<String, Sgd> optimisers() {
        LearningRateSchedule constant = LearningRateSchedule.constant(0.02);
        LearningRateSchedule step = new LearningRateSchedule(Kind.STEP, 0.1, 0.9, 1000);
        LearningRateSchedule exponential =
                new LearningRateSchedule(Kind.EXPONENTIAL, 0.1, 0.9999, 1);
        LearningRateSchedule inverse = new LearningRateSchedule(Kind.INVERSE_TIME, 0.1, 0.001, 1);
        Map<String, Sgd> optimisers = new TreeMap<>();
        optimisers.put("plain", new Sgd(constant, 0, 0, false, 0));
        optimisers.put("step", new Sgd(step, 0, 0, false, 0));
        optimisers.put("exponential", new Sgd(exponential, 0, 0, false, 0));
        optimisers.put("inverse time", new Sgd(inverse, 0, 0, false, 0));
        optimisers.put("decay", new Sgd(constant, 0, 0, false, 0.01));
        optimisers.put("decay, inverse time", new Sgd(inverse, 0, 0, false, 0.01));
        optimisers.put("momentum", new Sgd(constant, 0.9, 0, false, 0));
        optimisers.put("momentum, dampening", new Sgd(constant, 0.9, 0.3, false, 0));
        optimisers.put("momentum, dampening of 1", new Sgd(constant, 0.5, 1, false, 0.01));
        optimisers.put("momentum, decay, step", new Sgd(step, 0.6, 0.3, false, 0.01));
        optimisers.put("nesterov", new Sgd(constant, 0.9, 0, true, 0));
        optimisers.put("nesterov, decay, exponential", new Sgd(exponential, 0.7, 0, true, 0.005));
        return optimisers;
    }

    static Stream<Arguments> optimisersByMiniBatch() {
        return OPTIMISERS.keySet().stream()
                .flatMap(name -> Stream.of(1, 3, 8, 32).map(size -> Arguments.of(name, size)));
    }

    // Every option of the optimiser.

    @ParameterizedTest
    @MethodSource("optimisersByMiniBatch")
    void optimiser_matchesThePlainLoop_inDouble(String optimiser, int miniBatchSize) {
        TestEngine.assumeOnCpu();
        LearnerFixture fixture =
                LearnerFixture.of(5, 3).sgd(OPTIMISERS.get(optimiser)).miniBatch(miniBatchSize);
        ExampleStream stream = new ExampleStream(fixture.settings(), 1).weighted().partlyLabelled();

        assertPlainLoop(fixture, Precision.DOUBLE, stream.take(EVENTS), DOUBLE, MIXED);
    }

    @ParameterizedTest
    @MethodSource("optimisersByMiniBatch")
    void optimiser_matchesThePlainLoop_inFloat(String optimiser, int miniBatchSize) {
        LearnerFixture fixture =
                LearnerFixture.of(5, 3)
                        .sgd(OPTIMISERS.get(optimiser))
                        .miniBatch(miniBatchSize)
                        .reduction(MiniBatchReduction.WEIGHTS);
        ExampleStream stream = new ExampleStream(fixture.settings(), 2).weighted().partlyLabelled();
        int events = optimiser.equals("plain") ? EVENTS : EVENTS / 5;

        assertPlainLoop(fixture, Precision.FLOAT, stream.take(events), FLOAT, MIXED);
    }

    @Test
    void miniBatchesOfSeveralChunks_matchThePlainLoop() {
        assertThat(BlockSize.directRows(6, 3, ProductTiles.WHOLE)).isEqualTo(64);
        for (Sgd optimiser : OPTIMISERS.values()) {
            for (ScalerChoice scaler : ScalerChoice.values()) {
                LearnerFixture fixture =
                        LearnerFixture.of(5, 3).sgd(optimiser).miniBatch(150).scaler(scaler);
                ExampleStream stream = new ExampleStream(fixture.settings(), 12).weighted();

                assertPlainLoop(fixture, stream.partlyLabelled().take(10_000), 500, 1, 99);
            }
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 3, 8, 32})
    void scaledFeatures_matchThePlainLoop(int miniBatchSize) {
        for (String optimiser : List.of("plain", "nesterov")) {
            LearnerFixture fixture =
                    LearnerFixture.of(5, 3)
                            .sgd(OPTIMISERS.get(optimiser))
                            .miniBatch(miniBatchSize)
                            .scaler(ScalerChoice.WELFORD);
            Examples stream =
                    new ExampleStream(fixture.settings(), 3)
                            .weighted()
                            .partlyLabelled()
                            .take(EVENTS / 2);

            assertPlainLoop(fixture, stream, MIXED);
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 3, 8, 150})
    void outliers_areClippedAsByThePlainLoop(int miniBatchSize) {
        for (ScalerChoice scaler :
                List.of(ScalerChoice.CLIPPED_WELFORD, ScalerChoice.CLIPPED_FADING)) {
            LearnerFixture fixture =
                    LearnerFixture.of(5, 3).sgd(0.05, 0).miniBatch(miniBatchSize).scaler(scaler);
            Examples stream = new ExampleStream(fixture.settings(), 13).partlyLabelled().take(4000);
            Random random = new Random(14);
            for (int i = 0; i < 60; i++) {
                int place = random.nextInt(stream.size() * 5);
                float factor = (float) Math.pow(10, 3 + 6 * random.nextDouble());
                stream.features()[place] *= factor;
            }
            for (int i = 2000; i < 2100; i++) {
                stream.features()[i * 5] += 1000;
            }
            PlainLoop plain = new PlainLoop(fixture.settings());
            RecordedEvaluation expected = plain.learn(stream);
            try (SoftmaxLearner learner = fixture.start()) {
                EvaluationAssertions.assertCloseTo(
                        RecordedEvaluation.byCalls(learner, stream, MIXED), expected, FLOAT);
                assertThat(learner.clippedValues())
                        .containsExactly(
                                Arrays.stream(plain.features)
                                        .mapToLong(feature -> feature.total().clipped())
                                        .toArray());
                assertThat(learner.clippedValues()[0]).isGreaterThan(32);
            }
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 3, 8, 150})
    void missingValues_areTrainedOnAsByThePlainLoop(int miniBatchSize) {
        for (ScalerChoice scaler :
                List.of(ScalerChoice.WELFORD_WITH_MISSING, ScalerChoice.FADING_WITH_MISSING)) {
            LearnerFixture fixture =
                    LearnerFixture.of(5, 3).sgd(0.05, 0).miniBatch(miniBatchSize).scaler(scaler);
            Examples stream = new ExampleStream(fixture.settings(), 13).partlyLabelled().take(4000);
            Random random = new Random(14);
            for (int i = 0; i < stream.size() * 5; i++) {
                if (random.nextInt(5 + 20 * (i % 5)) == 0) {
                    stream.features()[i] = Float.NaN;
                }
            }
            PlainLoop plain = new PlainLoop(fixture.settings());
            RecordedEvaluation expected = plain.learn(stream);
            try (SoftmaxLearner learner = fixture.start()) {
                EvaluationAssertions.assertCloseTo(
                        RecordedEvaluation.byCalls(learner, stream, MIXED), expected, FLOAT);
                assertThat(learner.counters().skippedSteps()).isZero();
            }
        }
    }

    // Every loss.

    static Stream<Arguments> lossesByMiniBatch() {
        OutputWeights none = OutputWeights.NONE;
        OutputWeights some = OutputWeights.of(0.5, 2, 1.5);
        OutputWeights oneZero = OutputWeights.of(2, 0, 0.75);
        List<Loss> losses =
                List.of(
                        new CrossEntropy(3, some, -100, 0),
                        new CrossEntropy(3, none, -100, 0.1),
                        new CrossEntropy(3, oneZero, 2, 0.2),
                        new NegativeLogLikelihood(3, some, 1),
                        new CrossEntropy(3, OutputWeights.BALANCED, 1, 0.2),
                        new NegativeLogLikelihood(
                                3, OutputWeights.BALANCED, Loss.DEFAULT_IGNORE_INDEX),
                        new BinaryCrossEntropyWithLogits(
                                1, OutputWeights.BALANCED, OutputWeights.of(0.25)),
                        new BinaryCrossEntropy(1, OutputWeights.BALANCED),
                        new BinaryCrossEntropyWithLogits(3, some, none),
                        new BinaryCrossEntropyWithLogits(3, oneZero, some),
                        new BinaryCrossEntropy(3, some),
                        new BinaryCrossEntropyWithLogits(1),
                        new BinaryCrossEntropyWithLogits(
                                1, OutputWeights.of(2), OutputWeights.of(0.25)),
                        new BinaryCrossEntropy(1));
        return losses.stream()
                .flatMap(loss -> Stream.of(1, 3, 8, 32, 100).map(size -> Arguments.of(loss, size)));
    }

    @ParameterizedTest
    @MethodSource("lossesByMiniBatch")
    void loss_matchesThePlainLoop(Loss loss, int miniBatchSize) {
        for (MiniBatchReduction reduction : MiniBatchReduction.values()) {
            LearnerFixture fixture =
                    LearnerFixture.of(5, loss.numClasses())
                            .loss(loss)
                            .sgd(0.05, reduction == MiniBatchReduction.EXAMPLES ? 0 : 0.5)
                            .reduction(reduction)
                            .miniBatch(miniBatchSize);
            List<Examples> streams = new ArrayList<>();
            streams.add(
                    new ExampleStream(fixture.settings(), 4)
                            .weighted()
                            .partlyLabelled()
                            .take(5000));
            if (loss.acceptsValueTargets()) {
                streams.add(
                        new ExampleStream(fixture.settings(), 5)
                                .weighted()
                                .partlyLabelled()
                                .valued()
                                .take(5000));
            }
            for (Examples stream : streams) {
                assertPlainLoop(fixture, stream, MIXED);
            }
        }
    }

    // Every number of classes.

    static Stream<Arguments> classesByMiniBatch() {
        return Stream.of(2, 10, 1000)
                .flatMap(
                        classes ->
                                Stream.of(1, 3, 8, 32, 48, 200).map(m -> Arguments.of(classes, m)));
    }

    @ParameterizedTest
    @MethodSource("classesByMiniBatch")
    void anyNumberOfClasses_matchesThePlainLoop(int numClasses, int miniBatchSize) {
        int events = numClasses == 1000 ? 1000 : 10_000;
        LearnerFixture fixture =
                LearnerFixture.of(11, numClasses).miniBatch(miniBatchSize).sgd(0.05, 0);
        for (LearnerFixture variant : List.of(fixture, fixture.sgd(0.05, 0.8))) {
            Examples stream =
                    new ExampleStream(fixture.settings(), 6).partlyLabelled().take(events);

            assertPlainLoop(variant, stream, MIXED);
        }
    }

    @Test
    void blocksOfManyRows_matchThePlainLoop() {
        // With this many parameters a block has more than the minimum number of rows.
        LearnerFixture fixture = LearnerFixture.of(199, 700).sgd(0.02, 0.5);
        assertThat(BlockSize.rows(200, 700, 1, false, ProductTiles.WHOLE)).isEqualTo(32);
        Examples stream = new ExampleStream(fixture.settings(), 7).partlyLabelled().take(200);
        PlainLoop plain = new PlainLoop(fixture.settings());
        RecordedEvaluation expected = plain.learn(stream);

        try (SoftmaxLearner learner = fixture.start(ProductTiles.WHOLE)) {
            EvaluationAssertions.assertCloseTo(
                    RecordedEvaluation.byCalls(learner, stream, 200), expected, FLOAT);
            assertClose(StateAssertions.parameters(learner), plain.parameters, FLOAT);
        }
        assertLearner(fixture, Precision.DOUBLE, stream, plain, expected, DOUBLE, 200);
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 2, 3, 5, 8, 10})
    void blocksForAllTileSizes_matchThePlainLoop(int miniBatchSize) {
        TestEngine.assumeOnCpu();
        for (int numFeatures : new int[] {20, 600}) {
            for (ScalerChoice scaler :
                    List.of(ScalerChoice.NONE, ScalerChoice.WELFORD, ScalerChoice.FADING)) {
                LearnerFixture fixture =
                        LearnerFixture.of(numFeatures, 3)
                                .sgd(1.0 / numFeatures, 0)
                                .scaler(scaler)
                                .miniBatch(miniBatchSize);
                for (LearnerFixture variant :
                        List.of(fixture, fixture.sgd(0.1 / numFeatures, 0.8))) {
                    Examples stream =
                            new ExampleStream(fixture.settings(), 8).partlyLabelled().take(1000);
                    PlainLoop plain = new PlainLoop(variant.settings());
                    RecordedEvaluation expected = plain.learn(stream);
                    for (ProductTiles tiles : ProductTiles.values()) {
                        try (SoftmaxLearner learner = variant.start(tiles)) {
                            EvaluationAssertions.assertCloseTo(
                                    RecordedEvaluation.byCalls(learner, stream, MIXED),
                                    expected,
                                    FLOAT);
                            assertClose(
                                    StateAssertions.parameters(learner), plain.parameters, FLOAT);
                        }
                    }
                }
            }
        }
    }

    /** Asserts that the learner matches the plain loop in both precisions. */
    private static void assertPlainLoop(LearnerFixture fixture, Examples stream, int... sizes) {
        PlainLoop plain = new PlainLoop(fixture.settings());
        RecordedEvaluation expected = plain.learn(stream);
        boolean scales = fixture.settings().scaler() != null;
        assertLearner(
                fixture,
                Precision.DOUBLE,
                stream,
                plain,
                expected,
                scales ? SCALED : DOUBLE,
                sizes);
        assertLearner(fixture, Precision.FLOAT, stream, plain, expected, FLOAT, sizes);
    }

    private static void assertPlainLoop(
            LearnerFixture fixture,
            Precision precision,
            Examples stream,
            double tolerance,
            int... sizes) {
        PlainLoop plain = new PlainLoop(fixture.settings());
        assertLearner(fixture, precision, stream, plain, plain.learn(stream), tolerance, sizes);
    }

    private static void assertLearner(
            LearnerFixture fixture,
            Precision precision,
            Examples stream,
            PlainLoop plain,
            RecordedEvaluation expected,
            double tolerance,
            int... sizes) {
        try (SoftmaxLearner learner = fixture.start(precision)) {
            RecordedEvaluation found = RecordedEvaluation.byCalls(learner, stream, sizes);

            EvaluationAssertions.assertCloseTo(found, expected, tolerance);
            assertClose(StateAssertions.parameters(learner), plain.parameters, tolerance);
            if (!fixture.settings().optimizer().stateNames().isEmpty()) {
                assertClose(StateAssertions.velocity(learner), plain.velocity, tolerance);
            }
        }
    }

    // Division of the stream into calls.

    static Stream<Arguments> fixtures() {
        Mixture mixture = new Mixture(List.of(0.01, 0.1, 0.5), 0.01, true);
        LearnerFixture fixture = LearnerFixture.of(5, 3).scaler(ScalerChoice.WELFORD);
        return Stream.of(
                Arguments.of("plain", fixture),
                Arguments.of("momentum", fixture.sgd(0.02, 0.9).miniBatch(3)),
                Arguments.of(
                        "all options",
                        fixture.sgd(OPTIMISERS.get("nesterov, decay, exponential")).miniBatch(8)),
                Arguments.of("full blocks", fixture.sgd(0.02, 0.9).miniBatch(32)),
                Arguments.of("mixture", fixture.mixture(mixture)),
                Arguments.of("balanced mixture", fixture.balanced().mixture(mixture)),
                Arguments.of("balanced", fixture.balanced().sgd(0.02, 0.9).miniBatch(3)),
                Arguments.of("mixture of mini-batches", fixture.mixture(mixture).miniBatch(3)));
    }

    @ParameterizedTest
    @MethodSource("fixtures")
    void calls_mayDivideTheStreamAnywhere(String name, LearnerFixture fixture) {
        TestEngine.assumeOnCpu();
        Examples stream =
                new ExampleStream(fixture.settings(), 8).weighted().partlyLabelled().take(20_000);
        for (Precision precision : Precision.values()) {
            try (SoftmaxLearner whole = fixture.start(precision)) {
                RecordedEvaluation expected =
                        RecordedEvaluation.byCalls(whole, stream, stream.size());
                for (int size : new int[] {1, 7, 256}) {
                    try (SoftmaxLearner learner = fixture.start(precision)) {
                        RecordedEvaluation found =
                                RecordedEvaluation.byCalls(learner, stream, size);

                        // The scaler rounds to float at the end of each call.
                        double tolerance = precision == Precision.FLOAT ? FLOAT : SCALED;
                        EvaluationAssertions.assertCloseTo(found, expected, tolerance);
                        assertClose(
                                StateAssertions.parameters(learner),
                                StateAssertions.parameters(whole),
                                tolerance);
                        assertThat(learner.counters().steps()).isEqualTo(whole.counters().steps());
                    }
                }
            }
        }
    }

    @ParameterizedTest
    @MethodSource("fixtures")
    void sameCalls_giveTheSameBits(String name, LearnerFixture fixture) {
        Examples stream =
                new ExampleStream(fixture.settings(), 9).weighted().partlyLabelled().take(5000);
        try (SoftmaxLearner one = fixture.start();
                SoftmaxLearner other = fixture.start()) {
            RecordedEvaluation found = RecordedEvaluation.byCalls(one, stream, MIXED);

            EvaluationAssertions.assertSameBitsAs(
                    RecordedEvaluation.byCalls(other, stream, MIXED), found);
            assertSameBits(other.state(), one.state());
        }
    }

    @ParameterizedTest
    @MethodSource("fixtures")
    void restoredLearner_continuesBitForBit(String name, LearnerFixture fixture) {
        ExampleStream examples =
                new ExampleStream(fixture.settings(), 10).weighted().partlyLabelled();
        SoftmaxLearner restored = fixture.start();
        try (SoftmaxLearner learner = fixture.start()) {
            for (int round = 0; round < 40; round++) {
                Examples stream = examples.take(97);
                if (round % 10 == 9) {
                    stream.features()[3 * 5] = Float.NaN;
                    stream.labels()[3] = 1;
                }
                RecordedEvaluation found = RecordedEvaluation.byCalls(learner, stream, MIXED);
                EvaluationAssertions.assertSameBitsAs(
                        RecordedEvaluation.byCalls(restored, stream, MIXED), found);
                LearnerState state = restored.state();
                assertSameBits(state, learner.state());
                restored.close();
                restored = TestEngine.start(fixture.settings(), state);
                for (int k = 0; k < fixture.settings().numExperts(); k++) {
                    assertThat(restored.weight(k)).isEqualTo(learner.weight(k));
                }
            }
            assertThat(learner.counters().skippedSteps()).isEqualTo(4);
        } finally {
            restored.close();
        }
    }

    @Test
    void interleavedModels_doNotAffectEachOther() {
        List<LearnerFixture> fixtures =
                fixtures().map(arguments -> (LearnerFixture) arguments.get()[1]).toList();
        List<Examples> streams = new ArrayList<>();
        List<LearnerState> alone = new ArrayList<>();
        List<SoftmaxLearner> learners = new ArrayList<>();
        for (LearnerFixture fixture : fixtures) {
            Examples stream = new ExampleStream(fixture.settings(), 11 + streams.size()).take(1920);
            streams.add(stream);
            try (SoftmaxLearner learner = fixture.start()) {
                RecordedEvaluation.byCalls(learner, stream, 24);
                alone.add(learner.state());
            }
            learners.add(fixture.start());
        }
        // All mini-batch sizes divide 96, so no mini-batch is incomplete when the
        // next model continues.
        for (int from = 0; from < 1920; from += 96) {
            for (int k = 0; k < fixtures.size(); k++) {
                Examples part = ExampleStream.rows(streams.get(k), from, from + 96);
                RecordedEvaluation.byCalls(learners.get(k), part, 24);
            }
        }
        for (int k = 0; k < fixtures.size(); k++) {
            assertSameBits(learners.get(k).state(), alone.get(k));
            learners.get(k).close();
        }
    }

    // Mini-batches of weight 0, and unlabelled examples.

    @ParameterizedTest
    @EnumSource(Precision.class)
    void miniBatchOfWeightZero_isSkipped_inTheMiddleOfABlock(Precision precision) {
        LearnerFixture fixture =
                LearnerFixture.of(5, 3)
                        .reduction(MiniBatchReduction.WEIGHTS)
                        .sgd(0.1, 0.5)
                        .miniBatch(2);
        Examples stream = new ExampleStream(fixture.settings(), 20).partlyLabelled().take(300);
        int labelled = 0;
        for (int i = 0; i < stream.size(); i++) {
            if (stream.labels()[i] != Examples.UNLABELLED && labelled++ / 2 % 3 == 1) {
                stream.weights()[i] = 0;
            }
        }
        double tolerance = precision == Precision.FLOAT ? FLOAT : DOUBLE;
        assertPlainLoop(fixture, precision, stream, tolerance, 300);
        assertPlainLoop(fixture, precision, stream, tolerance, 1);
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 3, 32, 150})
    void hundredsOfUnlabelledExamples_arePredicted(int miniBatchSize) {
        LearnerFixture fixture = LearnerFixture.of(5, 3).sgd(0.1, 0.5).miniBatch(miniBatchSize);
        for (LearnerFixture variant : List.of(fixture, fixture.scaler(ScalerChoice.WELFORD))) {
            ExampleStream examples = new ExampleStream(variant.settings(), 23);
            Examples stream = examples.take(200);
            Examples unlabelled = examples.take(300);
            for (int i = 0; i < 300; i++) {
                stream.add(unlabelled.features(), i * 5, Examples.UNLABELLED, 1);
            }
            for (int i = 0; i < 200; i++) {
                ExampleStream.append(unlabelled, i, stream);
            }
            assertPlainLoop(variant, stream, 700);
        }
    }

    @Test
    void examplesOfWeightZero_areStepsWithoutGradient_underTheReductionByExamples() {
        LearnerFixture fixture = LearnerFixture.of(5, 3).sgd(new Sgd(0.1, 0.9)).miniBatch(2);
        Examples stream = new ExampleStream(fixture.settings(), 21).take(300);
        for (int i = 20; i < 300; i++) {
            stream.weights()[i] = i % 100 < 50 ? 0 : 1;
        }
        assertPlainLoop(fixture, Precision.DOUBLE, stream, DOUBLE, 300);
    }

    @Test
    void unlabelledExamples_doNotAffectTraining() {
        LearnerFixture fixture =
                LearnerFixture.of(5, 3).scaler(ScalerChoice.WELFORD).sgd(0.1, 0.5).miniBatch(3);
        Examples stream = new ExampleStream(fixture.settings(), 22).partlyLabelled().take(3000);
        Examples labelled = new Examples(5);
        for (int i = 0; i < stream.size(); i++) {
            if (stream.labels()[i] != Examples.UNLABELLED) {
                ExampleStream.append(stream, i, labelled);
            }
        }
        try (SoftmaxLearner with = fixture.start(Precision.DOUBLE);
                SoftmaxLearner without = fixture.start(Precision.DOUBLE)) {
            RecordedEvaluation.byCalls(with, stream, 256);
            RecordedEvaluation.byCalls(without, labelled, 256);

            assertThat(with.counters()).isEqualTo(without.counters());
            assertClose(
                    StateAssertions.parameters(with), StateAssertions.parameters(without), SCALED);
        }
    }
}
