package io.freshet.drift;

/**
 * A detector whose steps are pure: what follows a state depends on it and the next value alone.
 *
 * @param <S> what it remembers
 */
public sealed interface SteppedDetector<S extends DriftState> extends DriftDetector
        permits Ddm, Eddm, HddmA, HddmW, PageHinkley, Cusum, RobustCusum, Dummy {
    /** Returns the state before the first value. */
    S initialState();

    /**
     * Returns the state after one more value. One in which a drift was found is followed by what
     * would follow the initial one.
     *
     * @param state not modified
     * @throws IllegalArgumentException if the value is outside the domain
     */
    S update(S state, double value);

    /** Returns the statistic in a state. */
    double statistic(S state);

    /** Returns what the statistic has to reach for an alarm in a state. */
    double threshold(S state);

    /**
     * Returns the state that an array was made of.
     *
     * @param array as {@link DriftState#toArray()} gave it. Not modified.
     * @throws IllegalArgumentException if it was not made of such a state
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

    /** The detector on one stream: holds the current state. */
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
