package io.freshet.drift;

import static io.freshet.drift.ParameterChecks.count;

/**
 * Page–Hinkley test with a fading factor: an alarm when the cumulative difference from the mean has
 * risen too far above its minimum.
 *
 * <p>With {@code x̄} the mean of the values from the start or the last alarm to the newest,
 *
 * <pre>{@code
 * m ← α m + (x − x̄ − δ),   M ← min(α M, m),   a drift where m − M > λ
 * }</pre>
 *
 * <p>for {@code α = fadingFactor}, {@code δ = delta} and {@code λ = threshold}, the latter two in
 * the unit of the values. Only increases are detected. The state holds {@code g = m − M}, for which
 * {@code g ← max(0, α g + (x − x̄ − δ))}: at {@code α = 1} the test is {@link Cusum}. An increase
 * of the mean by less than {@code δ + λ (1 − α)} cannot be detected.
 *
 * <p>The estimated start of the change is where {@code m} was last at its minimum. Source: Page,
 * <i>Continuous inspection schemes</i>, Biometrika 41 (1954); Mouss, Mouss, Mouss and Sefouhi,
 * <i>Test of Page–Hinkley, an approach for fault detection in an agro-alimentary production
 * system</i>, 5th Asian Control Conference (2004). MOA's {@code PageHinkleyDM} differs: it compares
 * {@code m} with {@code λ} and has no minimum, so that an increase must first outweigh every
 * earlier decrease of {@code m}. Where {@code m} does not fall below 0 the two are the same, if
 * {@code minInstances} is one less than MOA's parameter, since MOA's counter starts at 1. River
 * fades {@code m} but not {@code M}, so that fading alone raises {@code m} above a low minimum,
 * which causes an alarm without a change.
 *
 * @param minInstances number of values before the first possible alarm, at least 1
 * @param delta {@code δ}, allowance by which a value may exceed the mean: finite, at least 0
 * @param threshold {@code λ}: finite, greater than 0
 * @param fadingFactor {@code α}: greater than 0, at most 1
 */
public record PageHinkley(int minInstances, double delta, double threshold, double fadingFactor)
        implements SteppedDetector<PageHinkley.State> {
    /** MOA's parameters. */
    public static final PageHinkley MOA = new PageHinkley(30, 0.005, 50, 0.9999);

    public PageHinkley {
        ParameterChecks.requireAtLeast(1, "minInstances", minInstances);
        ParameterChecks.requireNotNegative("delta", delta);
        ParameterChecks.requirePositive("threshold", threshold);
        ParameterChecks.requireFraction("fadingFactor", fadingFactor);
    }

    /**
     * State since the start or the last drift.
     *
     * @param count number of values
     * @param mean {@code x̄}
     * @param sum {@code g}, the cumulative difference above its minimum
     * @param countAtMin number of values when the minimum was last reached
     * @param status status after the last value
     */
    public record State(long count, double mean, double sum, long countAtMin, DriftStatus status)
            implements DriftState {
        static final State INITIAL = new State(0, 0, 0, 0, DriftStatus.STABLE);

        @Override
        public long valuesSinceChange() {
            return count - countAtMin;
        }

        @Override
        public double[] toArray() {
            return new double[] {count, mean, sum, countAtMin, status.code()};
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
        double sum = Math.max(0, fadingFactor * before.sum + (value - mean - delta));
        return new State(
                count,
                mean,
                sum,
                sum == 0 ? count : before.countAtMin,
                count >= minInstances && sum > threshold ? DriftStatus.DRIFT : DriftStatus.STABLE);
    }

    /** Returns {@code m − M}. */
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
