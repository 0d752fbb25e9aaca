package io.freshet.learn.drift;

import io.freshet.config.Key;
import io.freshet.config.Settings;
import io.freshet.drift.CoolDown;
import io.freshet.drift.DriftDetector;
import io.freshet.drift.Signal;
import io.freshet.learn.training.LearnerOption;
import io.freshet.learn.training.LearningRateConfig;
import io.freshet.learn.training.OptimizerOption;
import io.freshet.model.LearnerSettings;
import java.io.Serializable;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.stream.Stream;

/**
 * Configuration of drift detection and of the reaction to a drift.
 *
 * @param detectors detectors of each model; may be empty
 * @param coolDown number of examples after an alert during which there is no other alert
 * @param reaction reaction to a drift
 * @param boostFactor factor by which a boost multiplies the learning rate
 * @param boostSteps number of steps that a boost lasts
 * @param evidence number of latest examples that an alert compares
 * @param maxClasses maximum number of classes in an alert
 */
public record DriftConfig(
        List<Detector> detectors,
        int coolDown,
        DriftReaction reaction,
        double boostFactor,
        int boostSteps,
        int evidence,
        int maxClasses)
        implements Serializable {

    /**
     * A detector and the signal that it monitors.
     *
     * @param name name of the detector's {@link DetectorOption} in kebab case
     */
    public record Detector(String name, Signal signal, DriftDetector detector)
            implements Serializable {}

    /** Configuration without detectors. */
    public static final DriftConfig NONE =
            new DriftConfig(List.of(), 0, DriftReaction.NONE, 1, 0, 1, 0);

    public static final Key<List<DetectorOption>> DETECTOR =
            Key.ofEnums(
                    "drift.detector",
                    "robust-cusum,burst-cusum",
                    DetectorOption.class,
                    "Drift detectors of each model. Several run side by side; an alert names the"
                            + " first one that detects a drift. By default, robust-cusum finds"
                            + " changes that last, and burst-cusum large ones from which the model"
                            + " recovers within some examples.");
    public static final Key<Optional<Signal>> SIGNAL =
            Key.ofEnumOr(
                    "auto",
                    "drift.signal",
                    Signal.class,
                    "Signal that the detectors monitor, computed for every example before the"
                            + " model is trained on it: the loss; the error, 0 or 1; or the"
                            + " missed-probability, 1 - exp(-loss). Auto: for each"
                            + " detector, the signal on which it performed best: "
                            + DetectorOption.defaultSignals()
                            + ".");
    public static final Key<Integer> COOL_DOWN =
            Key.ofInt(
                    "drift.cool-down",
                    1000,
                    0,
                    1_000_000_000,
                    "examples",
                    "Number of examples of a model after an alert during which there is no further"
                            + " alert and no further reaction. Then all detectors restart. With 0,"
                            + " each detector restarts after its own drifts.");
    public static final Key<DriftReaction> REACTION =
            Key.ofEnum(
                    "drift.reaction",
                    DriftReaction.NONE,
                    "Reaction to a detected drift, before the model's next mini-batch. An ensemble,"
                        + " or a mixture of learning rates, recovers from most drifts without a"
                        + " reaction. Hand-over replaces the learner by a second one that was"
                        + " started at the detector's warning; it helps most with abrupt drifts,"
                        + " and needs the memory of a second learner while a detector warns. Boost"
                        + " and reset-optimizer need learner.type = softmax with a fixed learning"
                        + " rate.");
    public static final Key<Double> BOOST_FACTOR =
            Key.ofDouble(
                    "drift.boost.factor",
                    10,
                    Double.MIN_VALUE,
                    1e6,
                    "Factor by which a boost multiplies the learning rate.");
    public static final Key<Integer> BOOST_STEPS =
            Key.ofInt(
                    "drift.boost.steps",
                    200,
                    1,
                    1_000_000_000,
                    "steps",
                    "Number of steps that a boost lasts.");
    public static final Key<Integer> EVIDENCE =
            Key.ofInt(
                            "drift.evidence",
                            500,
                            2,
                            100_000,
                            "examples",
                            "Number of a model's latest examples that are kept for alerts. An alert"
                                + " compares those before the estimated change with those after it."
                                + " The change is estimated as the example from which on the mean"
                                + " of 1 - exp(-loss) differs most significantly from that before.")
                    .changeable();
    public static final Key<Integer> MAX_CLASSES =
            Key.ofInt(
                            "drift.max-classes",
                            20,
                            0,
                            1000,
                            "classes",
                            "Maximum number of classes for which an alert reports recall and loss"
                                    + " before and after the change: those with the largest drop in"
                                    + " recall.")
                    .changeable();

    /** The keys of drift detection. */
    public static final List<Key<?>> KEYS =
            Stream.concat(
                            Stream.of(
                                    DETECTOR,
                                    SIGNAL,
                                    COOL_DOWN,
                                    REACTION,
                                    BOOST_FACTOR,
                                    BOOST_STEPS,
                                    EVIDENCE,
                                    MAX_CLASSES),
                            DetectorOption.KEYS.stream())
                    .toList();

    public DriftConfig {
        detectors = List.copyOf(detectors);
        for (Detector detector : detectors) {
            if (!detector.detector().domain().includes(detector.signal().domain())) {
                throw new IllegalArgumentException(
                        detector.name() + " does not accept the signal " + detector.signal());
            }
        }
        if (coolDown < 0 || evidence < 1 || maxClasses < 0 || boostSteps < 0) {
            throw new IllegalArgumentException(
                    "drift.cool-down "
                            + coolDown
                            + ", drift.evidence "
                            + evidence
                            + ", drift.max-classes "
                            + maxClasses
                            + ", drift.boost.steps "
                            + boostSteps);
        }
    }

    /** Reads the keys. Problems are recorded in the settings. */
    public static DriftConfig from(Settings settings, LearnerSettings learner) {
        List<DetectorOption> options = settings.get(DETECTOR);
        List<Detector> detectors = new ArrayList<>();
        for (DetectorOption option : options) {
            createDetector(settings, option).ifPresent(detectors::add);
        }
        DriftReaction reaction = settings.get(REACTION);
        boolean changesSteps =
                reaction == DriftReaction.BOOST || reaction == DriftReaction.RESET_OPTIMIZER;
        boolean isRefused = changesSteps && LearnerOption.refuseChangeOfSteps(settings, REACTION);
        problems(isRefused ? DriftReaction.NONE : reaction, options, learner)
                .forEach(problem -> settings.problem(settings.assignment(REACTION) + problem));
        return new DriftConfig(
                detectors,
                settings.get(COOL_DOWN),
                reaction,
                settings.get(BOOST_FACTOR),
                settings.get(BOOST_STEPS),
                settings.get(EVIDENCE),
                settings.get(MAX_CLASSES));
    }

    private static List<String> problems(
            DriftReaction reaction, List<DetectorOption> options, LearnerSettings learner) {
        List<String> problems = new ArrayList<>();
        if (reaction != DriftReaction.NONE && options.isEmpty()) {
            problems.add(" needs a drift detector, but " + DETECTOR + " is empty");
        }
        if (reaction == DriftReaction.BOOST && learner.mixture() != null) {
            problems.add(" needs a fixed " + LearningRateConfig.LEARNING_RATE + ", not auto");
        }
        if (reaction == DriftReaction.RESET_OPTIMIZER) {
            OptimizerOption.whyStateless(learner)
                    .ifPresent(why -> problems.add(" has no optimiser state to reset: " + why));
        }
        if (reaction == DriftReaction.HAND_OVER) {
            for (DetectorOption option : options) {
                if (!option.warns()) {
                    problems.add(
                            " needs detectors with a warning zone: "
                                    + Key.kebab(option)
                                    + " has none; "
                                    + Key.phrase(DetectorOption.warning())
                                    + " have one");
                }
            }
        }
        return problems;
    }

    /**
     * Returns the configuration by key, for a model's provenance, with the signal of each detector
     * in their order. Empty without a reaction, as detection alone does not change the parameters.
     */
    public Map<String, String> hyperParameters() {
        Map<String, String> values = new TreeMap<>();
        if (reaction == DriftReaction.NONE) {
            return values;
        }
        List<String> names = new ArrayList<>();
        List<Signal> signals = new ArrayList<>();
        for (Detector detector : detectors) {
            names.add(detector.name());
            signals.add(detector.signal());
            values.putAll(DetectorOption.of(detector.name()).hyperParameters(detector.detector()));
        }
        values.put(DETECTOR.name(), Key.text(names));
        values.put(SIGNAL.name(), Key.text(signals));
        values.put(COOL_DOWN.name(), Key.text(coolDown));
        values.put(REACTION.name(), Key.text(reaction));
        if (reaction == DriftReaction.BOOST) {
            values.put(BOOST_FACTOR.name(), Key.text(boostFactor));
            values.put(BOOST_STEPS.name(), Key.text(boostSteps));
        }
        return values;
    }

    private static Optional<Detector> createDetector(Settings settings, DetectorOption option) {
        String name = Key.kebab(option);
        DriftDetector detector;
        try {
            detector = option.create(settings);
        } catch (IllegalArgumentException e) {
            settings.problem("drift." + name + ": " + e.getMessage());
            return Optional.empty();
        }
        Signal signal = settings.get(SIGNAL).orElse(option.signal());
        if (!detector.domain().includes(signal.domain())) {
            settings.problem(
                    settings.assignment(SIGNAL)
                            + " with "
                            + DETECTOR
                            + " = "
                            + name
                            + ": the detector requires values that are "
                            + detector.domain().description()
                            + ", so it accepts "
                            + Key.phrase(Signal.within(detector.domain())));
            return Optional.empty();
        }
        int coolDown = settings.get(COOL_DOWN);
        return Optional.of(
                new Detector(
                        name, signal, coolDown == 0 ? detector : new CoolDown(detector, coolDown)));
    }
}
