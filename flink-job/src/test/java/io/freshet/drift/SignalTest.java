package io.freshet.drift;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import org.junit.jupiter.api.Test;

class SignalTest {
    @Test
    void missedProbability_isThatOfTheOtherClasses() {
        double loss = -Math.log(0.8);
        assertThat(Signal.MISSED_PROBABILITY.of(loss, false)).isCloseTo(0.2, within(1e-15));
        assertThat(Signal.MISSED_PROBABILITY.of(0, false)).isZero();
        assertThat(Signal.MISSED_PROBABILITY.of(1e-20, false)).isEqualTo(1e-20);
        assertThat(Signal.MISSED_PROBABILITY.of(1e30, true)).isEqualTo(1);
    }

    @Test
    void lossAndError_areReturnedUnchanged() {
        assertThat(Signal.LOSS.of(3.5, true)).isEqualTo(3.5);
        assertThat(Signal.ERROR.of(3.5, true)).isEqualTo(1);
        assertThat(Signal.ERROR.of(3.5, false)).isZero();
    }

    @Test
    void widerDomain_includesTheNarrower() {
        assertThat(Domain.NUMBERS.includes(Domain.ERRORS)).isTrue();
        assertThat(Domain.UNIT_INTERVAL.includes(Domain.UNIT_INTERVAL)).isTrue();
        assertThat(Domain.ERRORS.includes(Domain.UNIT_INTERVAL)).isFalse();
    }
}
