package io.freshet.local.driftbench;

import io.freshet.config.Key;
import io.freshet.drift.Adwin;
import io.freshet.drift.Ddm;
import io.freshet.drift.DriftDetector;
import io.freshet.drift.Signal;
import io.freshet.learn.drift.DetectorGroup;
import io.freshet.learn.drift.DetectorOption;
import io.freshet.learn.drift.DriftConfig;
import io.freshet.learn.drift.DriftReaction;
import io.freshet.pipeline.JobConfig;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Collectors;

/**
 * Configuration of drift detection that takes part in the benchmark.
 *
 * @param name name in the table, at most 14 characters
 * @param config detectors, which run side by side, and their cool-down
 */
public record DriftContender(String name, DriftConfig config) {
    /** Name of the contender whose detectors are those of the job. */
    static final String CONFIGURED = "drift.detector";

    private static final int PERIOD = 3000;

    /**
     * Returns all contenders. The first has the detectors that the settings give the job. Each
     * detector alone follows, with the parameters, signal and cool-down that the settings give it,
     * and robust CUSUM also on the loss. The last ones do not depend on the settings: the periodic
     * baseline, and ADWIN and DDM with MOA's defaults.
     *
     * @param settings settings of a job. Not modified.
     * @throws io.freshet.config.ConfigurationException if the settings are invalid
     */
    public static List<DriftContender> all(Map<String, String> settings) {
        List<DriftContender> contenders = new ArrayList<>();
        contenders.add(new DriftContender(CONFIGURED, drift(settings, Map.of())));
        List<DetectorOption> leftOut = leftOut(settings);
        for (DetectorOption option : DetectorOption.values()) {
            if (!leftOut.contains(option)) {
                contenders.add(alone(option, settings, Map.of()));
            }
            if (option == DetectorOption.ROBUST_CUSUM && signal(settings).isEmpty()) {
                contenders.add(alone(option, settings, Map.of(DriftConfig.SIGNAL.name(), "loss")));
            }
        }
        contenders.add(
                withoutCoolDown("every 3,000th", Signal.ERROR, new PeriodicDetector(PERIOD)));
        contenders.add(withoutCoolDown("adwin (MOA)", Signal.ERROR, Adwin.MOA));
        contenders.add(withoutCoolDown("ddm (MOA)", Signal.ERROR, Ddm.MOA));
        return contenders;
    }

    /** Returns the detectors that do not accept the signal in the settings. */
    public static List<DetectorOption> leftOut(Map<String, String> settings) {
        Optional<Signal> signal = signal(settings);
        return Arrays.stream(DetectorOption.values())
                .filter(option -> signal.isPresent() && !option.accepts(signal.get()))
                .toList();
    }

    /** Returns the signal of all detectors; empty if each has its own. */
    private static Optional<Signal> signal(Map<String, String> settings) {
        String name = settings.get(DriftConfig.SIGNAL.name());
        return Arrays.stream(Signal.values())
                .filter(signal -> Key.kebab(signal).equals(name))
                .findFirst();
    }

    private static DriftContender alone(
            DetectorOption option, Map<String, String> settings, Map<String, String> changes) {
        Map<String, String> all = new HashMap<>(changes);
        all.put(DriftConfig.DETECTOR.name(), Key.kebab(option));
        return new DriftContender(Key.kebab(option), drift(settings, all));
    }

    /** Returns the job's configuration of drift detection; the benchmark has no reaction. */
    private static DriftConfig drift(Map<String, String> settings, Map<String, String> changes) {
        Map<String, String> all = new HashMap<>(settings);
        all.put(DriftConfig.REACTION.name(), Key.kebab(DriftReaction.NONE));
        all.putAll(changes);
        return JobConfig.parse(all).learn().drift();
    }

    private static DriftContender withoutCoolDown(
            String name, Signal signal, DriftDetector detector) {
        return new DriftContender(
                name,
                new DriftConfig(
                        List.of(new DriftConfig.Detector(name, signal, detector)),
                        0,
                        DriftReaction.NONE,
                        1,
                        0,
                        1,
                        0));
    }

    /** Returns the signals of the detectors, in their order. */
    String signals() {
        return config.detectors().stream()
                .map(detector -> Key.kebab(detector.signal()))
                .collect(Collectors.joining(", "));
    }

    /** Returns the indices of the examples, counted from 0, at which there is an alert. */
    List<Integer> alarms(LossStream stream) {
        DetectorGroup detectors = new DetectorGroup(config);
        List<Integer> alarms = new ArrayList<>();
        for (int i = 0; i < stream.size(); i++) {
            if (detectors.update(stream.losses()[i], stream.errors()[i])) {
                alarms.add(i);
            }
        }
        return alarms;
    }
}
