package io.freshet.drift;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.util.Arrays;
import java.util.Map;
import java.util.Random;
import java.util.function.ToDoubleFunction;
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

    /** Two million values of each distribution, in twenty independent streams. */
    @Test
    void stationaryStreams_alarmAtMostOnceIn150000Values() {
        Map<String, ToDoubleFunction<Random>> sources =
                Map.of(
                        "errors, 0.01", random -> random.nextDouble() < 0.01 ? 1 : 0,
                        "errors, 0.05", random -> random.nextDouble() < 0.05 ? 1 : 0,
                        "errors, 0.1", random -> random.nextDouble() < 0.1 ? 1 : 0,
                        "errors, 0.3", random -> random.nextDouble() < 0.3 ? 1 : 0,
                        "uniform", Random::nextDouble,
                        "normal", Random::nextGaussian,
                        "exponential", random -> -Math.log1p(-random.nextDouble()),
                        "log-normal", random -> Math.exp(random.nextGaussian()));
        sources.forEach(
                (name, source) -> {
                    int alarms = 0;
                    for (int seed = 0; seed < 20; seed++) {
                        Random random = new Random(seed);
                        RunningDetector running = RobustCusum.DEFAULT.start();
                        for (int i = 0; i < 100_000; i++) {
                            if (running.update(source.applyAsDouble(random)) == DriftStatus.DRIFT) {
                                alarms++;
                            }
                        }
                    }
                    assertThat(alarms).as(name).isLessThanOrEqualTo(2_000_000 / 150_000);
                });
    }
}
