package io.freshet.model;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.freshet.model.cuda.device.EmulatedDevice;
import io.freshet.model.ensemble.EnsembleRule;
import io.freshet.model.example.Evaluation;
import io.freshet.model.example.Examples;
import io.freshet.model.loss.CrossEntropy;
import io.freshet.model.loss.MiniBatchReduction;
import io.freshet.model.mixture.Mixture;
import io.freshet.model.optim.Sgd;
import io.freshet.model.scale.Standardization;
import java.util.Random;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Test that an ensemble's state passes from the CPU to a CUDA device, and back. */
class EngineCrossingTest {
    private static final int FEATURES = 6;
    private static final int CLASSES = 3;

    @BeforeEach
    void assumeAvailable() {
        EmulatedDevice.assumeAvailable();
    }

    private static LearnerSettings settings(int miniBatchSize, boolean labelExperts) {
        return new LearnerSettings(
                FEATURES,
                CLASSES,
                miniBatchSize,
                new CrossEntropy(CLASSES),
                new Sgd(0.1, 0),
                new Mixture(EnsembleRule.LINEAR_RATES, Mixture.DEFAULT_SWITCHING_RATES, false),
                MiniBatchReduction.EXAMPLES,
                new Standardization(100, false),
                10,
                false,
                new EnsembleRule(false, labelExperts));
    }

    private static Examples stream(int from, int to) {
        Examples examples = new Examples(FEATURES);
        Random random = new Random(7);
        float[] x = new float[FEATURES];
        for (int i = 0; i < to; i++) {
            double squared = 0;
            for (int f = 0; f < FEATURES; f++) {
                x[f] = (float) random.nextGaussian();
                squared += f < 2 ? x[f] * x[f] : 0;
            }
            int label = ((int) squared + (i < 1400 ? 0 : 1)) % CLASSES;
            if (i >= from) {
                examples.add(x, 0, label, 1 + i % 2);
            }
        }
        return examples;
    }

    private static SoftmaxLearner start(boolean onDevice, LearnerState state, LearnerSettings of) {
        return onDevice
                ? new SoftmaxLearner(
                        of, state, open -> new CudaWorkspace(open, EmulatedDevice::new))
                : new SoftmaxLearner(of, state);
    }

    private static double meanLoss(SoftmaxLearner learner, Examples examples) {
        Evaluation evaluation = new Evaluation(CLASSES);
        learner.learn(examples, true, evaluation);
        double sum = 0;
        for (int i = 0; i < examples.size(); i++) {
            sum += evaluation.losses()[i];
        }
        return sum / examples.size();
    }

    @ParameterizedTest
    @CsvSource({"1, false, true", "1, true, false", "4, false, false", "4, true, true"})
    void stateOfOneEngine_isContinuedByTheOther(
            int miniBatchSize, boolean fromDevice, boolean labelExperts) {
        LearnerSettings settings = settings(miniBatchSize, labelExperts);
        try (SoftmaxLearner first = start(fromDevice, LearnerState.initial(settings), settings)) {
            meanLoss(first, stream(0, 1000));
            LearnerState state = first.state();
            try (SoftmaxLearner same = start(fromDevice, state, settings);
                    SoftmaxLearner other = start(!fromDevice, state, settings)) {
                assertThat(same.isOnDevice()).isEqualTo(fromDevice);
                assertThat(other.isOnDevice()).isEqualTo(!fromDevice);
                double expected = meanLoss(first, stream(1000, 2000));
                assertThat(expected).isLessThan(Math.log(CLASSES));
                assertThat(meanLoss(same, stream(1000, 2000))).isEqualTo(expected);
                assertThat(meanLoss(other, stream(1000, 2000))).isCloseTo(expected, within(1e-4));
                for (int answer = 0; answer < 3; answer++) {
                    assertThat(other.combinationWeight(answer))
                            .isCloseTo(first.combinationWeight(answer), within(1e-3));
                }
                for (int expert = 0; expert < settings.numExperts(); expert++) {
                    assertThat(other.stackWeight(expert))
                            .isCloseTo(first.stackWeight(expert), within(1e-3));
                }
            }
        }
    }
}
