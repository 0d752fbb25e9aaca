package io.freshet.drift;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.ObjectInputStream;
import java.io.ObjectOutputStream;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Stream;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Contract that every detector fulfils. */
class DriftDetectorTest {
    private static final int LENGTH = 3000;

    private static final List<DriftDetector> DETECTORS =
            List.of(
                    Adwin.MOA,
                    new Adwin(1e-5, 1, false),
                    new Kswin(100, 30, 1e-6, false),
                    new Kswin(300, 40, 1e-6, true),
                    Ddm.MOA,
                    Eddm.MOA,
                    HddmA.MOA,
                    new HddmA(0.001, 0.005, false),
                    HddmW.MOA,
                    new HddmW(0.001, 0.005, 0.02, true),
                    new PageHinkley(30, 0.1, 20, 0.9999),
                    new Cusum(30, 0.1, 20),
                    RobustCusum.DEFAULT,
                    RobustCusum.BURST,
                    new CoolDown(Adwin.MOA, 1000),
                    new CoolDown(new Cusum(30, 0.1, 20), 300),
                    new PeriodicDetector(1000));

    static Stream<DriftDetector> all() {
        return DETECTORS.stream();
    }

    static Stream<DriftDetector> detectorsThatDependOnTheValues() {
        return DETECTORS.stream().filter(detector -> !(detector instanceof PeriodicDetector));
    }

    static Stream<DriftDetector> steppedDetectors() {
        return DETECTORS.stream().filter(SteppedDetector.class::isInstance);
    }

    /**
     * Detectors with a warning zone, except EDDM, whose status changes only at errors and may skip
     * that zone.
     */
    static Stream<DriftDetector> detectorsThatWarn() {
        return DETECTORS.stream()
                .filter(
                        detector ->
                                detector instanceof Ddm
                                        || detector instanceof HddmA
                                        || detector instanceof HddmW
                                        || detector instanceof RobustCusum);
    }

    /** Returns a stream in the detector's domain whose mean jumps up, down and up again. */
    private static double[] stream(DriftDetector detector, long seed) {
        return switch (detector.domain()) {
            case ERRORS -> SampleStreams.errors(seed, LENGTH, 0.1, 0.4, 0.05, 0.5);
            case UNIT_INTERVAL -> SampleStreams.uniform(seed, LENGTH, 0.2, 0.8, 0.15, 0.85);
            case NUMBERS -> SampleStreams.losses(seed, LENGTH, 0.2, 0.9, 0.1, 1.5);
        };
    }

    @ParameterizedTest
    @MethodSource("all")
    void restoredDetector_continuesBitForBit(DriftDetector detector) {
        double[] stream = stream(detector, 1);
        RunningDetector running = detector.start();
        RunningDetector restored = detector.restore(running.state());
        for (int i = 0; i < stream.length; i++) {
            DriftStatus status = running.update(stream[i]);
            assertThat(restored.update(stream[i])).isEqualTo(status);
            if (i % 29 == 0 || status == DriftStatus.DRIFT) {
                assertSame(restored, running);
                restored = detector.restore(running.state());
            }
        }
        assertSame(restored, running);
    }

    private static void assertSame(RunningDetector one, RunningDetector other) {
        assertThat(one.status()).isEqualTo(other.status());
        assertThat(one.statistic()).isEqualTo(other.statistic());
        assertThat(one.threshold()).isEqualTo(other.threshold());
        assertThat(one.valuesSinceChange()).isEqualTo(other.valuesSinceChange());
        assertThat(one.state()).containsExactly(other.state());
    }

    @ParameterizedTest
    @MethodSource("steppedDetectors")
    void alarm_isFollowedByARestart(DriftDetector detector) {
        double[] stream = stream(detector, 2);
        RunningDetector running = detector.start();
        int i = 0;
        while (running.update(stream[i++]) != DriftStatus.DRIFT) {}
        RunningDetector fresh = detector.start();
        for (; i < stream.length; i++) {
            assertThat(running.update(stream[i])).isEqualTo(fresh.update(stream[i]));
        }
        assertSame(running, fresh);
    }

    @ParameterizedTest
    @MethodSource("all")
    void alarm_occursWhereTheStatisticReachesTheThreshold(DriftDetector detector) {
        double[] stream = stream(detector, 3);
        RunningDetector running = detector.start();
        int alarms = 0;
        long seen = 0;
        for (double value : stream) {
            seen++;
            if (running.update(value) == DriftStatus.DRIFT) {
                alarms++;
                assertThat(running.statistic()).isGreaterThanOrEqualTo(running.threshold());
                assertThat(running.valuesSinceChange()).isBetween(1L, seen);
            }
        }
        assertThat(alarms).isPositive();
    }

    @ParameterizedTest
    @MethodSource("detectorsThatDependOnTheValues")
    void abruptChange_isDetected_andItsEstimatedStartIsNear(DriftDetector detector) {
        List<Long> starts = new ArrayList<>();
        for (int seed = 0; seed < 11; seed++) {
            double[] stream = Arrays.copyOf(stream(detector, 100 + seed), 2 * LENGTH);
            RunningDetector running = detector.start();
            int i = 0;
            while (running.update(stream[i++]) != DriftStatus.DRIFT || i <= LENGTH) {}
            assertThat(i).as("alarm, seed %d", seed).isLessThan(LENGTH + 500);
            starts.add(i - running.valuesSinceChange());
        }
        assertThat(starts.stream().sorted().toList().get(5))
                .as("the median of the estimated starts %s", starts)
                .isBetween(LENGTH - 50L, LENGTH + 150L);
    }

    @ParameterizedTest
    @MethodSource("detectorsThatDependOnTheValues")
    void constantStream_neverAlarms(DriftDetector detector) {
        List<Double> constants = new ArrayList<>(List.of(0.0, 1.0));
        if (detector.domain() != Domain.ERRORS) {
            constants.addAll(List.of(0.1, 1.0 / 3, 0.7));
        }
        if (detector.domain() == Domain.NUMBERS) {
            constants.addAll(List.of(-0.1, Math.PI, 1000.1));
        }
        for (double constant : constants) {
            DetectedDrifts detected =
                    DetectedDrifts.by(detector, SampleStreams.constant(5_000, constant));
            assertThat(detected.drifts()).as("drifts in a stream of %s", constant).isEmpty();
            assertThat(detected.warnings()).as("warnings in a stream of %s", constant).isEmpty();
        }
    }

    @ParameterizedTest
    @MethodSource("detectorsThatWarn")
    void warning_precedesTheDrift(DriftDetector detector) {
        int warnedBefore = 0;
        for (int seed = 0; seed < 20; seed++) {
            DetectedDrifts detected =
                    DetectedDrifts.by(
                            detector, SampleStreams.gradualErrors(seed, 10_000, 0.1, 0.8));
            assertThat(detected.drifts()).isNotEmpty();
            if (!detected.warnings().isEmpty()
                    && detected.warnings().get(0) < detected.drifts().get(0)) {
                warnedBefore++;
            }
        }
        assertThat(warnedBefore).isGreaterThanOrEqualTo(16);
    }

    @ParameterizedTest
    @MethodSource("all")
    void state_isBounded_howeverLongTheStream(DriftDetector detector) {
        RunningDetector running = detector.start();
        for (double value : SampleStreams.errors(5, 300_000, 0.1)) {
            running.update(value);
        }
        assertThat(running.state().length).isLessThanOrEqualTo(500);
    }

    @ParameterizedTest
    @MethodSource("all")
    void state_isACopy(DriftDetector detector) {
        RunningDetector running = detector.start();
        for (double value : Arrays.copyOf(stream(detector, 6), 100)) {
            running.update(value);
        }
        double[] before = running.state();
        Arrays.fill(running.state(), 0);
        double[] given = running.state();
        RunningDetector restored = detector.restore(given);
        Arrays.fill(given, 0);
        assertThat(running.state()).containsExactly(before);
        assertThat(restored.state()).containsExactly(before);
    }

    @ParameterizedTest
    @MethodSource("all")
    void valueOutsideTheDomain_isRefused_andChangesNothing(DriftDetector detector) {
        RunningDetector running = detector.start();
        running.update(1);
        List<Double> refused =
                new ArrayList<>(
                        List.of(
                                Double.NaN,
                                Double.POSITIVE_INFINITY,
                                Double.NEGATIVE_INFINITY,
                                1e101));
        if (detector.domain() != Domain.NUMBERS) {
            refused.addAll(List.of(-0.1, 1.1));
        }
        if (detector.domain() == Domain.ERRORS) {
            refused.add(0.5);
        }
        double[] before = running.state();
        for (double value : refused) {
            assertThat(detector.domain().contains(value)).isFalse();
            assertThatIllegalArgumentException()
                    .isThrownBy(() -> running.update(value))
                    .withMessageContaining("but is " + value);
            assertThat(running.state()).containsExactly(before);
        }
    }

    @ParameterizedTest
    @MethodSource("all")
    void stateOfAnotherShape_isRefused(DriftDetector detector) {
        double[] state = detector.start().state();
        assertThatIllegalArgumentException()
                .isThrownBy(() -> detector.restore(Arrays.copyOf(state, state.length + 1)));
        assertThatIllegalArgumentException().isThrownBy(() -> detector.restore(new double[0]));
        double[] negative = state.clone();
        Arrays.fill(negative, -1);
        assertThatIllegalArgumentException().isThrownBy(() -> detector.restore(negative));
        double[] fractions = state.clone();
        Arrays.fill(fractions, 0.5);
        assertThatIllegalArgumentException().isThrownBy(() -> detector.restore(fractions));
    }

    @ParameterizedTest
    @MethodSource("all")
    void rule_survivesSerialization(DriftDetector detector) throws Exception {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        try (ObjectOutputStream out = new ObjectOutputStream(bytes)) {
            out.writeObject(detector);
        }
        try (ObjectInputStream in =
                new ObjectInputStream(new ByteArrayInputStream(bytes.toByteArray()))) {
            assertThat(in.readObject()).isEqualTo(detector);
        }
    }

    @Test
    void badParameter_isRefused_withAMessageThatNamesIt() {
        assertRefused(() -> new Ddm(0, 2, 3), "minInstances must be at least 1, but is 0");
        assertRefused(() -> new Ddm(30, -1, 3), "warningLevel must be finite and at least 0");
        assertRefused(() -> new Ddm(30, 2, Double.NaN), "driftLevel must be finite");
        assertRefused(
                () -> new Ddm(30, 3, 2),
                "a warning must come before a drift, but warningLevel is 3.0 and driftLevel 2.0");
        assertRefused(() -> new Eddm(0, 0.95, 0.9), "minErrors must be at least 1");
        assertRefused(() -> new Eddm(30, 1.1, 0.9), "warningLevel must be greater than 0");
        assertRefused(() -> new Eddm(30, 0.95, 0), "driftLevel must be greater than 0");
        assertRefused(() -> new Eddm(30, 0.9, 0.95), "warningLevel is 0.9 and driftLevel 0.95");
        assertRefused(() -> new HddmA(0, 0.005, true), "driftConfidence must be greater than 0");
        assertRefused(() -> new HddmA(0.001, 1, true), "warningConfidence must be greater");
        assertRefused(() -> new HddmA(0.01, 0.005, true), "a warning must come before a drift");
        assertRefused(() -> new HddmW(1, 1, 0.05, true), "driftConfidence must be greater");
        assertRefused(() -> new HddmW(0.001, 0.005, 0, true), "lambda must be greater than 0");
        assertRefused(() -> new HddmW(0.01, 0.005, 0.1, true), "a warning must come before");
        assertRefused(() -> new PageHinkley(0, 0, 50, 1), "minInstances must be at least 1");
        assertRefused(() -> new PageHinkley(1, -1, 50, 1), "delta must be finite and at least 0");
        assertRefused(() -> new PageHinkley(1, 0, 0, 1), "threshold must be finite and greater");
        assertRefused(() -> new PageHinkley(1, 0, 50, 1.1), "fadingFactor must be greater than 0");
        assertRefused(() -> new Cusum(0, 0, 50), "minInstances must be at least 1");
        assertRefused(() -> new Cusum(1, Double.NaN, 50), "delta must be finite and at least 0");
        assertRefused(
                () -> new Cusum(1, 0, Double.POSITIVE_INFINITY),
                "threshold must be finite and greater than 0, but is Infinity");
        assertRefused(() -> new Adwin(0, 32, true), "delta must be greater than 0 and less than 1");
        assertRefused(
                () -> new Adwin(0.002, 0, true), "checkInterval must be at least 1, but is 0");
        assertRefused(() -> new Kswin(1, 1, 0.1, true), "windowSize must be at least 2");
        assertRefused(() -> new Kswin(2_001, 30, 0.1, true), "windowSize must be at most 2000");
        assertRefused(() -> new Kswin(100, 0, 0.1, true), "recentSize must be at least 1");
        assertRefused(() -> new Kswin(100, 100, 0.1, true), "recentSize must be at most 99");
        assertRefused(() -> new Kswin(100, 30, 1, true), "alpha must be greater than 0");
        assertRefused(
                () -> new Kswin(10, 5, 0.005, false),
                "alpha must be at least 0.007936507936507936, the smallest possible p-value of 5"
                        + " values among 10, but is 0.005");
        assertRefused(
                () -> new RobustCusum(1, 0.2, 15, 30, 4, 0.05), "minInstances must be at least 2");
        assertRefused(() -> new RobustCusum(100, -1, 15, 30, 4, 0.05), "slack must be finite");
        assertRefused(
                () -> new RobustCusum(100, 0.2, 0, 30, 4, 0.05),
                "warningThreshold must be finite and greater than 0");
        assertRefused(
                () -> new RobustCusum(100, 0.2, 31, 30, 4, 0.05),
                "warningThreshold is 31.0 and driftThreshold 30.0");
        assertRefused(
                () -> new RobustCusum(100, 0.2, 15, 30, 0.2, 0.05),
                "cap must be greater than slack, which is 0.2, but is 0.2");
        assertRefused(
                () -> new RobustCusum(100, 0.2, 15, 30, 4, 0),
                "minDeviation must be finite and greater than 0");
        assertRefused(() -> new CoolDown(Ddm.MOA, 0), "values must be at least 1, but is 0");
        assertRefused(() -> new PeriodicDetector(0), "interval must be at least 1");
    }

    private static void assertRefused(ThrowingCallable constructor, String message) {
        assertThatIllegalArgumentException().isThrownBy(constructor).withMessageContaining(message);
    }
}
