package io.freshet.drift;

/** A {@link SteppedDetector} with the state that it has come to. */
final class SteppedTest<S extends DriftState> implements DriftTest {
    private final SteppedDetector<S> detector;
    private S state;

    SteppedTest(SteppedDetector<S> detector, S state) {
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
