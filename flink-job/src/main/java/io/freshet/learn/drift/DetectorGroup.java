package io.freshet.learn.drift;

import io.freshet.config.Key;
import io.freshet.drift.DriftStatus;
import io.freshet.drift.RunningDetector;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * Drift detectors that run side by side on the examples of one model, with a common cool-down: the
 * first drift that one of them detects causes an alert. No other alert follows for {@code
 * drift.cool-down} examples, after which all detectors restart. The model has then adapted, so one
 * drift causes one alert, however many detectors detect it and however late. Not thread-safe.
 */
public final class DetectorGroup {
    private final Member[] members;
    private final int coolDown;
    private long examplesSeen;

    /** Number of examples seen at the end of the last alert's cool-down. */
    private long coolDownEnd;

    private boolean warning;

    /**
     * Drift that causes an alert, with the values at its detection.
     *
     * @param statistic test statistic, in the detector's unit
     * @param threshold value that the statistic had to reach
     * @param warningAt number of examples seen when the detector last began to warn; null if it did
     *     not warn before the drift
     * @param examplesSinceChange number of examples since the change by the detector's own
     *     estimate, at least 1
     */
    record Detection(
            DriftConfig.Detector detector,
            double statistic,
            double threshold,
            @Nullable Long warningAt,
            long examplesSinceChange) {}

    /** A detector, its state on this model, and the number of its drifts. */
    private static final class Member {
        private final DriftConfig.Detector config;
        private RunningDetector running;
        private long drifts;

        /** Number of examples seen at the start of the current warning; 0 if there is none. */
        private long warningAt;

        Member(DriftConfig.Detector config) {
            this.config = config;
            running = config.detector().start();
        }

        /** Returns the configuration as text; a saved state is restored only if this is equal. */
        String identity() {
            return config.name() + " " + Key.kebab(config.signal()) + " " + config.detector();
        }

        void restart() {
            running = config.detector().start();
            warningAt = 0;
        }

        DriftStatus update(double loss, boolean isError, long examplesSeen) {
            DriftStatus status = running.update(config.signal().of(loss, isError));
            if (status == DriftStatus.STABLE) {
                warningAt = 0;
            } else if (warningAt == 0 && status == DriftStatus.WARNING) {
                warningAt = examplesSeen;
            }
            return status;
        }

        /** Counts the drift of the last example. */
        Detection detect() {
            Detection detection =
                    new Detection(
                            config,
                            running.statistic(),
                            running.threshold(),
                            warningAt == 0 ? null : warningAt,
                            running.valuesSinceChange());
            drifts++;
            warningAt = 0;
            return detection;
        }

        void restore(DetectorState saved) {
            running = config.detector().restore(saved.state());
            drifts = saved.drifts();
            warningAt = saved.warningAt();
        }

        DetectorState state() {
            return new DetectorState(identity(), running.state(), drifts, warningAt);
        }

        DetectorReport report() {
            return new DetectorReport(
                    config.name(),
                    config.signal(),
                    Key.kebab(running.status()),
                    running.statistic(),
                    running.threshold(),
                    drifts);
        }
    }

    /** Creates a group whose detectors have seen no example. */
    public DetectorGroup(DriftConfig config) {
        this(config, 0);
    }

    /**
     * @param examplesSeen number of examples that the model has been trained on
     */
    DetectorGroup(DriftConfig config, long examplesSeen) {
        this.members = config.detectors().stream().map(Member::new).toArray(Member[]::new);
        this.coolDown = config.coolDown();
        this.examplesSeen = examplesSeen;
    }

    /**
     * Updates all detectors with the next example.
     *
     * @param loss finite, at least 0
     * @param isError whether the prediction was wrong
     * @return whether there is an alert
     */
    public boolean update(double loss, boolean isError) {
        return detect(loss, isError) != null;
    }

    /**
     * Updates all detectors with the next example.
     *
     * @return the drift that causes an alert; null if there is none
     */
    @Nullable Detection detect(double loss, boolean isError) {
        if (coolDown > 0 && examplesSeen == coolDownEnd) {
            for (Member member : members) {
                member.restart();
            }
        }
        examplesSeen++;
        warning = false;
        Detection first = null;
        for (Member member : members) {
            switch (member.update(loss, isError, examplesSeen)) {
                case STABLE -> {}
                case WARNING -> warning = true;
                case DRIFT -> {
                    warning = true;
                    Detection detection = member.detect();
                    first = first == null ? detection : first;
                }
            }
        }
        if (first == null || examplesSeen <= coolDownEnd) {
            return null;
        }
        coolDownEnd = examplesSeen + coolDown;
        return first;
    }

    /** Returns whether a detector warned or detected a drift at the last example. */
    boolean isWarning() {
        return warning;
    }

    /** Returns the number of examples seen. */
    long examplesSeen() {
        return examplesSeen;
    }

    /** Returns the number of examples seen at the end of the last alert's cool-down. */
    long coolDownEnd() {
        return coolDownEnd;
    }

    /** Returns the status of each detector. */
    DetectorReport[] reports() {
        return Arrays.stream(members).map(Member::report).toArray(DetectorReport[]::new);
    }

    /** Returns the state of each detector in new arrays. */
    DetectorState[] states() {
        return Arrays.stream(members).map(Member::state).toArray(DetectorState[]::new);
    }

    /**
     * Continues from a saved state. Detectors that are not in the state, or have other parameters
     * there, start from their initial state.
     *
     * @param states Not modified.
     */
    void restore(long examplesSeen, long coolDownEnd, DetectorState[] states) {
        this.examplesSeen = examplesSeen;
        this.coolDownEnd = coolDownEnd;
        for (DetectorState saved : states) {
            for (Member member : members) {
                if (member.identity().equals(saved.name())) {
                    member.restore(saved);
                }
            }
        }
    }
}
