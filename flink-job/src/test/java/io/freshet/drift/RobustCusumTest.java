package io.freshet.drift;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;

class RobustCusumTest {
    @Test
    void sum_addsCappedDeviations_fromTheMeanOfThePreviousValues() {
        RobustCusum detector = new RobustCusum(4, 0.5, 2, 4, 3, 0.01);
        RunningDetector running = detector.start();
        DetectedDrifts.by(running, new double[] {1, 3, 1, 3});
        assertThat(running.statistic()).isZero();

        // Mean 2, deviation 1: z = 1.
        assertThat(running.update(3)).isEqualTo(DriftStatus.STABLE);
        assertThat(running.statistic()).isCloseTo(0.5, within(1e-15));

        // Mean 11/5, deviation √(24/25): 20 exceeds the cap.
        assertThat(running.update(20)).isEqualTo(DriftStatus.WARNING);
        assertThat(running.statistic()).isCloseTo(0.5 + 3 - 0.5, within(1e-15));
        assertThat(running.valuesSinceChange()).isEqualTo(2);

        // Mean 31/6, squared deviations 24/5 + (20 − 11/5)(20 − 31/6).
        double deviation = Math.sqrt((24.0 / 5 + (20 - 11.0 / 5) * (20 - 31.0 / 6)) / 6);
        assertThat(running.update(18)).isEqualTo(DriftStatus.DRIFT);
        assertThat(running.statistic())
                .isCloseTo(3 + (18 - 31.0 / 6) / deviation - 0.5, within(1e-14))
                .isGreaterThan(4);
        assertThat(running.valuesSinceChange()).isEqualTo(3);
    }

    @Test
    void scaleOfTheValues_doesNotChangeTheDrifts() {
        RobustCusum detector = RobustCusum.DEFAULT;
        double[] stream = SampleStreams.losses(1, 5000, 0.5, 1, 2);
        double[] larger = Arrays.stream(stream).map(x -> 1024 * x).toArray();
        assertThat(DetectedDrifts.by(detector, stream).drifts()).isNotEmpty();
        assertThat(DetectedDrifts.by(detector, larger))
                .isEqualTo(DetectedDrifts.by(detector, stream));
    }

    @Test
    void changeOfTinyValues_isNoDrift() {
        double[] stream = SampleStreams.losses(1, 5000, 1e-6, 1e-3);
        assertThat(DetectedDrifts.by(RobustCusum.DEFAULT, stream).drifts()).isEmpty();
    }

    /** A million values of each distribution; {@link FalseAlarmBenchmark} measures more. */
    @Test
    void stationaryStreams_alarmAtMostOnceIn100000Values() {
        FalseAlarmBenchmark.distributions()
                .forEach(
                        (name, distribution) -> {
                            for (RobustCusum detector :
                                    List.of(RobustCusum.DEFAULT, RobustCusum.BURST)) {
                                assertThat(
                                                FalseAlarmBenchmark.alarms(
                                                        detector, distribution, 10, 100_000))
                                        .as("%s, %s", name, detector)
                                        .isLessThanOrEqualTo(10);
                            }
                        });
    }

    @Test
    void fourErrorsInARow_areABurst_whereErrorsAreRare() {
        double[] stream = SampleStreams.errors(3, 5_000, 0.005);
        Arrays.fill(stream, 4_000, 4_004, 1);

        assertThat(DetectedDrifts.by(RobustCusum.BURST, stream).drifts()).containsExactly(4_003);
        assertThat(DetectedDrifts.by(RobustCusum.DEFAULT, stream).drifts()).isEmpty();
    }
}
