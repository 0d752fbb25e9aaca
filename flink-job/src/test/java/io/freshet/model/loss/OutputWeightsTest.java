package io.freshet.model.loss;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;

class OutputWeightsTest {
    @Test
    void noWeights_areOnes() {
        assertThat(OutputWeights.NONE.isNone()).isTrue();
        assertThat(OutputWeights.NONE.get(7)).isEqualTo(1);
        assertThat(OutputWeights.of(1, 1)).isNotEqualTo(OutputWeights.NONE);
    }

    @Test
    void weights_areCopied() {
        double[] values = {1, 0};
        OutputWeights weights = OutputWeights.of(values);
        values[0] = 5;
        assertThat(weights.get(0)).isEqualTo(1);
        assertThat(weights).isEqualTo(OutputWeights.of(1, 0)).hasToString("[1.0, 0.0]");
    }

    @Test
    void weightThatIsNegativeOrNotFinite_isRefused() {
        for (double value : new double[] {-1, Double.NaN, Double.POSITIVE_INFINITY}) {
            assertThatThrownBy(() -> OutputWeights.of(1, value))
                    .isInstanceOf(IllegalArgumentException.class)
                    .hasMessage(
                            "weight 1 must be finite and at least 0, but is "
                                    + value
                                    + " in [1.0, "
                                    + value
                                    + "]");
        }
    }
}
