package io.freshet.model;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.freshet.model.example.Evaluation;
import io.freshet.model.example.Examples;
import io.freshet.model.loss.CrossEntropy;
import io.freshet.model.loss.MiniBatchReduction;
import io.freshet.model.mixture.Mixture;
import io.freshet.model.optim.Sgd;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Named;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

class BlockWorkspaceTest {
    private static final int FEATURES = 6;
    private static final int CLASSES = 3;

    private static LearnerSettings settings(
            int miniBatchSize, Sgd sgd, @Nullable Mixture mixture, ScalerChoice scaler) {
        return new LearnerSettings(
                FEATURES,
                CLASSES,
                miniBatchSize,
                new CrossEntropy(CLASSES),
                sgd,
                mixture,
                MiniBatchReduction.EXAMPLES,
                scaler.rule(),
                10);
    }

    /** Settings that together use all parts of a workspace. */
    static Stream<Named<LearnerSettings>> settings() {
        Mixture mixture = new Mixture(Mixture.DEFAULT_RATES, Mixture.DEFAULT_SWITCHING_RATES, true);
        return Stream.of(
                Named.of(
                        "the mixture, event by event",
                        settings(1, new Sgd(1, 0), mixture, ScalerChoice.WELFORD)),
                Named.of(
                        "momentum in blocks of mini-batches",
                        settings(4, new Sgd(0.05, 0.9), null, ScalerChoice.WELFORD)),
                Named.of(
                        "momentum, one mini-batch at a time",
                        settings(100, new Sgd(0.05, 0.9), null, ScalerChoice.WELFORD)),
                Named.of(
                        "the mixture without a scaler, one mini-batch at a time",
                        settings(100, new Sgd(1, 0), mixture, ScalerChoice.NONE)));
    }

    /** Examples of which some are unlabelled and some so large that their step is skipped. */
    private static Examples examples(long seed, int count) {
        Random random = new Random(seed);
        Examples examples = new Examples(FEATURES);
        float[] features = new float[FEATURES];
        for (int i = 0; i < count; i++) {
            float scale = random.nextInt(40) == 0 ? 1e36f : 1;
            for (int f = 0; f < FEATURES; f++) {
                features[f] = scale * (float) random.nextGaussian();
            }
            int label = random.nextInt(10) == 0 ? Examples.UNLABELLED : random.nextInt(CLASSES);
            examples.add(features, 0, label, 1 + random.nextInt(3));
        }
        return examples;
    }

    @ParameterizedTest
    @MethodSource("settings")
    void learnersThatShareAWorkspace_trainBitForBitAsAlone(LearnerSettings settings) {
        int learners = 3;
        int calls = 6;
        List<LearnerState> alone = new ArrayList<>();
        for (int k = 0; k < learners; k++) {
            try (SoftmaxLearner learner =
                    new SoftmaxLearner(settings, LearnerState.initial(settings))) {
                for (int call = 0; call < calls; call++) {
                    learner.learn(
                            examples(10L * k + call, 150), true, new Evaluation(CLASSES), null);
                }
                alone.add(learner.state());
            }
        }

        List<SoftmaxLearner> sharing = new ArrayList<>();
        try (BlockWorkspaces workspace = new BlockWorkspaces(settings)) {
            for (int k = 0; k < learners; k++) {
                sharing.add(new SoftmaxLearner(workspace, LearnerState.initial(settings)));
            }
            for (int call = 0; call < calls; call++) {
                for (int k = 0; k < learners; k++) {
                    sharing.get(k)
                            .learn(
                                    examples(10L * k + call, 150),
                                    true,
                                    new Evaluation(CLASSES),
                                    null);
                }
            }
            for (int k = 0; k < learners; k++) {
                // Closing one does not affect the others.
                StateAssertions.assertSameBits(sharing.get(k).state(), alone.get(k));
                sharing.get(k).close();
            }
        }
    }

    @Test
    void learnerInTheMiddleOfABlock_excludesOthers() {
        LearnerSettings settings = settings(1, new Sgd(0.1, 0), null, ScalerChoice.NONE);
        try (BlockWorkspaces workspace = new BlockWorkspaces(settings);
                SoftmaxLearner first =
                        new SoftmaxLearner(workspace, LearnerState.initial(settings));
                SoftmaxLearner second =
                        new SoftmaxLearner(workspace, LearnerState.initial(settings))) {
            StepObserver interrupts =
                    new StepObserver() {
                        @Override
                        public boolean observe(
                                Examples examples,
                                Evaluation evaluation,
                                int[] rows,
                                int from,
                                int to) {
                            second.learn(examples(2, 1), true, new Evaluation(CLASSES));
                            return false;
                        }

                        @Override
                        public void react(LearnerControl learner) {}
                    };

            assertThatThrownBy(
                            () ->
                                    first.learn(
                                            examples(1, 8),
                                            true,
                                            new Evaluation(CLASSES),
                                            interrupts))
                    .isInstanceOf(IllegalStateException.class)
                    .hasMessageContaining("in the middle of a block");
            assertThat(second.modelVersion()).isZero();
        }
    }
}
