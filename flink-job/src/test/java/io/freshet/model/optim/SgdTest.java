package io.freshet.model.optim;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import io.freshet.model.optim.LearningRateSchedule.Kind;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

class SgdTest {
    @ParameterizedTest
    @ValueSource(doubles = {0, -0.1, Double.NaN, Double.POSITIVE_INFINITY, 1e39})
    void learningRate_mustBeFiniteAndPositive(double learningRate) {
        assertThatThrownBy(() -> new Sgd(learningRate, 0))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("learning rate")
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

    @ParameterizedTest
    @CsvSource({
        "0.9, 1.1, false, 0, dampening",
        "0.9, -0.1, false, 0, dampening",
        "0, 0.1, false, 0, without momentum",
        "0, 0, true, 0, Nesterov",
        "0.9, 0.1, true, 0, Nesterov",
        "0.9, 0, true, -1, weightDecay",
        "0.9, 0, true, NaN, weightDecay",
        "0.9, 0, true, 1e39, weightDecay"
    })
    void optionsThatContradict_areRefused(
            double momentum, double dampening, boolean nesterov, double decay, String message) {
        LearningRateSchedule rate = LearningRateSchedule.constant(0.1);
        assertThatThrownBy(() -> new Sgd(rate, momentum, dampening, nesterov, decay))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining(message);
    }

    @Test
    void plainSgd_hasNoState() {
        LearningRateSchedule decaying = new LearningRateSchedule(Kind.INVERSE_TIME, 1, 1, 1);
        assertThat(new Sgd(0.1, 0).isPlain()).isTrue();
        assertThat(new Sgd(decaying, 0, 0, false, 0).isPlain()).isTrue();
        assertThat(new Sgd(0.1, 0.5).isPlain()).isFalse();
        assertThat(new Sgd(decaying, 0, 0, false, 0.1).isPlain()).isFalse();
    }

    @Test
    void schedules_followTheirFormulas() {
        LearningRateSchedule step = new LearningRateSchedule(Kind.STEP, 0.8, 0.5, 10);
        assertThat(step.at(0)).isEqualTo(0.8);
        assertThat(step.at(9)).isEqualTo(0.8);
        assertThat(step.at(10)).isEqualTo(0.4);
        assertThat(step.at(39)).isEqualTo(0.1);

        LearningRateSchedule exponential = new LearningRateSchedule(Kind.EXPONENTIAL, 0.8, 0.5, 10);
        assertThat(exponential.at(0)).isEqualTo(0.8);
        assertThat(exponential.at(3)).isEqualTo(0.1);

        LearningRateSchedule inverse = new LearningRateSchedule(Kind.INVERSE_TIME, 0.8, 0.1, 10);
        assertThat(inverse.at(0)).isEqualTo(0.8);
        assertThat(inverse.at(30)).isCloseTo(0.2, within(1e-15));

        assertThat(LearningRateSchedule.constant(0.8).at(Long.MAX_VALUE)).isEqualTo(0.8);
    }

    @ParameterizedTest
    @EnumSource(Kind.class)
    void schedules_neverIncrease(Kind kind) {
        LearningRateSchedule schedule = new LearningRateSchedule(kind, 0.3, 0.9, 7);
        for (long step = 1; step < 1000; step++) {
            assertThat(schedule.at(step)).isLessThanOrEqualTo(schedule.at(step - 1));
        }
        assertThat(schedule.at(Long.MAX_VALUE)).isBetween(0.0, 0.3);
    }

    @Test
    void schedulesThatWouldIncrease_areRefused() {
        for (Kind kind : new Kind[] {Kind.STEP, Kind.EXPONENTIAL}) {
            assertThatThrownBy(() -> new LearningRateSchedule(kind, 1, 1.1, 1))
                    .isInstanceOf(IllegalArgumentException.class)
                    .hasMessageContaining("at most 1, but is 1.1");
        }
        for (Kind kind : Kind.values()) {
            assertThatThrownBy(() -> new LearningRateSchedule(kind, 1, -0.1, 1))
                    .isInstanceOf(IllegalArgumentException.class)
                    .hasMessageContaining("-0.1");
            assertThatThrownBy(() -> new LearningRateSchedule(kind, 1, Double.NaN, 1))
                    .isInstanceOf(IllegalArgumentException.class)
                    .hasMessageContaining("NaN");
        }
        assertThatThrownBy(() -> new LearningRateSchedule(Kind.STEP, 1, 0.5, 0))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("every");
    }
}
