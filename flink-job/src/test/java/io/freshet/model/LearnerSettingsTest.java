package io.freshet.model;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import io.freshet.model.loss.BinaryCrossEntropy;
import io.freshet.model.loss.CrossEntropy;
import io.freshet.model.loss.MiniBatchReduction;
import io.freshet.model.mixture.Baselines;
import io.freshet.model.mixture.Mixture;
import io.freshet.model.optim.Sgd;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class LearnerSettingsTest {
    private static final Sgd SGD = new Sgd(0.01, 0.9);

    @Test
    void dimensions_haveAMinimum() {
        assertThatThrownBy(() -> settings(0, 2, 1)).hasMessageContaining("numFeatures");
        assertThatThrownBy(() -> settings(1, 0, 1)).hasMessageContaining("numClasses");
        assertThatThrownBy(() -> settings(1, 2, 0)).hasMessageContaining("miniBatchSize");
        assertThatThrownBy(() -> LearnerFixture.of(1, 2).maxSkippedSteps(0))
                .hasMessageContaining("maxSkippedSteps");
    }

    @Test
    void dimensions_mustFitOneArray() {
        assertThatThrownBy(() -> settings(1_000_000, 1_000, 1))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("numClasses × (numFeatures + 1)")
                .hasMessageContaining("1000016000");
        assertThatThrownBy(() -> settings(999, 2, 1_000_000))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("miniBatchSize × (numFeatures + 1)")
                .hasMessageContaining("1008000000");
        assertThatThrownBy(() -> settings(1, 1_000, 1_000_000))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("miniBatchSize × numClasses")
                .hasMessageContaining("1000000000");
    }

    @Test
    void learningRates_countInTheDimensions() {
        LearnerFixture fixture = LearnerFixture.of(99_999, 1_000);
        assertThat(fixture.settings().numParameters()).isEqualTo(100_000_000);
        Mixture mixture = new Mixture(Mixture.DEFAULT_RATES, 0, false);
        assertThatThrownBy(() -> fixture.mixture(mixture))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("learning rates × numClasses × (numFeatures + 1)")
                .hasMessageContaining("700000000");
    }

    @Test
    void loss_mustHaveAsManyOutputsAsClasses() {
        assertThatThrownBy(() -> LearnerFixture.of(2, 3).loss(new CrossEntropy(4)))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage("the loss has 4 outputs for 3 classes");
        assertThatThrownBy(() -> LearnerFixture.of(2, 3).loss(new BinaryCrossEntropy(1)))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage("the loss has 1 outputs for 3 classes");
        LearnerSettings two = LearnerFixture.of(2, 2).loss(new BinaryCrossEntropy(1)).settings();
        assertThat(two.numOutputs()).isEqualTo(1);
        assertThat(two.numParameters()).isEqualTo(3);
    }

    @Test
    void mixture_requiresPlainSgdAndASoftmaxLoss() {
        Mixture mixture = new Mixture(List.of(0.1), 0, false);
        assertThatThrownBy(() -> LearnerFixture.of(2, 3).sgd(SGD).mixture(mixture))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("plain SGD");
        assertThatThrownBy(
                        () ->
                                LearnerFixture.of(2, 3)
                                        .loss(new BinaryCrossEntropy(3))
                                        .mixture(mixture))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("softmax loss")
                .hasMessageContaining("BinaryCrossEntropy");
    }

    @Test
    void mixture_requiresDistinctLearningRates() {
        assertThatThrownBy(() -> new Mixture(List.of(), 0, false))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("at least one learning rate");
        assertThatThrownBy(() -> new Mixture(List.of(0.1, 0.2, 0.1), 0, false))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("[0.1, 0.2, 0.1]");
        assertThatThrownBy(() -> new Mixture(List.of(0.0), 0, false))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("a learning rate must be greater than 0");
        for (double rate : new double[] {-1, Double.NaN, Double.POSITIVE_INFINITY, 1e39}) {
            assertThatThrownBy(() -> new Mixture(List.of(0.1, rate), 0, false))
                    .isInstanceOf(IllegalArgumentException.class)
                    .hasMessageContaining(String.valueOf(rate));
        }
    }

    @ParameterizedTest
    @ValueSource(doubles = {-0.1, 1, Double.NaN})
    void switchingRate_isAtLeastZeroAndLessThanOne(double switchingRate) {
        assertThatThrownBy(() -> new Mixture(List.of(0.1), switchingRate, false))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("switching rates")
                .hasMessageContaining(String.valueOf(switchingRate));
    }

    @ParameterizedTest
    @CsvSource({"false, 2, 2", "true, 2, 4"})
    void experts_areRatesThenBaselines(boolean baselines, int rates, int experts) {
        LearnerSettings settings =
                LearnerFixture.of(3, 5)
                        .mixture(new Mixture(List.of(0.1, 0.3), 0, baselines))
                        .settings();
        assertThat(settings.numRates()).isEqualTo(rates);
        assertThat(settings.numExperts()).isEqualTo(experts);
        assertThat(LearnerSettings.BASELINES).hasSize(Baselines.COUNT);
        assertThat(settings.learningRates()).containsExactly(0.1, 0.3);
        assertThat(settings.learningRate()).isCloseTo(0.2, within(1e-15));
    }

    @Test
    void initialState_isAllZeros() {
        LearnerState state = LearnerState.initial(settings(3, 2, 4));
        assertThat(state.parameters()).hasSize(8).containsOnly(0f);
        assertThat(state.optimizer().array(Sgd.VELOCITY)).isEmpty();
        assertThat(state.scaler().mean()).hasSize(3).containsOnly(0.0);
        assertThat(state.scaler().squaredDeviations()).hasSize(3).containsOnly(0.0);
        assertThat(state.scaler().count()).isZero();
        assertThat(state.counters()).isEqualTo(new LearnerCounters(0, 0, 0, 0, 0, 0, 0, 1, 0));
        assertThat(state.restarts()).containsExactly(0);
        assertThat(state.goodParameters()).isEmpty();
    }

    @Test
    void initialStateOfAMixture_hasEqualWeights() {
        Mixture mixture = new Mixture(List.of(0.1, 0.3), 0, true);
        LearnerState state =
                LearnerState.initial(LearnerFixture.of(3, 5).mixture(mixture).settings());
        assertThat(state.parameters()).hasSize(2 * 4 * 5).containsOnly(0f);
        assertThat(state.weights()).containsExactly(0.25, 0.25, 0.25, 0.25, 1);
        assertThat(state.baselineCounts()).hasSize(6 * 5).containsOnly(0f);
        assertThat(state.lastLabel()).isEqualTo(Baselines.NO_LABEL);
    }

    private static LearnerSettings settings(int numFeatures, int numClasses, int miniBatchSize) {
        return new LearnerSettings(
                numFeatures,
                numClasses,
                miniBatchSize,
                new CrossEntropy(Math.max(1, numClasses)),
                SGD,
                null,
                MiniBatchReduction.EXAMPLES,
                ScalerChoice.WELFORD.rule(),
                10);
    }
}
