package io.freshet.drift;

/**
 * Detector whose update is a pure function of the state and the next value.
 *
 * @param <S> type of the state
 */
public interface SteppedDetector<S extends DriftState> extends DriftDetector {
    /** Returns the state before the first value. */
    S initialState();

    /**
     * Returns the state after one more value. After a state with a drift the detector restarts from
     * the initial state.
     *
     * @param state Not modified.
     * @throws IllegalArgumentException if the value is outside the domain
     */
    S update(S state, double value);

    /** Returns the statistic in a state. */
    double statistic(S state);

    /** Returns the value of the statistic at which there is an alarm in a state. */
    double threshold(S state);

    /**
     * Returns the state that an array represents.
     *
     * @param array as returned by {@link DriftState#toArray()}. Not modified.
     * @throws IllegalArgumentException if the array does not represent a state
     */
    S stateOf(double[] array);

    @Override
    default RunningDetector start() {
        return new Running<>(this, initialState());
    }

    @Override
    default RunningDetector restore(double[] state) {
        return new Running<>(this, stateOf(state));
    }

    /** Running detector that holds the current state. */
    final class Running<S extends DriftState> implements RunningDetector {
        private final SteppedDetector<S> detector;
        private S state;

        Running(SteppedDetector<S> detector, S state) {
            this.detector = detector;
            this.state = state;
        }

        @Override
        public DriftStatus update(double value) {
            state = detector.update(state, value);
            return state.status();
        }

        @Override
        public DriftStatus status() {
            return state.status();
        }

        @Override
        public double statistic() {
            return detector.statistic(state);
        }

        @Override
        public double threshold() {
            return detector.threshold(state);
        }

        @Override
        public long valuesSinceChange() {
            return state.valuesSinceChange();
        }

        @Override
        public double[] state() {
            return state.toArray();
        }
    }
}
