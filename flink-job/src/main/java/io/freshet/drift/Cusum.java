package io.freshet.drift;

import static io.freshet.drift.ParameterChecks.count;

/**
 * Cumulative sum test (CUSUM): an alarm when the sum of deviations above the mean is too large.
 *
 * <p>With {@code x̄} the mean of the values from the start or the last alarm to the newest,
 *
 * <pre>{@code
 * g ← max(0, g + x − x̄ − δ),   a drift where g > λ
 * }</pre>
 *
 * <p>for {@code δ = delta} and {@code λ = threshold}, both in the unit of the values. Only
 * increases are detected. A change by {@code Δ} is detected after about {@code λ / (Δ − δ)} values.
 *
 * <p>The estimated start of the change is where {@code g} was last 0. Source: Page, <i>Continuous
 * inspection schemes</i>, Biometrika 41 (1954), with the running mean instead of a known one, as in
 * MOA's {@code CusumDM}. MOA's counter starts at 1, so its alarms are at the same values if {@code
 * minInstances} is one less than MOA's parameter.
 *
 * @param minInstances number of values before the first possible alarm, at least 1
 * @param delta {@code δ}, allowance by which a value may exceed the mean: finite, at least 0
 * @param threshold {@code λ}: finite, greater than 0
 */
public record Cusum(int minInstances, double delta, double threshold)
        implements SteppedDetector<Cusum.State> {
    /** MOA's parameters. */
    public static final Cusum MOA = new Cusum(30, 0.005, 50);

    public Cusum {
        ParameterChecks.requireAtLeast(1, "minInstances", minInstances);
        ParameterChecks.requireNotNegative("delta", delta);
        ParameterChecks.requirePositive("threshold", threshold);
    }

    /**
     * State since the start or the last drift.
     *
     * @param count number of values
     * @param mean {@code x̄}
     * @param sum {@code g}
     * @param countAtZero number of values when {@code g} was last 0
     * @param status status after the last value
     */
    public record State(long count, double mean, double sum, long countAtZero, DriftStatus status)
            implements DriftState {
        static final State INITIAL = new State(0, 0, 0, 0, DriftStatus.STABLE);

        @Override
        public long valuesSinceChange() {
            return count - countAtZero;
        }

        @Override
        public double[] toArray() {
            return new double[] {count, mean, sum, countAtZero, status.code()};
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
        State before = state.status() == DriftStatus.DRIFT ? State.INITIAL : state;
        long count = before.count + 1;
        double mean = before.mean + (value - before.mean) / count;
        double sum = Math.max(0, before.sum + value - mean - delta);
        return new State(
                count,
                mean,
                sum,
                sum == 0 ? count : before.countAtZero,
                count >= minInstances && sum > threshold ? DriftStatus.DRIFT : DriftStatus.STABLE);
    }

    /** Returns {@code g}. */
    @Override
    public double statistic(State state) {
        return state.sum;
    }

    /** Returns {@code λ}. */
    @Override
    public double threshold(State state) {
        return threshold;
    }

    @Override
    public State stateOf(double[] array) {
        ParameterChecks.requireLength(5, array);
        return new State(
                count(array[0]), array[1], array[2], count(array[3]), DriftStatus.of(array[4]));
    }
}
