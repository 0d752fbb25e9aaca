package io.freshet.drift;

import static io.freshet.drift.ParameterChecks.count;

/**
 * Detector for tests with an alarm at every {@code interval}-th value, independent of the values.
 *
 * @param interval number of values from one alarm to the next, at least 1
 */
public record PeriodicDetector(int interval) implements SteppedDetector<PeriodicDetector.State> {
    public PeriodicDetector {
        ParameterChecks.requireAtLeast(1, "interval", interval);
    }

    /**
     * State since the start or the last alarm.
     *
     * @param count number of values
     * @param status status after the last value
     */
    public record State(long count, DriftStatus status) implements DriftState {
        static final State INITIAL = new State(0, DriftStatus.STABLE);

        @Override
        public long valuesSinceChange() {
            return 1;
        }

        @Override
        public double[] toArray() {
            return new double[] {count, status.code()};
        }
    }

    @Override
    public Domain domain() {
        return Domain.NUMBERS;
    }

    @Override
    public State initialState() {
        return State.INITIAL;
    }

    @Override
    public State update(State state, double value) {
        Domain.NUMBERS.require(value);
        long count = state.status() == DriftStatus.DRIFT ? 1 : state.count + 1;
        return new State(count, count == interval ? DriftStatus.DRIFT : DriftStatus.STABLE);
    }

    /** Returns the number of values since the last alarm. */
    @Override
    public double statistic(State state) {
        return state.count;
    }

    /** Returns the interval. */
    @Override
    public double threshold(State state) {
        return interval;
    }

    @Override
    public State stateOf(double[] array) {
        ParameterChecks.requireLength(2, array);
        return new State(count(array[0]), DriftStatus.of(array[1]));
    }
}
