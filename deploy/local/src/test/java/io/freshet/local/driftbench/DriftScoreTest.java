package io.freshet.local.driftbench;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;

class DriftScoreTest {
    private static LossStream stream(int size, DriftPlan.Change... drifts) {
        return new LossStream(
                "test",
                DriftKind.ABRUPT,
                new float[size],
                new boolean[size],
                Arrays.asList(drifts));
    }

    private static DriftPlan.Change at(int example, int width) {
        return new DriftPlan.Change(example, width);
    }

    @Test
    void firstAlarmAfterADrift_detectsIt_andAllOthersAreFalse() {
        DriftScore score = new DriftScore();
        // In order: too early, in time, repeated, one example too late, far from any drift.
        score.add(
                stream(20_000, at(5_000, 0), at(10_000, 0)),
                List.of(4_999, 5_099, 5_300, 11_000, 15_000));

        assertThat(score.drifts()).isEqualTo(2);
        assertThat(score.missed()).isEqualTo(1);
        assertThat(score.meanDelay()).isEqualTo(100);
        assertThat(score.repeated()).isEqualTo(1);
        // Three alarms are in the 18,000 stationary examples.
        assertThat(score.falseAlarms()).isCloseTo(3 / 1.8, within(1e-12));
        assertThat(score.precision()).isEqualTo(1 / 5.0);
        assertThat(score.recall()).isEqualTo(1 / 2.0);
        assertThat(score.f1()).isCloseTo(2 * 0.2 * 0.5 / 0.7, within(1e-12));
    }

    @Test
    void gradualDrift_canBeDetectedUntilAfterItsEnd_butNotAfterTheNextBegan() {
        DriftScore score = new DriftScore();
        score.add(stream(9_000, at(1_000, 2_000), at(3_500, 0)), List.of(3_499, 4_499));
        assertThat(score.missed()).isZero();
        assertThat(score.meanDelay()).isEqualTo((2_500 + 1_000) / 2.0);
        assertThat(score.falseAlarms()).isZero();
    }

    @Test
    void sumOfScores_equalsTheScoreOfAllStreams() {
        DriftScore one = new DriftScore();
        one.add(stream(5_000, at(2_000, 0)), List.of(2_099));
        DriftScore other = new DriftScore();
        other.add(stream(10_000), List.of(7));
        one.add(other);
        assertThat(one.recall()).isEqualTo(1);
        assertThat(one.precision()).isEqualTo(0.5);
        assertThat(one.falseAlarms()).isCloseTo(1 / 1.4, within(1e-12));
    }

    @Test
    void scoreWithoutDriftsAndAlarms_isNaN() {
        DriftScore score = new DriftScore();
        score.add(stream(1_000), List.of());
        assertThat(score.f1()).isNaN();
        assertThat(score.falseAlarms()).isZero();
    }
}
