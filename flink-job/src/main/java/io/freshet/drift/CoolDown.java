package io.freshet.drift;

import java.util.Arrays;

/**
 * A detector that rests after an alarm, so that one drift is one alarm: the next {@code values}
 * values are not looked at, then its test starts afresh. In the meantime a learner gets used to
 * what came, and the next test begins with what is then normal.
 *
 * @param detector what looks for changes
 * @param values how long it rests, at least 1
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
        return new Test(this, detector.start(), 0);
    }

    @Override
    public RunningDetector restore(double[] state) {
        if (state.length < 1) {
            throw new IllegalArgumentException("the state is empty");
        }
        long resting = ParameterChecks.count(state[0]);
        ParameterChecks.requireAtMost(values, "the rest in the state", resting);
        return new Test(
                this, detector.restore(Arrays.copyOfRange(state, 1, state.length)), (int) resting);
    }

    /** The detector's test, and how long it still rests. */
    private static final class Test implements RunningDetector {
        private final CoolDown coolDown;
        private RunningDetector test;
        private int resting;

        Test(CoolDown coolDown, RunningDetector test, int resting) {
            this.coolDown = coolDown;
            this.test = test;
            this.resting = resting;
        }

        @Override
        public DriftStatus update(double value) {
            if (test.status() == DriftStatus.DRIFT) {
                coolDown.domain().require(value);
                test = coolDown.detector.start();
                resting = coolDown.values;
            }
            if (resting == 0) {
                return test.update(value);
            }
            coolDown.domain().require(value);
            resting--;
            return DriftStatus.STABLE;
        }

        @Override
        public DriftStatus status() {
            return test.status();
        }

        @Override
        public double statistic() {
            return test.statistic();
        }

        @Override
        public double threshold() {
            return test.threshold();
        }

        @Override
        public long valuesSinceChange() {
            return test.valuesSinceChange();
        }

        @Override
        public double[] state() {
            double[] inner = test.state();
            double[] state = new double[1 + inner.length];
            state[0] = resting;
            System.arraycopy(inner, 0, state, 1, inner.length);
            return state;
        }
    }
}
