package io.freshet.learn.drift;

import io.freshet.config.Key;
import io.freshet.config.Settings;
import io.freshet.drift.Adwin;
import io.freshet.drift.Cusum;
import io.freshet.drift.Ddm;
import io.freshet.drift.DriftDetector;
import io.freshet.drift.Eddm;
import io.freshet.drift.HddmA;
import io.freshet.drift.HddmW;
import io.freshet.drift.Kswin;
import io.freshet.drift.PageHinkley;
import io.freshet.drift.RobustCusum;
import io.freshet.drift.Signal;
import java.util.List;

/** The drift detectors that can be asked for, each with its parameters. */
public enum DetectorOption {
    /** {@link RobustCusum}. */
    ROBUST_CUSUM(Signal.ERROR, true),
    /** {@link Adwin}. */
    ADWIN(Signal.ERROR, false),
    /** {@link Ddm}. */
    DDM(Signal.ERROR, true),
    /** {@link Eddm}. */
    EDDM(Signal.ERROR, true),
    /** {@link HddmA}. */
    HDDM_A(Signal.ERROR, true),
    /** {@link HddmW}. */
    HDDM_W(Signal.MISSED_PROBABILITY, true),
    /** {@link PageHinkley}. */
    PAGE_HINKLEY(Signal.MISSED_PROBABILITY, false),
    /** {@link Kswin}. */
    KSWIN(Signal.LOSS, false),
    /** {@link Cusum}. */
    CUSUM(Signal.MISSED_PROBABILITY, false);

    private final Signal signal;
    private final boolean warns;

    DetectorOption(Signal signal, boolean warns) {
        this.signal = signal;
        this.warns = warns;
    }

    /** Returns what it watches where nothing else is asked for. */
    Signal signal() {
        return signal;
    }

    /** Returns whether it has a warning zone. */
    boolean warns() {
        return warns;
    }

    /**
     * Reads its parameters.
     *
     * @throws IllegalArgumentException if they make no sense together
     */
    DriftDetector read(Settings settings) {
        return switch (this) {
            case ROBUST_CUSUM ->
                    new RobustCusum(
                            settings.get(Keys.ROBUST_CUSUM_MIN_INSTANCES),
                            settings.get(Keys.ROBUST_CUSUM_SLACK),
                            settings.get(Keys.ROBUST_CUSUM_WARNING_THRESHOLD),
                            settings.get(Keys.ROBUST_CUSUM_DRIFT_THRESHOLD),
                            settings.get(Keys.ROBUST_CUSUM_CAP),
                            RobustCusum.DEFAULT.minDeviation());
            case ADWIN -> new Adwin(settings.get(Keys.ADWIN_DELTA), Adwin.DEFAULT.checkInterval(), true);
            case DDM ->
                    new Ddm(
                            settings.get(Keys.DDM_MIN_INSTANCES),
                            settings.get(Keys.DDM_WARNING_LEVEL),
                            settings.get(Keys.DDM_DRIFT_LEVEL));
            case EDDM ->
                    new Eddm(
                            settings.get(Keys.EDDM_MIN_ERRORS),
                            settings.get(Keys.EDDM_WARNING_LEVEL),
                            settings.get(Keys.EDDM_DRIFT_LEVEL));
            case HDDM_A ->
                    new HddmA(
                            settings.get(Keys.HDDM_A_DRIFT_CONFIDENCE),
                            settings.get(Keys.HDDM_A_WARNING_CONFIDENCE),
                            HddmA.DEFAULT.restartAfterDecrease());
            case HDDM_W ->
                    new HddmW(
                            settings.get(Keys.HDDM_W_DRIFT_CONFIDENCE),
                            settings.get(Keys.HDDM_W_WARNING_CONFIDENCE),
                            settings.get(Keys.HDDM_W_LAMBDA),
                            HddmW.DEFAULT.restartAfterDecrease());
            case PAGE_HINKLEY ->
                    new PageHinkley(
                            settings.get(Keys.PAGE_HINKLEY_MIN_INSTANCES),
                            settings.get(Keys.PAGE_HINKLEY_DELTA),
                            settings.get(Keys.PAGE_HINKLEY_THRESHOLD),
                            settings.get(Keys.PAGE_HINKLEY_FADING_FACTOR));
            case KSWIN ->
                    new Kswin(
                            settings.get(Keys.KSWIN_WINDOW_SIZE),
                            settings.get(Keys.KSWIN_RECENT_SIZE),
                            settings.get(Keys.KSWIN_ALPHA),
                            true);
            case CUSUM ->
                    new Cusum(
                            settings.get(Keys.CUSUM_MIN_INSTANCES),
                            settings.get(Keys.CUSUM_DELTA),
                            settings.get(Keys.CUSUM_THRESHOLD));
        };
    }

    /** The keys of the parameters. */
    static final List<Key<?>> KEYS =
            List.of(
                    Keys.ROBUST_CUSUM_MIN_INSTANCES,
                    Keys.ROBUST_CUSUM_SLACK,
                    Keys.ROBUST_CUSUM_WARNING_THRESHOLD,
                    Keys.ROBUST_CUSUM_DRIFT_THRESHOLD,
                    Keys.ROBUST_CUSUM_CAP,
                    Keys.ADWIN_DELTA,
                    Keys.DDM_MIN_INSTANCES,
                    Keys.DDM_WARNING_LEVEL,
                    Keys.DDM_DRIFT_LEVEL,
                    Keys.EDDM_MIN_ERRORS,
                    Keys.EDDM_WARNING_LEVEL,
                    Keys.EDDM_DRIFT_LEVEL,
                    Keys.HDDM_A_DRIFT_CONFIDENCE,
                    Keys.HDDM_A_WARNING_CONFIDENCE,
                    Keys.HDDM_W_DRIFT_CONFIDENCE,
                    Keys.HDDM_W_WARNING_CONFIDENCE,
                    Keys.HDDM_W_LAMBDA,
                    Keys.PAGE_HINKLEY_MIN_INSTANCES,
                    Keys.PAGE_HINKLEY_DELTA,
                    Keys.PAGE_HINKLEY_THRESHOLD,
                    Keys.PAGE_HINKLEY_FADING_FACTOR,
                    Keys.KSWIN_WINDOW_SIZE,
                    Keys.KSWIN_RECENT_SIZE,
                    Keys.KSWIN_ALPHA,
                    Keys.CUSUM_MIN_INSTANCES,
                    Keys.CUSUM_DELTA,
                    Keys.CUSUM_THRESHOLD);

    /** What a constant cannot hold while the constants are made. */
    private static final class Keys {
        private static final double LARGEST = 1e100;
        private static final double BELOW_ONE = Math.nextDown(1.0);

        private static final Key<Integer> ROBUST_CUSUM_MIN_INSTANCES =
                Key.ofInt(
                        "drift.robust-cusum.min-instances",
                        RobustCusum.DEFAULT.minInstances(),
                        2,
                        1_000_000,
                        "examples",
                        "Examples before which it finds no drift.");
        private static final Key<Double> ROBUST_CUSUM_SLACK =
                number(
                        "drift.robust-cusum.slack",
                        RobustCusum.DEFAULT.slack(),
                        "What an example may exceed the mean by, in standard deviations of the"
                                + " signal.");
        private static final Key<Double> ROBUST_CUSUM_WARNING_THRESHOLD =
                positive(
                        "drift.robust-cusum.warning-threshold",
                        RobustCusum.DEFAULT.warningThreshold(),
                        "Standard deviations to which the cumulated excess has to rise for a"
                                + " warning.");
        private static final Key<Double> ROBUST_CUSUM_DRIFT_THRESHOLD =
                positive(
                        "drift.robust-cusum.drift-threshold",
                        RobustCusum.DEFAULT.driftThreshold(),
                        "The same for a drift.");
        private static final Key<Double> ROBUST_CUSUM_CAP =
                positive(
                        "drift.robust-cusum.cap",
                        RobustCusum.DEFAULT.cap(),
                        "The most that one example counts for, in standard deviations.");
        private static final Key<Double> ADWIN_DELTA =
                probability(
                        "drift.adwin.delta",
                        Adwin.DEFAULT.delta(),
                        "Chance of a false alarm of ADWIN, by its bound.");
        private static final Key<Integer> DDM_MIN_INSTANCES =
                minimum("drift.ddm.min-instances", Ddm.DEFAULT.minInstances());
        private static final Key<Double> DDM_WARNING_LEVEL =
                number(
                        "drift.ddm.warning-level",
                        Ddm.DEFAULT.warningLevel(),
                        "Standard deviations above its minimum at which DDM warns.");
        private static final Key<Double> DDM_DRIFT_LEVEL =
                number(
                        "drift.ddm.drift-level",
                        Ddm.DEFAULT.driftLevel(),
                        "Standard deviations above its minimum at which DDM finds a drift.");
        private static final Key<Integer> EDDM_MIN_ERRORS =
                Key.ofInt(
                        "drift.eddm.min-errors",
                        Eddm.DEFAULT.minErrors(),
                        1,
                        1_000_000,
                        "errors",
                        "Errors before which EDDM finds no drift.");
        private static final Key<Double> EDDM_WARNING_LEVEL =
                Key.ofDouble(
                        "drift.eddm.warning-level",
                        Eddm.DEFAULT.warningLevel(),
                        Double.MIN_VALUE,
                        1,
                        "Share of its maximum to which the distance of errors falls where EDDM"
                                + " warns.");
        private static final Key<Double> EDDM_DRIFT_LEVEL =
                Key.ofDouble(
                        "drift.eddm.drift-level",
                        Eddm.DEFAULT.driftLevel(),
                        Double.MIN_VALUE,
                        1,
                        "The same where EDDM finds a drift.");
        private static final Key<Double> HDDM_A_DRIFT_CONFIDENCE =
                probability(
                        "drift.hddm-a.drift-confidence",
                        HddmA.DEFAULT.driftConfidence(),
                        "Chance of a false alarm of HDDM-A at an example, by its bound.");
        private static final Key<Double> HDDM_A_WARNING_CONFIDENCE =
                probability(
                        "drift.hddm-a.warning-confidence",
                        HddmA.DEFAULT.warningConfidence(),
                        "The same of a warning of HDDM-A.");
        private static final Key<Double> HDDM_W_DRIFT_CONFIDENCE =
                probability(
                        "drift.hddm-w.drift-confidence",
                        HddmW.DEFAULT.driftConfidence(),
                        "Chance of a false alarm of HDDM-W at an example, by its bound.");
        private static final Key<Double> HDDM_W_WARNING_CONFIDENCE =
                probability(
                        "drift.hddm-w.warning-confidence",
                        HddmW.DEFAULT.warningConfidence(),
                        "The same of a warning of HDDM-W.");
        private static final Key<Double> HDDM_W_LAMBDA =
                Key.ofDouble(
                        "drift.hddm-w.lambda",
                        HddmW.DEFAULT.lambda(),
                        Double.MIN_VALUE,
                        1,
                        "Weight of the newest example in HDDM-W's fading average.");
        private static final Key<Integer> PAGE_HINKLEY_MIN_INSTANCES =
                minimum("drift.page-hinkley.min-instances", PageHinkley.DEFAULT.minInstances());
        private static final Key<Double> PAGE_HINKLEY_DELTA =
                number(
                        "drift.page-hinkley.delta",
                        PageHinkley.DEFAULT.delta(),
                        "What an example may exceed the mean by in Page-Hinkley's test, in the"
                                + " signal's unit.");
        private static final Key<Double> PAGE_HINKLEY_THRESHOLD =
                positive(
                        "drift.page-hinkley.threshold",
                        PageHinkley.DEFAULT.threshold(),
                        "What the cumulated excess has to rise to in Page-Hinkley's test.");
        private static final Key<Double> PAGE_HINKLEY_FADING_FACTOR =
                Key.ofDouble(
                        "drift.page-hinkley.fading-factor",
                        PageHinkley.DEFAULT.fadingFactor(),
                        Double.MIN_VALUE,
                        1,
                        "How much the cumulated excess keeps at each example in Page-Hinkley's"
                                + " test.");
        private static final Key<Integer> KSWIN_WINDOW_SIZE =
                Key.ofInt(
                        "drift.kswin.window-size",
                        Kswin.DEFAULT.windowSize(),
                        2,
                        10_000,
                        "examples",
                        "Examples that KSWIN remembers.");
        private static final Key<Integer> KSWIN_RECENT_SIZE =
                Key.ofInt(
                        "drift.kswin.recent-size",
                        Kswin.DEFAULT.recentSize(),
                        1,
                        10_000,
                        "examples",
                        "How many of the newest KSWIN compares with the others.");
        private static final Key<Double> KSWIN_ALPHA =
                probability(
                        "drift.kswin.alpha",
                        Kswin.DEFAULT.alpha(),
                        "The p-value at which KSWIN finds a drift, at each example.");
        private static final Key<Integer> CUSUM_MIN_INSTANCES =
                minimum("drift.cusum.min-instances", Cusum.DEFAULT.minInstances());
        private static final Key<Double> CUSUM_DELTA =
                number(
                        "drift.cusum.delta",
                        Cusum.DEFAULT.delta(),
                        "What an example may exceed the mean by in CUSUM, in the signal's unit.");
        private static final Key<Double> CUSUM_THRESHOLD =
                positive(
                        "drift.cusum.threshold",
                        Cusum.DEFAULT.threshold(),
                        "What the cumulated excess has to rise above in CUSUM.");

        private static Key<Integer> minimum(String name, int defaultValue) {
            return Key.ofInt(
                    name,
                    defaultValue,
                    1,
                    1_000_000,
                    "examples",
                    "Examples before which it finds no drift.");
        }

        private static Key<Double> number(String name, double defaultValue, String meaning) {
            return Key.ofDouble(name, defaultValue, 0, LARGEST, meaning);
        }

        private static Key<Double> positive(String name, double defaultValue, String meaning) {
            return Key.ofDouble(name, defaultValue, Double.MIN_VALUE, LARGEST, meaning);
        }

        private static Key<Double> probability(String name, double defaultValue, String meaning) {
            return Key.ofDouble(name, defaultValue, Double.MIN_VALUE, BELOW_ONE, meaning);
        }
    }
}
