package io.freshet.learn.drift;

import io.freshet.config.Key;
import io.freshet.config.OptionKeys;
import io.freshet.config.Settings;
import io.freshet.drift.Adwin;
import io.freshet.drift.CoolDown;
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
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.Function;
import java.util.stream.Collectors;

/**
 * The drift detectors that can be configured. A constant is the only place to add a detector: it
 * declares the detector's default parameters, its keys, each with the parameter that it sets, its
 * default signal, whether it has a warning zone, and its factory; lists of detectors and keys
 * derive from the constants.
 *
 * <p>The default parameters and signals are those with the best F1 on seeds 1 to 8 of {@code
 * freshet drift-bench}, which runs the detectors with them; those of the default detectors were
 * also chosen on seeds 101 to 130.
 */
@SuppressWarnings("ImmutableEnumChecker") // keys are complete once their constant is created
public enum DetectorOption {
    /** {@link RobustCusum}. */
    ROBUST_CUSUM(
            RobustCusum.class,
            RobustCusum.DEFAULT,
            Signal.ERROR,
            true,
            keys -> robustCusum(keys, "robust CUSUM")),

    /** {@link RobustCusum} with the parameters for large increases, however brief. */
    BURST_CUSUM(
            RobustCusum.class,
            RobustCusum.BURST,
            Signal.LOSS,
            true,
            keys -> robustCusum(keys, "burst CUSUM")),

    /** {@link Adwin}. */
    ADWIN(
            Adwin.class,
            new Adwin(0.01, 32, true),
            Signal.ERROR,
            false,
            keys -> {
                var delta =
                        keys.probability(
                                "delta",
                                Adwin::delta,
                                "Upper bound of ADWIN's probability of a false alarm.");
                return settings ->
                        new Adwin(
                                settings.get(delta),
                                keys.defaults().checkInterval(),
                                keys.defaults().increasesOnly());
            }),

    /** {@link Ddm}. */
    DDM(
            Ddm.class,
            new Ddm(500, 2, 3),
            Signal.ERROR,
            true,
            keys -> {
                var minInstances = keys.minInstances(Ddm::minInstances, 1);
                var warningLevel =
                        keys.number(
                                "warning-level",
                                Ddm::warningLevel,
                                "Number of standard deviations by which the error rate must exceed"
                                        + " its minimum for DDM to warn.");
                var driftLevel =
                        keys.number(
                                "drift-level",
                                Ddm::driftLevel,
                                "Number of standard deviations by which the error rate must exceed"
                                        + " its minimum for DDM to detect a drift.");
                return settings ->
                        new Ddm(
                                settings.get(minInstances),
                                settings.get(warningLevel),
                                settings.get(driftLevel));
            }),

    /** {@link Eddm}. */
    EDDM(
            Eddm.class,
            new Eddm(200, 0.95, 0.8),
            Signal.ERROR,
            true,
            keys -> {
                var minErrors =
                        keys.count(
                                "min-errors",
                                Eddm::minErrors,
                                1,
                                1_000_000,
                                "errors",
                                "Number of errors before EDDM can detect a drift.");
                var warningLevel =
                        keys.fraction(
                                "warning-level",
                                Eddm::warningLevel,
                                "EDDM warns when the distance between errors falls below this"
                                        + " fraction of its maximum.");
                var driftLevel =
                        keys.fraction(
                                "drift-level",
                                Eddm::driftLevel,
                                "EDDM detects a drift when the distance between errors falls below"
                                        + " this fraction of its maximum.");
                return settings ->
                        new Eddm(
                                settings.get(minErrors),
                                settings.get(warningLevel),
                                settings.get(driftLevel));
            }),

    /** {@link HddmA}. */
    HDDM_A(
            HddmA.class,
            new HddmA(1e-4, 1e-3, false),
            Signal.ERROR,
            true,
            keys -> {
                var driftConfidence =
                        keys.probability(
                                "drift-confidence",
                                HddmA::driftConfidence,
                                "Upper bound of HDDM-A's probability of a false alarm at each"
                                        + " example.");
                var warningConfidence =
                        keys.probability(
                                "warning-confidence",
                                HddmA::warningConfidence,
                                "Upper bound of HDDM-A's probability of a false warning at each"
                                        + " example.");
                return settings ->
                        new HddmA(
                                settings.get(driftConfidence),
                                settings.get(warningConfidence),
                                keys.defaults().restartAfterDecrease());
            }),

    /** {@link HddmW}. */
    HDDM_W(
            HddmW.class,
            new HddmW(0.01, 0.1, 0.005, false),
            Signal.MISSED_PROBABILITY,
            true,
            keys -> {
                var driftConfidence =
                        keys.probability(
                                "drift-confidence",
                                HddmW::driftConfidence,
                                "Upper bound of HDDM-W's probability of a false alarm at each"
                                        + " example.");
                var warningConfidence =
                        keys.probability(
                                "warning-confidence",
                                HddmW::warningConfidence,
                                "Upper bound of HDDM-W's probability of a false warning at each"
                                        + " example.");
                var lambda =
                        keys.fraction(
                                "lambda",
                                HddmW::lambda,
                                "Weight of the newest example in HDDM-W's exponentially weighted"
                                        + " moving average.");
                return settings ->
                        new HddmW(
                                settings.get(driftConfidence),
                                settings.get(warningConfidence),
                                settings.get(lambda),
                                keys.defaults().restartAfterDecrease());
            }),

    /** {@link PageHinkley}. */
    PAGE_HINKLEY(
            PageHinkley.class,
            new PageHinkley(30, 0.05, 10, 0.999),
            Signal.MISSED_PROBABILITY,
            false,
            keys -> {
                var minInstances = keys.minInstances(PageHinkley::minInstances, 1);
                var delta =
                        keys.number(
                                "delta",
                                PageHinkley::delta,
                                "Allowance of the Page-Hinkley test, in the unit of the signal: the"
                                        + " amount by which an example exceeds the mean, less this"
                                        + " allowance, is added to the cumulative sum.");
                var threshold =
                        keys.positive(
                                "threshold",
                                PageHinkley::threshold,
                                "Cumulative sum above which the Page-Hinkley test detects a"
                                        + " drift.");
                var fadingFactor =
                        keys.fraction(
                                "fading-factor",
                                PageHinkley::fadingFactor,
                                "Factor by which the Page-Hinkley test multiplies its cumulative"
                                        + " sum at each example.");
                return settings ->
                        new PageHinkley(
                                settings.get(minInstances),
                                settings.get(delta),
                                settings.get(threshold),
                                settings.get(fadingFactor));
            }),

    /** {@link Kswin}. */
    KSWIN(
            Kswin.class,
            new Kswin(1000, 200, 1e-5, true),
            Signal.LOSS,
            false,
            keys -> {
                var windowSize =
                        keys.count(
                                "window-size",
                                Kswin::windowSize,
                                2,
                                Kswin.MAX_VALUES,
                                "examples",
                                "Number of examples in KSWIN's window.");
                var recentSize =
                        keys.count(
                                "recent-size",
                                Kswin::recentSize,
                                1,
                                Kswin.MAX_VALUES - 1,
                                "examples",
                                "Number of the newest examples in the window that KSWIN compares"
                                    + " with all older ones. Must be less than the window size.");
                var alpha =
                        keys.probability(
                                "alpha",
                                Kswin::alpha,
                                "KSWIN detects a drift when the p-value of its test, computed at"
                                        + " each example, is at most this value.");
                return settings ->
                        new Kswin(
                                settings.get(windowSize),
                                settings.get(recentSize),
                                settings.get(alpha),
                                keys.defaults().increasesOnly());
            }),

    /** {@link Cusum}. */
    CUSUM(
            Cusum.class,
            new Cusum(30, 0.05, 10),
            Signal.MISSED_PROBABILITY,
            false,
            keys -> {
                var minInstances = keys.minInstances(Cusum::minInstances, 1);
                var delta =
                        keys.number(
                                "delta",
                                Cusum::delta,
                                "Allowance of CUSUM, in the unit of the signal: the amount by which"
                                        + " an example exceeds the mean, less this allowance, is"
                                        + " added to the cumulative sum.");
                var threshold =
                        keys.positive(
                                "threshold",
                                Cusum::threshold,
                                "Cumulative sum above which CUSUM detects a drift.");
                return settings ->
                        new Cusum(
                                settings.get(minInstances),
                                settings.get(delta),
                                settings.get(threshold));
            });

    /** The keys of all detectors. */
    static final List<Key<?>> KEYS = OptionKeys.keysOf(values(), option -> option.parameters.bound);

    private final Signal signal;
    private final boolean warns;
    private final Parameters<?> parameters;
    private final Function<Settings, ? extends DriftDetector> factory;

    /**
     * @param defaults detector whose parameters are the keys' defaults
     * @param definition declares the keys and returns the factory that reads them
     */
    <D extends DriftDetector> DetectorOption(
            Class<D> type,
            D defaults,
            Signal signal,
            boolean warns,
            Function<Parameters<D>, Function<Settings, D>> definition) {
        this.signal = signal;
        this.warns = warns;
        Parameters<D> declared =
                new Parameters<>(
                        "drift." + Key.kebab(this) + ".", defaults, new OptionKeys<>(type));
        this.factory = definition.apply(declared);
        this.parameters = declared;
    }

    /** Returns the signal that the detector monitors by default. */
    Signal signal() {
        return signal;
    }

    /** Returns whether the detector accepts all values of a signal. */
    public boolean accepts(Signal candidate) {
        return parameters.defaults.domain().includes(candidate.domain());
    }

    /** Returns whether the detector has a warning zone. */
    boolean warns() {
        return warns;
    }

    /** Returns the detectors that have a warning zone. */
    static List<DetectorOption> warning() {
        return Arrays.stream(values()).filter(DetectorOption::warns).toList();
    }

    /** Returns the default signals as a phrase: each signal with its detectors. */
    static String defaultSignals() {
        Map<Signal, List<DetectorOption>> bySignal =
                Arrays.stream(values())
                        .collect(
                                Collectors.groupingBy(
                                        DetectorOption::signal, TreeMap::new, Collectors.toList()));
        return bySignal.entrySet().stream()
                .map(group -> Key.kebab(group.getKey()) + " for " + Key.phrase(group.getValue()))
                .collect(Collectors.joining("; "));
    }

    /** Returns the keys of the detector's parameters. */
    List<Key<?>> keys() {
        return parameters.bound.keys();
    }

    /**
     * Creates the detector with the parameters in the settings.
     *
     * @throws IllegalArgumentException if the parameters contradict each other
     */
    DriftDetector create(Settings settings) {
        return factory.apply(settings);
    }

    /**
     * Returns the parameters of a detector of this option by key, for a model's provenance.
     *
     * @param detector with or without cool-down
     */
    Map<String, String> hyperParameters(DriftDetector detector) {
        return parameters.bound.values(
                detector instanceof CoolDown coolDown ? coolDown.detector() : detector);
    }

    /** Returns the option with a name in kebab case. */
    static DetectorOption of(String name) {
        return Arrays.stream(values())
                .filter(option -> Key.kebab(option).equals(name))
                .findFirst()
                .orElseThrow(() -> new IllegalArgumentException("no detector is called " + name));
    }

    /** Declares the keys of a {@link RobustCusum}. */
    private static Function<Settings, RobustCusum> robustCusum(
            Parameters<RobustCusum> keys, String name) {
        var minInstances = keys.minInstances(RobustCusum::minInstances, 2);
        var slack =
                keys.number(
                        "slack",
                        RobustCusum::slack,
                        "Allowance of "
                                + name
                                + ", in standard deviations of the signal: the amount by which an"
                                + " example exceeds the mean, less this allowance, is added to the"
                                + " cumulative sum.");
        var warningThreshold =
                keys.positive(
                        "warning-threshold",
                        RobustCusum::warningThreshold,
                        "Cumulative sum, in standard deviations, at which " + name + " warns.");
        var driftThreshold =
                keys.positive(
                        "drift-threshold",
                        RobustCusum::driftThreshold,
                        "Cumulative sum, in standard deviations, at which "
                                + name
                                + " detects a drift.");
        var cap =
                keys.positive(
                        "cap",
                        RobustCusum::cap,
                        "Maximum that a single example can add to the cumulative sum of "
                                + name
                                + ", in standard deviations, before the slack is subtracted.");
        return settings ->
                new RobustCusum(
                        settings.get(minInstances),
                        settings.get(slack),
                        settings.get(warningThreshold),
                        settings.get(driftThreshold),
                        settings.get(cap),
                        keys.defaults().minDeviation());
    }

    /**
     * Keys of a detector under construction.
     *
     * @param prefix of the keys' names
     * @param defaults detector whose parameters are the keys' defaults
     */
    private record Parameters<D extends DriftDetector>(
            String prefix, D defaults, OptionKeys<D> bound) {
        private static final double MAX = 1e100;

        Key<Integer> minInstances(Function<D, Integer> parameter, int min) {
            return count(
                    "min-instances",
                    parameter,
                    min,
                    1_000_000,
                    "examples",
                    "Number of examples before the detector can detect a drift.");
        }

        Key<Integer> count(
                String name,
                Function<D, Integer> parameter,
                int min,
                int max,
                String unit,
                String meaning) {
            return bound.add(
                    Key.ofInt(prefix + name, parameter.apply(defaults), min, max, unit, meaning),
                    parameter);
        }

        Key<Double> number(String name, Function<D, Double> parameter, String meaning) {
            return inRange(name, parameter, 0, MAX, meaning);
        }

        Key<Double> positive(String name, Function<D, Double> parameter, String meaning) {
            return inRange(name, parameter, Double.MIN_VALUE, MAX, meaning);
        }

        Key<Double> fraction(String name, Function<D, Double> parameter, String meaning) {
            return inRange(name, parameter, Double.MIN_VALUE, 1, meaning);
        }

        Key<Double> probability(String name, Function<D, Double> parameter, String meaning) {
            return inRange(name, parameter, Double.MIN_VALUE, Math.nextDown(1.0), meaning);
        }

        private Key<Double> inRange(
                String name,
                Function<D, Double> parameter,
                double min,
                double max,
                String meaning) {
            return bound.add(
                    Key.ofDouble(prefix + name, parameter.apply(defaults), min, max, meaning),
                    parameter);
        }
    }
}
