package io.freshet.model;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;
import static org.assertj.core.api.Assertions.withinPercentage;

import io.freshet.model.example.Evaluation;
import io.freshet.model.example.Evaluation.Outcome;
import io.freshet.model.example.Examples;
import io.freshet.model.example.SparseRows;
import io.freshet.model.mixture.Mixture;
import io.freshet.model.optim.LearningRateSchedule;
import io.freshet.model.optim.Sgd;
import io.freshet.model.optim.ZeroGradientSteps;
import io.freshet.model.sparse.SparseChunk;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.function.Consumer;
import java.util.stream.Stream;
import org.junit.jupiter.api.Named;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

class SparseSgdTest {
    private static final int FEATURES = 300;
    private static final int CLASSES = 3;

    /** Rates at which rounding is not amplified from step to step, as it is at 1 in this stream. */
    private static final Mixture MIXTURE =
            new Mixture(List.of(0.003, 0.01, 0.03, 0.1), Mixture.DEFAULT_SWITCHING_RATES, true);

    private static LearnerFixture fixture() {
        return LearnerFixture.of(FEATURES, CLASSES);
    }

    /** Learners that are trained on the same stream, dense and sparse. */
    static Stream<Arguments> learners() {
        LearningRateSchedule falling =
                new LearningRateSchedule(LearningRateSchedule.Kind.INVERSE_TIME, 0.1, 0.01, 1);
        return Stream.of(
                        Named.of("plain", fixture()),
                        Named.of("mixture", fixture().mixture(MIXTURE)),
                        Named.of("mini-batches", fixture().miniBatch(7)),
                        Named.of("mixture, mini-batches", fixture().mixture(MIXTURE).miniBatch(5)),
                        Named.of("balanced mixture", fixture().balanced().mixture(MIXTURE)),
                        Named.of("momentum", fixture().sgd(0.02, 0.9)),
                        Named.of("momentum, mini-batches", fixture().sgd(0.05, 0.5).miniBatch(4)),
                        Named.of("decay", fixture().sgd(new Sgd(falling, 0, 0, false, 0.01))),
                        Named.of(
                                "momentum, dampening, decay",
                                fixture().sgd(new Sgd(falling, 0.8, 0.3, false, 0.001))),
                        Named.of(
                                "Nesterov, decay",
                                fixture().sgd(new Sgd(falling, 0.9, 0, true, 0.001))))
                .map(Arguments::of);
    }

    /**
     * A seeded stream in which an example has few of the features, the class shifts some of them, a
     * column may occur twice in an example, and every tenth example has no label.
     */
    private static Examples stream(long seed, int size) {
        Random random = new Random(seed);
        Examples examples = new Examples(FEATURES, 0, size, true);
        for (int i = 0; i < size; i++) {
            int label = random.nextInt(CLASSES);
            examples.reserve();
            for (int k = 0; k < 8; k++) {
                // Squared, so that some columns are frequent and others rare.
                double u = random.nextDouble();
                int column = (int) (u * u * FEATURES);
                float shift = column % CLASSES == label ? 1 : 0;
                examples.requireSparse().add(column, (float) random.nextGaussian() + shift);
            }
            examples.addReserved(i % 10 == 9 ? Examples.UNLABELLED : label, 1 + i % 3);
        }
        return examples;
    }

    private static Examples dense(Examples sparse) {
        Examples examples = new Examples(sparse.numFeatures());
        SparseRows rows = sparse.requireSparse();
        for (int i = 0; i < sparse.size(); i++) {
            float[] features = new float[sparse.numFeatures()];
            for (int k = rows.start(i); k < rows.end(i); k++) {
                features[rows.columns()[k]] += rows.values()[k];
            }
            examples.add(features, 0, sparse.labels()[i], sparse.weights()[i]);
        }
        return examples;
    }

    private static Examples slice(Examples from, int begin, int end) {
        Examples slice = new Examples(from.numFeatures(), 0, 0, from.sparse() != null);
        for (int i = begin; i < end; i++) {
            slice.addFrom(from, i);
        }
        return slice;
    }

    @ParameterizedTest
    @MethodSource("learners")
    void sparseLearner_agreesWithTheDenseOne(LearnerFixture fixture) {
        // More steps than are kept before all rows catch up.
        Examples sparse = stream(1, ZeroGradientSteps.CAPACITY + 2500);
        Examples dense = dense(sparse);
        try (SoftmaxLearner one = learner(fixture.sparse().settings());
                SoftmaxLearner other = learner(fixture.settings())) {
            Evaluation actual = new Evaluation(CLASSES);
            Evaluation expected = new Evaluation(CLASSES);
            one.learn(sparse, true, actual);
            other.learn(dense, true, expected);
            for (int i = 0; i < sparse.size(); i++) {
                assertThat(actual.outcome(i)).isEqualTo(expected.outcome(i));
                if (sparse.labels()[i] == Examples.UNLABELLED) {
                    for (int c = 0; c < CLASSES; c++) {
                        assertThat(actual.probabilities(i)[c])
                                .isCloseTo(expected.probabilities(i)[c], within(2e-4f));
                    }
                } else {
                    assertThat(actual.losses()[i])
                            .as("loss of example %d", i)
                            .isCloseTo(expected.losses()[i], within(1e-3f));
                }
            }
            assertThat(one.parameterNorm())
                    .isCloseTo(other.parameterNorm(), within(1e-3 * other.parameterNorm()));
            assertThat(one.gradientNorm())
                    .isCloseTo(other.gradientNorm(), within(1e-3 * other.gradientNorm()));
            assertThat(one.counters()).isEqualTo(other.counters());
        }
    }

    @ParameterizedTest
    @MethodSource("learners")
    void scaledLearner_continuesFromItsState_bitForBit(LearnerFixture fixture) {
        LearnerSettings settings = fixture.scaler(ScalerChoice.CLIPPED_FADING).sparse().settings();
        Examples stream = stream(2, 3500);
        try (SoftmaxLearner whole = learner(settings)) {
            RecordedLosses expected = new RecordedLosses(whole, stream, 3500);
            SoftmaxLearner part = learner(settings);
            int done = 0;
            for (int end : new int[] {700, 1301, 3500}) {
                part = restored(settings, part);
                RecordedLosses actual = new RecordedLosses(part, slice(stream, done, end), end);
                assertThat(actual.losses)
                        .containsExactly(
                                Arrays.copyOfRange(
                                        expected.losses, done, done + actual.losses.length));
                done += actual.losses.length;
            }
            assertThat(part.parameterNorm()).isEqualTo(whole.parameterNorm());
            assertThat(part.counters()).isEqualTo(whole.counters());
            part.close();
        }
    }

    private static SoftmaxLearner restored(LearnerSettings settings, SoftmaxLearner learner) {
        try (learner) {
            return new SoftmaxLearner(settings, learner.state());
        }
    }

    /** The losses of the examples that are not pending after a call. */
    private static final class RecordedLosses {
        private final float[] losses;

        RecordedLosses(SoftmaxLearner learner, Examples examples, int end) {
            Evaluation evaluation = new Evaluation(CLASSES);
            learner.learn(examples, end == 3500, evaluation);
            int size = 0;
            while (size < examples.size() && evaluation.outcome(size) != Outcome.PENDING) {
                size++;
            }
            losses = Arrays.copyOf(evaluation.losses(), size);
        }
    }

    @Test
    void state_sharesWhatHasNotChanged() {
        LearnerSettings settings = fixture().sparse().settings();
        try (SoftmaxLearner learner = learner(settings)) {
            learner.learn(stream(3, 2000), true, new Evaluation(CLASSES));
            SparseChunk[] before = chunks(learner);
            assertThat(before).hasSize(2);
            assertThat(chunks(learner))
                    .usingElementComparator(SparseSgdTest::same)
                    .isEqualTo(before);
            float[] values = before[0].values().clone();

            // One example whose columns, with the bias, are all in the first chunk.
            Examples one = new Examples(FEATURES, 0, 1, true);
            one.reserve();
            one.requireSparse().add(before[0].columns()[5], 2);
            one.addReserved(1, 1);
            learner.learn(one, true, new Evaluation(CLASSES));

            assertThat(before[0].values()).containsExactly(values);
            assertThat(chunks(learner)[0]).isNotSameAs(before[0]);
            assertThat(chunks(learner)[1]).isSameAs(before[1]);
        }
    }

    @SuppressWarnings("ReferenceEquality") // shared chunks are the same objects
    private static int same(SparseChunk one, SparseChunk other) {
        return one == other ? 0 : 1;
    }

    private static SparseChunk[] chunks(SoftmaxLearner learner) {
        return learner.state().sparse().chunks();
    }

    @Test
    void exampleWithoutLabel_addsNoParameters() {
        LearnerSettings settings = fixture().mixture(MIXTURE).sparse().settings();
        try (SoftmaxLearner learner = learner(settings)) {
            Examples queries = new Examples(FEATURES, 0, 1, true);
            queries.reserve();
            queries.requireSparse().add(7, 1);
            queries.addReserved(Examples.UNLABELLED, 1);
            Evaluation evaluation = new Evaluation(CLASSES);
            learner.learn(queries, true, evaluation);
            assertThat(learner.numColumns()).isZero();
            assertThat(evaluation.probabilities(0)[2]).isCloseTo(1 / 3f, within(1e-6f));
        }
    }

    @Test
    void onlyColumnsThatOccur_takeMemory() {
        LearnerSettings settings =
                LearnerFixture.of(1 << 24, 2).mixture(MIXTURE).sparse().settings();
        Random random = new Random(4);
        try (SoftmaxLearner learner = learner(settings)) {
            Examples examples = new Examples(1 << 24, 0, 0, true);
            int[] seen = random.ints(1000, 0, 1 << 24).distinct().toArray();
            for (int i = 0; i < 5000; i++) {
                examples.reserve();
                examples.requireSparse().add(seen[i % seen.length], 1);
                examples.addReserved(i % 2, 1);
            }
            learner.learn(examples, true, new Evaluation(2));
            assertThat(learner.numColumns()).isEqualTo(seen.length);
            long floats =
                    Arrays.stream(chunks(learner)).mapToLong(chunk -> chunk.values().length).sum();
            assertThat(floats).isLessThan(1100L * settings.rowLayout().width() * 2);
        }
    }

    /** One value of 1e9 among values of ±3 must not make the feature useless, wherever it is. */
    @ParameterizedTest
    @ValueSource(ints = {0, 1, 50, 1000})
    void wrongReading_doesNotSpoilTheFeature(int at) {
        LearnerSettings settings =
                LearnerFixture.of(4, 2)
                        .mixture(MIXTURE)
                        .scaler(ScalerChoice.CLIPPED_WELFORD)
                        .sparse()
                        .settings();
        Random random = new Random(5);
        Examples examples = new Examples(4, 0, 0, true);
        for (int i = 0; i < 4000; i++) {
            int label = random.nextInt(2);
            float value = (label == 0 ? -2 : 2) + (float) random.nextGaussian();
            examples.reserve();
            examples.requireSparse().add(2, i == at ? 1e9f : value);
            examples.addReserved(label, 1);
        }
        try (SoftmaxLearner learner = learner(settings)) {
            Evaluation evaluation = new Evaluation(2);
            learner.learn(examples, true, evaluation);
            int right = 0;
            for (int i = 2000; i < 4000; i++) {
                right += evaluation.predictedClasses()[i] == examples.labels()[i] ? 1 : 0;
            }
            assertThat(right).isGreaterThan(1920);
        }
    }

    @Test
    void stepThatIsNotFinite_changesNothing() {
        for (LearnerFixture fixture :
                List.of(
                        fixture().sgd(1e30, 0),
                        fixture().sgd(1e30, 0.9),
                        fixture()
                                .sgd(
                                        new Sgd(
                                                LearningRateSchedule.constant(1e30),
                                                0,
                                                0,
                                                false,
                                                1e-9)))) {
            LearnerSettings settings = fixture.scaler(ScalerChoice.WELFORD).sparse().settings();
            try (SoftmaxLearner learner = learner(settings)) {
                learner.learn(one(1, 1, 0), true, new Evaluation(CLASSES));
                float[] before = chunks(learner)[0].values().clone();
                Evaluation evaluation = new Evaluation(CLASSES);
                Examples huge = one(1, 3e38f, 1);
                learner.learn(huge, true, evaluation);
                assertThat(evaluation.outcome(0)).isIn(Outcome.SKIPPED_LOSS, Outcome.SKIPPED_STEP);
                assertThat(chunks(learner)[0].values()).containsExactly(before);
                assertThat(learner.counters().skippedSteps()).isEqualTo(1);
            }
        }
    }

    /** Of two learning rates one overflows: it goes on with the parameters of the other. */
    @Test
    void rateThatIsNotFinite_restarts() {
        Mixture mixture = new Mixture(List.of(0.1, 1e38), 0.01, false);
        LearnerSettings settings = fixture().mixture(mixture).sparse().settings();
        try (SoftmaxLearner learner = learner(settings)) {
            Examples examples = new Examples(FEATURES, 0, 0, true);
            examples.addFrom(one(1, 30, 0), 0);
            examples.addFrom(one(2, 1, 1), 0);
            Evaluation evaluation = new Evaluation(CLASSES);
            learner.learn(examples, true, evaluation);
            assertThat(evaluation.outcome(0)).isEqualTo(Outcome.TRAINED);
            assertThat(learner.restarts(1)).isEqualTo(1);
            float[] values = chunks(learner)[0].values();
            int width = settings.rowLayout().width();
            for (int row = 0; row < 2; row++) {
                for (int c = 0; c < CLASSES; c++) {
                    assertThat(Float.isFinite(values[row * width + CLASSES + c])).isTrue();
                }
            }
        }
    }

    private static Examples one(int column, float value, int label) {
        Examples examples = new Examples(FEATURES, 0, 1, true);
        examples.reserve();
        examples.requireSparse().add(column, value);
        examples.addReserved(label, 1);
        return examples;
    }

    @ParameterizedTest
    @MethodSource("learners")
    void changes_actAsOnADenseLearner(LearnerFixture fixture) {
        Examples sparse = stream(6, 2600);
        Examples dense = dense(sparse);
        List<Consumer<SoftmaxLearner>> changes =
                List.of(
                        SoftmaxLearner::resetParameters,
                        SoftmaxLearner::rollBack,
                        SoftmaxLearner::resetOptimizer);
        for (Consumer<SoftmaxLearner> change : changes) {
            try (SoftmaxLearner one = learner(fixture.sparse().settings());
                    SoftmaxLearner other = learner(fixture.settings())) {
                for (int from = 0; from < 2600; from += 1300) {
                    Evaluation actual = new Evaluation(CLASSES);
                    Evaluation expected = new Evaluation(CLASSES);
                    one.learn(slice(sparse, from, from + 1300), true, actual);
                    other.learn(slice(dense, from, from + 1300), true, expected);
                    for (int i = 0; i < 1300; i++) {
                        if (expected.outcome(i) == Outcome.TRAINED) {
                            assertThat(actual.losses()[i])
                                    .isCloseTo(expected.losses()[i], within(1e-3f));
                        }
                    }
                    change.accept(one);
                    change.accept(other);
                    assertThat(one.parameterNorm())
                            .isCloseTo(
                                    other.parameterNorm(),
                                    within(1e-9 + 1e-3 * other.parameterNorm()));
                }
            }
        }
    }

    /** A learner that takes over another's state goes on as that one does. */
    @ParameterizedTest
    @MethodSource("learners")
    void copy_continuesAsTheOriginal(LearnerFixture fixture) {
        LearnerSettings settings = fixture.sparse().settings();
        Examples stream = stream(7, 1000);
        try (SoftmaxLearner original = learner(settings);
                SoftmaxLearner copy = learner(settings)) {
            original.learn(stream, true, new Evaluation(CLASSES));
            copy.learn(stream(8, 300), true, new Evaluation(CLASSES));
            copy.copyFrom(original.state());
            Evaluation one = new Evaluation(CLASSES);
            Evaluation other = new Evaluation(CLASSES);
            Examples last = new Examples(FEATURES, 0, 0, true);
            last.addFrom(stream(9, 1), 0);
            original.learn(last, true, one);
            copy.learn(last, true, other);
            assertThat(one.losses()[0]).isEqualTo(other.losses()[0]);
        }
    }

    /** With another optimiser the parameters are kept, after all steps of the earlier one. */
    @Test
    void otherOptimizer_keepsTheParameters() {
        LearnerFixture decayed =
                fixture().sgd(new Sgd(LearningRateSchedule.constant(0.05), 0.9, 0, false, 0.01));
        Examples sparse = stream(10, 1500);
        Examples dense = dense(sparse);
        try (SoftmaxLearner one = learner(decayed.sparse().settings());
                SoftmaxLearner other = learner(decayed.settings())) {
            one.learn(sparse, true, new Evaluation(CLASSES));
            other.learn(dense, true, new Evaluation(CLASSES));
            try (SoftmaxLearner plain =
                    new SoftmaxLearner(fixture().sparse().settings(), one.state())) {
                assertThat(plain.parameterNorm())
                        .isCloseTo(other.parameterNorm(), within(1e-3 * other.parameterNorm()));
            }
        }
    }

    /** Columns and classes that are added begin at 0, and the others keep their parameters. */
    @ParameterizedTest
    @MethodSource("learners")
    void extendedState_keepsWhatIsThere(LearnerFixture fixture) {
        LearnerSettings settings = fixture.sparse().settings();
        int more = CLASSES + 2;
        LearnerSettings extended =
                new LearnerSettings(
                        FEATURES + 7,
                        more,
                        settings.miniBatchSize(),
                        settings.loss().withClasses(more),
                        settings.optimizer(),
                        settings.mixture(),
                        settings.reduction(),
                        null,
                        10,
                        true);
        try (SoftmaxLearner before = learner(settings)) {
            before.learn(stream(12, 700), true, new Evaluation(CLASSES));
            LearnerState state = before.state().extended(FEATURES, CLASSES, extended);
            try (SoftmaxLearner after = new SoftmaxLearner(extended, state)) {
                assertThat(after.parameterNorm()).isEqualTo(before.parameterNorm());
                assertThat(after.numColumns()).isEqualTo(before.numColumns());
                Examples all = stream(13, 200);
                Examples wide = new Examples(FEATURES + 7, 0, 0, true);
                Examples known = new Examples(FEATURES, 0, 0, true);
                SparseRows rows = all.requireSparse();
                for (int i = 0; i < all.size(); i++) {
                    for (Examples queries : List.of(wide, known)) {
                        queries.reserve();
                        for (int k = rows.start(i); k < rows.end(i); k++) {
                            queries.requireSparse().add(rows.columns()[k], rows.values()[k]);
                        }
                        queries.addReserved(Examples.UNLABELLED, 1);
                    }
                }
                Evaluation one = new Evaluation(CLASSES);
                Evaluation other = new Evaluation(more);
                before.learn(known, true, one);
                after.learn(wide, true, other);
                if (settings.mixture() == null) {
                    for (int i = 0; i < all.size(); i++) {
                        // Equal logits of the old classes: probabilities in the same ratio.
                        float[] p = one.probabilities(i);
                        float[] q = other.probabilities(i);
                        assertThat(q[1] / q[0]).isCloseTo(p[1] / p[0], withinPercentage(0.01));
                        assertThat(q[2] / q[0]).isCloseTo(p[2] / p[0], withinPercentage(0.01));
                        assertThat(q[3]).isEqualTo(q[4]);
                    }
                }
                Examples added = new Examples(FEATURES + 7, 0, 0, true);
                for (int i = 0; i < 100; i++) {
                    added.reserve();
                    added.requireSparse().add(FEATURES + 3, 1);
                    added.addReserved(4, 1);
                }
                Evaluation trained = new Evaluation(more);
                after.learn(added, true, trained);
                assertThat(trained.predictedClasses()[99]).isEqualTo(4);
                assertThat(after.numColumns()).isEqualTo(before.numColumns() + 1);
            }
        }
    }

    /** The last good rows have the layout of the optimiser that wrote them. */
    @ParameterizedTest
    @MethodSource("learners")
    void otherOptimizer_canRollBack(LearnerFixture fixture) {
        LearnerFixture saved =
                fixture()
                        .miniBatch(fixture.miniBatchSize())
                        .mixture(fixture.settings().mixture())
                        .loss(fixture.settings().loss());
        for (boolean back : new boolean[] {false, true}) {
            LearnerSettings from = (back ? fixture : saved).sparse().settings();
            LearnerSettings to = (back ? saved : fixture).sparse().settings();
            try (SoftmaxLearner one = learner(from)) {
                Examples stream = stream(14, 8000);
                one.learn(stream, true, new Evaluation(CLASSES));
                assertThat(one.state().hasGoodParameters()).isTrue();
                LearnerState state = one.state();
                one.rollBack();
                try (SoftmaxLearner other = new SoftmaxLearner(to, state)) {
                    other.rollBack();
                    assertThat(other.parameterNorm())
                            .isCloseTo(one.parameterNorm(), withinPercentage(0.01));
                    other.learn(stream(15, 100), true, new Evaluation(CLASSES));
                    assertThat(Double.isFinite(other.parameterNorm())).isTrue();
                }
            }
        }
    }

    /** A roll-back returns to earlier parameters, not to earlier statistics of the features. */
    @Test
    void rollBack_keepsTheScales() {
        LearnerSettings settings =
                fixture().scaler(ScalerChoice.CLIPPED_WELFORD).sparse().settings();
        try (SoftmaxLearner learner = learner(settings)) {
            learner.learn(stream(16, 1500), true, new Evaluation(CLASSES));
            float[] before = scales(learner, settings);
            learner.rollBack();
            assertThat(scales(learner, settings)).containsExactly(before);
            learner.resetScaler();
            assertThat(scales(learner, settings)).containsOnly(0);
        }
    }

    /** Returns the scales of the columns, in the order of the columns. */
    private static float[] scales(SoftmaxLearner learner, LearnerSettings settings) {
        int width = settings.rowLayout().width();
        float[] scales = new float[2 * (FEATURES + 1)];
        for (SparseChunk chunk : chunks(learner)) {
            for (int row = 0; row < chunk.size(); row++) {
                System.arraycopy(
                        chunk.values(),
                        row * width + settings.rowLayout().scale(),
                        scales,
                        2 * chunk.columns()[row],
                        2);
            }
        }
        return scales;
    }

    @Test
    void denseExamples_areRefused() {
        try (SoftmaxLearner learner = learner(fixture().sparse().settings())) {
            assertThatThrownBy(
                            () ->
                                    learner.learn(
                                            dense(stream(11, 1)), true, new Evaluation(CLASSES)))
                    .hasMessage("the model is sparse, but the examples are dense");
        }
    }

    private static SoftmaxLearner learner(LearnerSettings settings) {
        return new SoftmaxLearner(settings, LearnerState.initial(settings));
    }
}
