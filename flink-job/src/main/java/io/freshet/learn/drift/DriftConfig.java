package io.freshet.learn.drift;

import io.freshet.config.Key;
import io.freshet.config.Settings;
import io.freshet.drift.CoolDown;
import io.freshet.drift.Domain;
import io.freshet.drift.DriftDetector;
import io.freshet.drift.Signal;
import io.freshet.learn.training.TrainingConfig;
import io.freshet.model.LearnerSettings;
import java.io.Serializable;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * How drift is looked for, and what is done about it.
 *
 * @param detectors each model's; may be none
 * @param coolDown examples after an alert in which there is no other
 * @param reaction what the learner does about a drift
 * @param boostFactor by what a boost multiplies the learning rate
 * @param boostSteps steps that a boost lasts
 * @param evidence examples that an alert looks back on
 * @param maxClasses classes that an alert tells of
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
     * A detector and what it watches.
     *
     * @param name the method's, in kebab case
     */
    public record Detector(String name, Signal signal, DriftDetector detector)
            implements Serializable {}

    /** None, and no reaction. */
    public static final DriftConfig NONE =
            new DriftConfig(List.of(), 0, DriftReaction.NONE, 1, 0, 1, 0);

    public static final Key<List<DetectorOption>> DETECTOR =
            Key.ofEnums(
                    "drift.detector",
                    "robust-cusum",
                    DetectorOption.class,
                    "The drift detectors of each model; several watch side by side, and the first"
                            + " to find a drift is named in the alert.");
    public static final Key<Optional<Signal>> SIGNAL =
            Key.ofEnumOr(
                    "auto",
                    "drift.signal",
                    Signal.class,
                    "What the detectors watch of every example before it is trained on. Auto: what"
                            + " each did best on; KSWIN the loss, HDDM-W, Page-Hinkley and CUSUM"
                            + " the missed-probability, 1 - exp(-loss), and the others the"
                            + " error.");
    public static final Key<Integer> COOL_DOWN =
            Key.ofInt(
                    "drift.cool-down",
                    1000,
                    0,
                    1_000_000_000,
                    "examples",
                    "For how many examples of a model after an alert there is no other, and no"
                            + " reaction; a detector that found a drift rests so long, then begins"
                            + " anew.");
    public static final Key<DriftReaction> REACTION =
            Key.ofEnum(
                    "drift.reaction",
                    DriftReaction.NONE,
                    "What a model does about a drift, before its next mini-batch; a mixture of"
                            + " learning rates gets over most drifts by itself. Hand-over goes on"
                            + " with a learner that was started at the warning: it gains most where"
                            + " a stream jumps, and takes the memory of a second learner while a"
                            + " detector warns. Boost and reset-optimizer need a fixed learning"
                            + " rate.");
    public static final Key<Double> BOOST_FACTOR =
            Key.ofDouble(
                    "drift.boost.factor",
                    10,
                    Double.MIN_VALUE,
                    1e6,
                    "By what a boost multiplies the learning rate.");
    public static final Key<Integer> BOOST_STEPS =
            Key.ofInt(
                    "drift.boost.steps",
                    200,
                    1,
                    1_000_000_000,
                    "steps",
                    "How many steps a boost lasts.");
    public static final Key<Integer> EVIDENCE =
            Key.ofInt(
                    "drift.evidence",
                    500,
                    2,
                    100_000,
                    "examples",
                    "How many of a model's latest examples an alert looks back on: those after the"
                            + " estimated change and those before.");
    public static final Key<Integer> MAX_CLASSES =
            Key.ofInt(
                    "drift.max-classes",
                    20,
                    0,
                    1000,
                    "classes",
                    "Of how many classes an alert tells how they fared before and after: those"
                            + " whose recall fell most.");

    /** The keys read here. */
    public static final List<Key<?>> KEYS = keys();

    private static List<Key<?>> keys() {
        List<Key<?>> keys =
                new ArrayList<>(List.of(DETECTOR, SIGNAL, COOL_DOWN, REACTION, BOOST_FACTOR));
        keys.addAll(List.of(BOOST_STEPS, EVIDENCE, MAX_CLASSES));
        keys.addAll(DetectorOption.KEYS);
        return List.copyOf(keys);
    }

    public DriftConfig {
        detectors = List.copyOf(detectors);
        for (Detector detector : detectors) {
            if (!detector.detector().domain().includes(detector.signal().domain())) {
                throw new IllegalArgumentException(
                        detector.name() + " does not take the " + detector.signal());
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

    /** Reads the keys; problems are left in the settings. */
    public static DriftConfig from(Settings settings, LearnerSettings learner) {
        List<DetectorOption> methods = settings.get(DETECTOR);
        DriftReaction reaction = settings.get(REACTION);
        List<Detector> detectors = new ArrayList<>();
        for (DetectorOption method : methods) {
            readDetector(settings, method).ifPresent(detectors::add);
        }
        if (reaction != DriftReaction.NONE && methods.isEmpty()) {
            refuse(settings, reaction, DETECTOR + " names none: nothing would be found");
        }
        boolean mixes = learner.mixture() != null;
        if (mixes
                && (reaction == DriftReaction.BOOST || reaction == DriftReaction.RESET_OPTIMIZER)) {
            refuse(
                    settings,
                    reaction,
                    TrainingConfig.LEARNING_RATE + " = auto has neither a rate nor a velocity");
        }
        if (reaction == DriftReaction.RESET_OPTIMIZER
                && !mixes
                && learner.optimizer().stateNames().isEmpty()) {
            refuse(settings, reaction, TrainingConfig.MOMENTUM + " = 0 has no velocity");
        }
        if (reaction == DriftReaction.HAND_OVER) {
            methods.stream()
                    .filter(method -> !method.warns())
                    .forEach(
                            method ->
                                    refuse(
                                            settings,
                                            reaction,
                                            Key.kebab(method)
                                                    + " does not warn before a drift; robust-cusum,"
                                                    + " ddm, eddm, hddm-a and hddm-w do"));
        }
        return new DriftConfig(
                detectors,
                settings.get(COOL_DOWN),
                reaction,
                settings.get(BOOST_FACTOR),
                settings.get(BOOST_STEPS),
                settings.get(EVIDENCE),
                settings.get(MAX_CLASSES));
    }

    private static void refuse(Settings settings, DriftReaction reaction, String why) {
        settings.problem(REACTION + " = " + Key.kebab(reaction) + ": " + why);
    }

    private static Optional<Detector> readDetector(Settings settings, DetectorOption method) {
        String name = Key.kebab(method);
        DriftDetector detector;
        try {
            detector = method.read(settings);
        } catch (IllegalArgumentException e) {
            settings.problem("drift." + name + ": " + e.getMessage());
            return Optional.empty();
        }
        Signal signal = settings.get(SIGNAL).orElse(method.signal());
        if (!detector.domain().includes(signal.domain())) {
            settings.problem(
                    SIGNAL
                            + " = "
                            + Key.kebab(signal)
                            + " with "
                            + DETECTOR
                            + " = "
                            + name
                            + ": it takes "
                            + (detector.domain() == Domain.ERRORS
                                    ? "error only"
                                    : "error or missed-probability, as its values must lie between"
                                            + " 0 and 1 and a loss has no bound"));
            return Optional.empty();
        }
        int coolDown = settings.get(COOL_DOWN);
        return Optional.of(
                new Detector(
                        name, signal, coolDown == 0 ? detector : new CoolDown(detector, coolDown)));
    }
}
