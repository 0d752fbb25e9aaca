package io.freshet.drift;

import java.util.ArrayList;
import java.util.List;
import moa.classifiers.core.driftdetection.ChangeDetector;

/** Indexes of the values of a stream at which a detector warned or detected a drift. */
record DetectedDrifts(List<Integer> warnings, List<Integer> drifts) {
    /** Returns the drifts that one of Freshet's detectors detects. */
    static DetectedDrifts by(DriftDetector detector, double[] stream) {
        return by(detector.start(), stream);
    }

    static DetectedDrifts by(RunningDetector running, double[] stream) {
        DetectedDrifts detected = new DetectedDrifts(new ArrayList<>(), new ArrayList<>());
        for (int i = 0; i < stream.length; i++) {
            switch (running.update(stream[i])) {
                case STABLE -> {}
                case WARNING -> detected.warnings.add(i);
                case DRIFT -> detected.drifts.add(i);
            }
        }
        return detected;
    }

    /**
     * Returns the drifts that one of MOA's detectors detects. Use one detector at a time: MOA's
     * {@code HDDM_W_Test} keeps its state in static fields.
     */
    static DetectedDrifts by(ChangeDetector detector, double[] stream) {
        DetectedDrifts detected = new DetectedDrifts(new ArrayList<>(), new ArrayList<>());
        detector.resetLearning();
        for (int i = 0; i < stream.length; i++) {
            detector.input(stream[i]);
            if (detector.getChange()) {
                detected.drifts.add(i);
            } else if (detector.getWarningZone()) {
                detected.warnings.add(i);
            }
        }
        return detected;
    }
}
