package io.freshet.model;

import static io.freshet.model.StateAssertions.assertClose;
import static io.freshet.model.StateAssertions.assertSameBits;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import io.freshet.model.contract.ExampleStream;
import io.freshet.model.contract.PlainLoop;
import io.freshet.model.contract.RecordedEvaluation;
import io.freshet.model.example.Evaluation;
import io.freshet.model.example.Evaluation.Outcome;
import io.freshet.model.example.Examples;
import io.freshet.model.linalg.Precision;
import io.freshet.model.loss.MiniBatchReduction;
import io.freshet.model.mixture.Mixture;
import io.freshet.model.optim.LearningRateSchedule;
import io.freshet.model.optim.LearningRateSchedule.Kind;
import io.freshet.model.optim.Sgd;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.function.Consumer;
import java.util.stream.DoubleStream;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Tests of the mini-batches that a step observer sees, and of the position of its reactions. */
class StepObserverTest {
    private static final int[] CALLS = {1, 7, 256};

    static Stream<LearnerFixture> fixtures() {
        LearningRateSchedule decaying = new LearningRateSchedule(Kind.EXPONENTIAL, 0.1, 0.999, 1);
        LearnerFixture fixture = LearnerFixture.of(5, 3).scaler(ScalerChoice.WELFORD);
        return Stream.of(
                        fixture,
                        fixture.sgd(0.02, 0.9),
                        fixture.sgd(new Sgd(decaying, 0.7, 0, true, 0.005)),
                        fixture.mixture(new Mixture(List.of(0.01, 0.1, 0.5), 0.01, true)))
                .flatMap(variant -> Stream.of(1, 3, 8, 32, 100).map(variant::miniBatch));
    }

    /**
     * Returns examples of which a tenth are unlabelled, and a tenth of the others have weight 0.
     */
    private static Examples stream(LearnerFixture fixture, long seed, int count) {
        return new ExampleStream(fixture.settings(), seed).weighted().partlyLabelled().take(count);
    }

    // Position of reactions.

    /** Change of the learner, and the same change of the plain loop. */
    private record Reaction(Consumer<LearnerControl> ofLearner, Consumer<PlainLoop> ofLoop) {}

    /** Observer with reactions, by the example after whose mini-batch they are due. */
    private static final class Plan implements StepObserver {
        private final SortedMap<Integer, Reaction> reactions;
        private List<Reaction> due = List.of();
        private int trained;

        Plan(SortedMap<Integer, Reaction> reactions) {
            this.reactions = reactions;
        }

        /** Returns the reactions that are due after this number of further examples. */
        List<Reaction> after(int count) {
            int before = trained;
            trained += count;
            return List.copyOf(reactions.subMap(before, trained).values());
        }

        @Override
        public boolean observe(
                Examples examples, Evaluation evaluation, int[] rows, int from, int to) {
            due = after(to - from);
            return !due.isEmpty();
        }

        @Override
        public void react(LearnerControl learner) {
            due.forEach(reaction -> reaction.ofLearner().accept(learner));
        }
    }

    @ParameterizedTest
    @MethodSource("fixtures")
    void reaction_takesEffectAfterItsExample_howeverTheStreamIsDivided(LearnerFixture fixture) {
        Examples stream = stream(fixture, 1, 1500);
        Examples others = stream(fixture, 2, 200);
        PlainLoop otherLoop = new PlainLoop(fixture.settings());
        otherLoop.learn(others);
        for (Precision precision : Precision.values()) {
            try (SoftmaxLearner other = fixture.start(precision)) {
                RecordedEvaluation.byCalls(other, others, 200);
                SortedMap<Integer, Reaction> reactions = reactions(fixture, other, otherLoop);
                PlainLoop plain = new PlainLoop(fixture.settings());
                Plan ofLoop = new Plan(reactions);
                RecordedEvaluation expected =
                        plain.learn(
                                stream,
                                size ->
                                        ofLoop.after(size)
                                                .forEach(
                                                        reaction ->
                                                                reaction.ofLoop().accept(plain)));
                for (int size : CALLS) {
                    try (SoftmaxLearner learner = fixture.start(precision)) {
                        RecordedEvaluation found =
                                RecordedEvaluation.byCalls(
                                        learner, stream, new Plan(reactions), size);

                        double tolerance =
                                precision == Precision.FLOAT
                                        ? BlockedSgdTest.FLOAT
                                        : BlockedSgdTest.SCALED;
                        EvaluationAssertions.assertCloseTo(found, expected, tolerance);
                        assertClose(
                                StateAssertions.parameters(learner), plain.parameters, tolerance);
                        assertThat(learner.modelVersion()).isEqualTo(plain.version);
                        assertThat(learner.counters().steps()).isEqualTo(plain.steps);
                        assertThat(learner.state().scaler().count()).isEqualTo(plain.count);
                    }
                }
            }
        }
    }

    /** Returns one reaction of each kind at a random example, and one more at the next. */
    private static SortedMap<Integer, Reaction> reactions(
            LearnerFixture fixture, SoftmaxLearner other, PlainLoop otherLoop) {
        Reaction resetOptimizer =
                new Reaction(LearnerControl::resetOptimizer, PlainLoop::resetOptimizer);
        List<Reaction> kinds =
                List.of(
                        new Reaction(LearnerControl::resetScaler, PlainLoop::resetScaler),
                        resetOptimizer,
                        new Reaction(
                                l -> l.copyFrom(other.state()), loop -> loop.copyFrom(otherLoop)),
                        fixture.settings().mixture() == null
                                ? new Reaction(l -> l.boost(3, 20), loop -> loop.boost(3, 20))
                                : resetOptimizer,
                        new Reaction(LearnerControl::rollBack, PlainLoop::rollBack),
                        new Reaction(LearnerControl::resetParameters, PlainLoop::resetParameters));
        // Where each example is a step, the good copy is made at the 1000th.
        int[] from = {0, 200, 400, 600, 1010, 1200};
        Random random = new Random(3);
        SortedMap<Integer, Reaction> reactions = new TreeMap<>();
        for (int k = 0; k < from.length; k++) {
            int place = from[k] + random.nextInt(100);
            reactions.put(place, kinds.get(k));
            reactions.put(place + 1, kinds.get(random.nextInt(2)));
        }
        return reactions;
    }

    @ParameterizedTest
    @MethodSource("fixtures")
    void stateDuringAReaction_isThatAfterTheExamplesSoFar(LearnerFixture fixture) {
        Examples stream = stream(fixture, 4, 600);
        // After every third step: the numbers of steps and of examples, the scaler's moments
        // and the parameters.
        PlainLoop plain = new PlainLoop(fixture.settings());
        List<long[]> counts = new ArrayList<>();
        List<double[]> moments = new ArrayList<>();
        List<double[][][]> parameters = new ArrayList<>();
        plain.learn(
                stream,
                size -> {
                    if (plain.steps % 3 == 0) {
                        counts.add(new long[] {plain.steps, plain.count});
                        moments.add(concat(plain.mean, plain.squaredDeviations));
                        parameters.add(copy(plain.parameters));
                    }
                });
        for (int size : CALLS) {
            int[] stops = {0};
            try (SoftmaxLearner learner = fixture.start()) {
                StepObserver observer =
                        everyThird(
                                control -> {
                                    LearnerState state = learner.state();
                                    int stop = stops[0]++;
                                    assertThat(state.counters().steps())
                                            .isEqualTo(counts.get(stop)[0]);
                                    assertThat(state.scaler().count())
                                            .isEqualTo(counts.get(stop)[1]);
                                    double[] found =
                                            concat(
                                                    state.scaler().mean(),
                                                    state.scaler().squaredDeviations());
                                    for (int i = 0; i < found.length; i++) {
                                        double expected = moments.get(stop)[i];
                                        double tolerance =
                                                BlockedSgdTest.SCALED
                                                        * Math.max(1, Math.abs(expected));
                                        assertThat(found[i]).isCloseTo(expected, within(tolerance));
                                    }
                                    assertClose(
                                            StateAssertions.parameters(learner),
                                            parameters.get(stop),
                                            BlockedSgdTest.FLOAT);
                                });
                RecordedEvaluation.byCalls(learner, stream, observer, size);
            }
            assertThat(stops[0]).isEqualTo(counts.size());
        }
    }

    private static StepObserver everyThird(Consumer<LearnerControl> reaction) {
        return new StepObserver() {
            private int steps;

            @Override
            public boolean observe(
                    Examples examples, Evaluation evaluation, int[] rows, int from, int to) {
                return ++steps % 3 == 0;
            }

            @Override
            public void react(LearnerControl learner) {
                reaction.accept(learner);
            }
        };
    }

    private static double[] concat(double[] first, double[] second) {
        return DoubleStream.concat(Arrays.stream(first), Arrays.stream(second)).toArray();
    }

    private static double[][][] copy(double[][][] values) {
        return Arrays.stream(values)
                .map(matrix -> Arrays.stream(matrix).map(double[]::clone).toArray(double[][]::new))
                .toArray(double[][][]::new);
    }

    // Calls of the observer.

    /**
     * Observer that records the examples that it sees, by weight, and may react to each mini-batch.
     */
    private static final class RecordingObserver implements StepObserver {
        private final boolean reacts;
        final List<Integer> seen = new ArrayList<>();
        final List<Integer> sizes = new ArrayList<>();
        final List<Double> losses = new ArrayList<>();
        private int reactions;

        RecordingObserver(boolean reacts) {
            this.reacts = reacts;
        }

        @Override
        public boolean observe(
                Examples examples, Evaluation evaluation, int[] rows, int from, int to) {
            assertThat(reactions).isEqualTo(reacts ? sizes.size() : 0);
            sizes.add(to - from);
            for (int i = from; i < to; i++) {
                seen.add(numberOf(examples.weights()[rows[i]]));
                losses.add((double) evaluation.losses()[rows[i]]);
            }
            return reacts;
        }

        @Override
        public void react(LearnerControl learner) {
            reactions++;
        }

        static float weightOf(int number) {
            return 1 + number * 0x1p-12f;
        }

        static int numberOf(float weight) {
            return (int) ((weight - 1) * 0x1p12f);
        }
    }

    @ParameterizedTest
    @MethodSource("fixtures")
    void observer_seesEachMiniBatchThatIsTrainedOn_once_inOrder(LearnerFixture original) {
        LearnerFixture fixture = original.reduction(MiniBatchReduction.WEIGHTS);
        int size = fixture.miniBatchSize();
        Examples stream = new ExampleStream(fixture.settings(), 5).partlyLabelled().take(800);
        int labelled = 0;
        for (int i = 0; i < 800; i++) {
            if (stream.labels()[i] == Examples.UNLABELLED) {
                continue;
            }
            stream.weights()[i] = RecordingObserver.weightOf(i);
            // Some mini-batches have weight 0, and some are skipped because a value
            // is not finite.
            int miniBatch = labelled++ / size % 7;
            if (miniBatch == 2) {
                stream.weights()[i] = 0;
            } else if (miniBatch == 5) {
                stream.features()[i * 5] = Float.NaN;
            }
        }
        for (boolean reacts : new boolean[] {false, true}) {
            for (int calls : CALLS) {
                RecordingObserver recording = new RecordingObserver(reacts);
                try (SoftmaxLearner learner = fixture.start()) {
                    RecordedEvaluation found =
                            RecordedEvaluation.byCalls(learner, stream, recording, calls);

                    int[] trained =
                            IntStream.range(0, 800)
                                    .filter(i -> found.outcomes[i] == Outcome.TRAINED)
                                    .toArray();
                    assertThat(recording.seen).containsExactly(box(trained));
                    assertThat(recording.losses)
                            .containsExactlyElementsOf(
                                    Arrays.stream(trained).mapToObj(i -> found.losses[i]).toList());
                    assertThat(recording.sizes).hasSize((int) learner.counters().steps());
                    assertThat(recording.sizes.subList(0, recording.sizes.size() - 1))
                            .containsOnly(size);
                    assertThat(found.outcomes).contains(Outcome.WEIGHTLESS, Outcome.SKIPPED_LOSS);
                }
            }
        }
    }

    @ParameterizedTest
    @MethodSource("fixtures")
    void observerThatNeverReacts_changesNoBit(LearnerFixture fixture) {
        Examples stream = stream(fixture, 6, 1000);
        stream.features()[300 * 5] = Float.NaN;
        for (int size : CALLS) {
            try (SoftmaxLearner observed = fixture.start();
                    SoftmaxLearner alone = fixture.start()) {
                RecordedEvaluation found =
                        RecordedEvaluation.byCalls(
                                observed, stream, new RecordingObserver(false), size);

                EvaluationAssertions.assertSameBitsAs(
                        found, RecordedEvaluation.byCalls(alone, stream, size));
                assertSameBits(observed.state(), alone.state());
            }
        }
    }

    @Test
    void reactionThatTrainsOrPredicts_isRefused() {
        LearnerFixture fixture = LearnerFixture.of(5, 3);
        Examples stream = stream(fixture, 7, 10);
        List<Consumer<SoftmaxLearner>> reactions =
                List.of(
                        learner -> learner.learn(stream, false, new Evaluation(3)),
                        learner -> learner.predict(new float[5], 1, new float[3]));
        for (Consumer<SoftmaxLearner> reaction : reactions) {
            try (SoftmaxLearner learner = fixture.start()) {
                assertThatThrownBy(
                                () ->
                                        RecordedEvaluation.byCalls(
                                                learner,
                                                stream,
                                                everyThird(control -> reaction.accept(learner)),
                                                10))
                        .isInstanceOf(IllegalStateException.class)
                        .hasMessageContaining("may change it, but not pass it examples");
            }
        }
    }

    private static Integer[] box(int[] values) {
        return Arrays.stream(values).boxed().toArray(Integer[]::new);
    }
}
