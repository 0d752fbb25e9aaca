package io.freshet.model;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class LearnerSettingsTest {
    private static final Sgd SGD = new Sgd(0.01, 0.9);

    @ParameterizedTest
    @ValueSource(doubles = {0, -0.1, Double.NaN, Double.POSITIVE_INFINITY, 1e39})
    void learningRate_mustBeFiniteAndPositive(double learningRate) {
        assertThatThrownBy(() -> new Sgd(learningRate, 0))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("learningRate")
                .hasMessageContaining(String.valueOf(learningRate));
    }

    @ParameterizedTest
    @ValueSource(doubles = {1, -0.1, Double.NaN, Double.POSITIVE_INFINITY})
    void momentum_mustBeLessThanOne(double momentum) {
        assertThatThrownBy(() -> new Sgd(0.1, momentum))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("momentum")
                .hasMessageContaining(String.valueOf(momentum));
    }

    @Test
    void dimensions_haveALeast() {
        assertThatThrownBy(() -> settings(0, 2, 1)).hasMessageContaining("numFeatures");
        assertThatThrownBy(() -> settings(1, 1, 1)).hasMessageContaining("numClasses");
        assertThatThrownBy(() -> settings(1, 2, 0)).hasMessageContaining("miniBatchSize");
    }

    @Test
    void dimensions_mustFitOneArray() {
        assertThatThrownBy(() -> settings(1_000_000, 1_000, 1))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("(numFeatures + 1) × numClasses")
                .hasMessageContaining("1000001000");
    }

    @Test
    void initialState_isAllZeros() {
        LearnerState state = LearnerState.initial(settings(3, 2, 4));
        assertThat(state.parameters()).hasSize(8).containsOnly(0f);
        assertThat(state.velocity()).hasSize(8).containsOnly(0f);
        assertThat(state.scalerMean()).hasSize(3).containsOnly(0.0);
        assertThat(state.scalerSquaredDeviations()).hasSize(3).containsOnly(0.0);
        assertThat(state.modelVersion() + state.skippedSteps() + state.scalerCount()).isZero();
    }

    private static LearnerSettings settings(int numFeatures, int numClasses, int miniBatchSize) {
        return new LearnerSettings(
                numFeatures,
                numClasses,
                miniBatchSize,
                SGD,
                Reduction.EXAMPLES,
                ScalerType.WELFORD);
    }
}
