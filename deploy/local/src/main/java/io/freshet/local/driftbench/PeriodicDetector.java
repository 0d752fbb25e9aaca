package io.freshet.local.driftbench;

import io.freshet.drift.Domain;
import io.freshet.drift.DriftDetector;
import io.freshet.drift.DriftStatus;
import io.freshet.drift.RunningDetector;

/**
 * Baseline detector that ignores the values and raises an alarm at every {@code interval}-th value.
 * Its score is what chance achieves, so that other detectors have to exceed it.
 *
 * @param interval number of values from one alarm to the next, at least 1
 */
record PeriodicDetector(int interval) implements DriftDetector {
    PeriodicDetector {
        if (interval < 1) {
            throw new IllegalArgumentException("interval must be at least 1, but is " + interval);
        }
    }

    @Override
    public Domain domain() {
        return Domain.NUMBERS;
    }

    @Override
    public RunningDetector start() {
        return new Running(interval, 0);
    }

    @Override
    public RunningDetector restore(double[] state) {
        if (state.length != 1 || !(state[0] >= 0 && state[0] <= interval)) {
            throw new IllegalArgumentException(
                    "the state must be one number from 0 to " + interval);
        }
        return new Running(interval, (int) state[0]);
    }

    /** Counter of the values since the start or the last alarm. */
    private static final class Running implements RunningDetector {
        private final int interval;
        private int count;

        Running(int interval, int count) {
            this.interval = interval;
            this.count = count;
        }

        @Override
        public DriftStatus update(double value) {
            if (!Domain.NUMBERS.contains(value)) {
                throw new IllegalArgumentException(
                        "the value must be " + Domain.NUMBERS.description() + ", but is " + value);
            }
            count = count == interval ? 1 : count + 1;
            return status();
        }

        @Override
        public DriftStatus status() {
            return count == interval ? DriftStatus.DRIFT : DriftStatus.STABLE;
        }

        @Override
        public double statistic() {
            return count;
        }

        @Override
        public double threshold() {
            return interval;
        }

        @Override
        public long valuesSinceChange() {
            return 1;
        }

        @Override
        public double[] state() {
            return new double[] {count};
        }
    }
}
