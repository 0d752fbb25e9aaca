package io.freshet.local.driftbench;

import java.util.List;

/**
 * How alarms fit the drifts of streams.
 *
 * <p>A drift is found by the first alarm from its first example on, until {@value #PATIENCE}
 * examples after its last or the next drift; its delay is the alarm's distance from its first
 * example. Every other alarm is false. Precision is found drifts by alarms, recall found drifts by
 * drifts, F1 their harmonic mean. Examples from which no drift can be found any more, or yet, are
 * stationary.
 */
public final class DriftScore {
    /** Examples after a drift in which it can still be found. */
    static final int PATIENCE = 1_000;

    private int drifts;
    private int found;
    private long delays;
    private int alarms;
    private int outside;
    private long stationary;

    /** Adds a stream. */
    void add(LossStream stream, List<Integer> found) {
        long inside = 0;
        int next = 0;
        List<DriftPlan.Change> planted = stream.drifts();
        for (int k = 0; k < planted.size(); k++) {
            DriftPlan.Change drift = planted.get(k);
            int last = k + 1 < planted.size() ? planted.get(k + 1).at() : stream.size();
            int end = Math.min(last, drift.at() + drift.width() + PATIENCE);
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

    /** Adds what another has. */
    void add(DriftScore other) {
        drifts += other.drifts;
        found += other.found;
        delays += other.delays;
        alarms += other.alarms;
        outside += other.outside;
        stationary += other.stationary;
    }

    public int drifts() {
        return drifts;
    }

    public int missed() {
        return drifts - found;
    }

    /** Returns the mean delay of those found, in examples; NaN if none was. */
    public double meanDelay() {
        return (double) delays / found;
    }

    /** Returns the false alarms that came after the one that found the drift, while it was near. */
    int repeated() {
        return alarms - found - outside;
    }

    /** Returns the false alarms in 10,000 stationary examples. */
    public double falseAlarms() {
        return 10_000.0 * outside / stationary;
    }

    double precision() {
        return (double) found / alarms;
    }

    double recall() {
        return (double) found / drifts;
    }

    /** Returns the harmonic mean of precision and recall; NaN if there is neither. */
    public double f1() {
        return 2.0 * found / (alarms + drifts);
    }
}
