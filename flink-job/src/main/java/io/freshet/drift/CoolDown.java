package io.freshet.drift;

import java.util.Arrays;

/**
 * Detector with a cool-down after each alarm, so that one drift causes one alarm: the next {@code
 * values} values are ignored, then the detector restarts. In the meantime the learner adapts, so
 * that the restarted detector sees only its performance after the change.
 *
 * @param detector the detector that restarts after the cool-down
 * @param values number of values in the cool-down, at least 1
 */
public record CoolDown(DriftDetector detector, int values) implements DriftDetector {
    public CoolDown {
        ParameterChecks.requireAtLeast(1, "values", values);
    }

    @Override
    public Domain domain() {
        return detector.domain();
    }

    @Override
    public RunningDetector start() {
        return new Running(this, detector.start(), 0);
    }

    @Override
    public RunningDetector restore(double[] state) {
        if (state.length < 1) {
            throw new IllegalArgumentException("the state is empty");
        }
        long remaining = ParameterChecks.count(state[0]);
        ParameterChecks.requireAtMost(values, "the remaining cool-down in the state", remaining);
        return new Running(
                this,
                detector.restore(Arrays.copyOfRange(state, 1, state.length)),
                (int) remaining);
    }

    /** A running detector, and the number of values left in its cool-down. */
    private static final class Running implements RunningDetector {
        private final CoolDown coolDown;
        private RunningDetector running;
        private int remaining;

        Running(CoolDown coolDown, RunningDetector running, int remaining) {
            this.coolDown = coolDown;
            this.running = running;
            this.remaining = remaining;
        }

        @Override
        public DriftStatus update(double value) {
            if (running.status() == DriftStatus.DRIFT) {
                coolDown.domain().require(value);
                running = coolDown.detector.start();
                remaining = coolDown.values;
            }
            if (remaining == 0) {
                return running.update(value);
            }
            coolDown.domain().require(value);
            remaining--;
            return DriftStatus.STABLE;
        }

        @Override
        public DriftStatus status() {
            return running.status();
        }

        @Override
        public double statistic() {
            return running.statistic();
        }

        @Override
        public double threshold() {
            return running.threshold();
        }

        @Override
        public long valuesSinceChange() {
            return running.valuesSinceChange();
        }

        @Override
        public double[] state() {
            double[] inner = running.state();
            double[] state = new double[1 + inner.length];
            state[0] = remaining;
            System.arraycopy(inner, 0, state, 1, inner.length);
            return state;
        }
    }
}
