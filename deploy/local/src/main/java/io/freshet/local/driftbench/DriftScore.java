package io.freshet.local.driftbench;

import java.util.List;

/**
 * Detection score: counts of alarms, of detected and missed drifts, and detection delays, over one
 * or more streams.
 *
 * <p>The detection window of a drift begins with the drift's first example. It ends {@value
 * #DETECTION_WINDOW} examples after the drift's last example, or at the next drift if that is
 * earlier. The first alarm in the window detects the drift; the delay is the number of examples
 * from the start of the window to this alarm, which is included. Every other alarm is false.
 * Examples outside all windows are stationary. Precision is detected drifts divided by alarms,
 * recall is detected drifts divided by drifts, and F1 is their harmonic mean.
 */
public final class DriftScore {
    /** Number of examples after the end of a drift in which it can still be detected. */
    static final int DETECTION_WINDOW = 1_000;

    private int drifts;
    private int found;
    private long delays;
    private int alarms;
    private int outside;
    private long stationary;

    /** Adds the alarms of one detector on a stream. */
    void add(LossStream stream, List<Integer> found) {
        long inside = 0;
        int next = 0;
        List<DriftPlan.Change> planted = stream.drifts();
        for (int k = 0; k < planted.size(); k++) {
            DriftPlan.Change drift = planted.get(k);
            int last = k + 1 < planted.size() ? planted.get(k + 1).at() : stream.size();
            int end = Math.min(last, drift.at() + drift.width() + DETECTION_WINDOW);
            while (next < found.size() && found.get(next) < drift.at()) {
                next++;
                outside++;
            }
            if (next < found.size() && found.get(next) < end) {
                this.found++;
                delays += found.get(next) - drift.at() + 1;
            }
            while (next < found.size() && found.get(next) < end) {
                next++;
            }
            inside += end - drift.at();
        }
        outside += found.size() - next;
        drifts += planted.size();
        alarms += found.size();
        stationary += stream.size() - inside;
    }

    /** Adds the counts of another score. */
    void add(DriftScore other) {
        drifts += other.drifts;
        found += other.found;
        delays += other.delays;
        alarms += other.alarms;
        outside += other.outside;
        stationary += other.stationary;
    }

    /** Returns the number of drifts. */
    public int drifts() {
        return drifts;
    }

    /** Returns the number of drifts that were not detected. */
    public int missed() {
        return drifts - found;
    }

    /** Returns the mean delay of the detected drifts, in examples; NaN if none was detected. */
    public double meanDelay() {
        return (double) delays / found;
    }

    /**
     * Returns the number of false alarms inside detection windows, each after the alarm that
     * detected the drift.
     */
    int repeated() {
        return alarms - found - outside;
    }

    /** Returns the number of false alarms per 10,000 stationary examples. */
    public double falseAlarms() {
        return 10_000.0 * outside / stationary;
    }

    /** Returns detected drifts divided by alarms; NaN without alarms. */
    double precision() {
        return (double) found / alarms;
    }

    /** Returns detected drifts divided by drifts; NaN without drifts. */
    double recall() {
        return (double) found / drifts;
    }

    /**
     * Returns the harmonic mean of precision and recall. It is NaN for streams without drifts in
     * which no alarm was raised.
     */
    public double f1() {
        return 2.0 * found / (alarms + drifts);
    }
}
