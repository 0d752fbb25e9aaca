package io.freshet.drift;

import java.util.ArrayList;
import java.util.List;
import moa.classifiers.core.driftdetection.ChangeDetector;

/** What a detector said of a stream: the values, counted from 0, at which it said so. */
record DetectedDrifts(List<Integer> warnings, List<Integer> drifts) {
    /** What a detector of ours says. */
    static DetectedDrifts by(DriftDetector detector, double[] stream) {
        return by(detector.start(), stream);
    }

    static DetectedDrifts by(RunningDetector test, double[] stream) {
        DetectedDrifts found = new DetectedDrifts(new ArrayList<>(), new ArrayList<>());
        for (int i = 0; i < stream.length; i++) {
            switch (test.update(stream[i])) {
                case STABLE -> {}
                case WARNING -> found.warnings.add(i);
                case DRIFT -> found.drifts.add(i);
            }
        }
        return found;
    }

    /**
     * What one of MOA's says. One at a time: its {@code HDDM_W_Test} keeps its memory in static
     * fields.
     */
    static DetectedDrifts by(ChangeDetector detector, double[] stream) {
        DetectedDrifts found = new DetectedDrifts(new ArrayList<>(), new ArrayList<>());
        detector.resetLearning();
        for (int i = 0; i < stream.length; i++) {
            detector.input(stream[i]);
            if (detector.getChange()) {
                found.drifts.add(i);
            } else if (detector.getWarningZone()) {
                found.warnings.add(i);
            }
        }
        return found;
    }
}
