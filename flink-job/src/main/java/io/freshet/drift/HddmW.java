package io.freshet.drift;

import static io.freshet.drift.ParameterChecks.count;

/**
 * Drift detection method based on McDiarmid's bound for weighted averages (HDDM-W): an alarm when
 * the exponentially weighted moving average of recent values is significantly above that of the
 * values before.
 *
 * <p>The moving average of values {@code x₁, x₂, …} is {@code a₁ = x₁} and {@code a ← λ x + (1 − λ)
 * a}; the sum of its squared weights is {@code b₁ = 1} and {@code b ← λ² + (1 − λ)² b}. The method
 * keeps {@code (a₁, b₁)}, the values of {@code (a, b)} where {@code a + √(b ln(1/δ) / 2)} of all
 * values was lowest, and {@code (a₂, b₂)} of the values after that, and detects a drift where
 *
 * <pre>{@code
 * a₂ − a₁ > √((b₁ + b₂) ln(1/δ) / 2)
 * }</pre>
 *
 * <p>for {@code δ = driftConfidence}; it warns where the same holds for {@code warningConfidence}.
 * Only increases are detected. Old values are forgotten at the rate {@code λ}, so a change is
 * detected as soon after a million values as after a thousand, but only if it is large: the right
 * side is never below {@code √(λ/(2−λ) · ln(1/δ))}.
 *
 * <p>With {@code restartAfterDecrease} the mirrored test detects decreases. The detector then
 * restarts silently and discards the values before the decrease.
 *
 * <p>The estimated start of the change is the warning. Source: Frías-Blanco, del Campo-Ávila,
 * Ramos-Jiménez, Morales-Bueno, Ortiz-Díaz and Caballero-Mota, <i>Online and non-parametric drift
 * detection methods based on Hoeffding's bounds</i>, IEEE Transactions on Knowledge and Data
 * Engineering 27 (2015). Its alarms are at the same values as those of MOA's {@code HDDM_W_Test};
 * {@code restartAfterDecrease} is MOA's two-sided test. MOA keeps the state in static fields, so
 * that two detectors in one process disturb each other.
 *
 * @param driftConfidence {@code δ}, upper bound of the probability of a false alarm at a value:
 *     greater than 0, less than 1
 * @param warningConfidence upper bound of the probability of a false warning at a value, at least
 *     driftConfidence, less than 1
 * @param lambda {@code λ}, the weight of the latest value: greater than 0, at most 1
 * @param restartAfterDecrease whether the detector restarts after a significant decrease
 */
public record HddmW(
        double driftConfidence,
        double warningConfidence,
        double lambda,
        boolean restartAfterDecrease)
        implements SteppedDetector<HddmW.State> {
    /** The parameters of the paper and of MOA. */
    public static final HddmW MOA = new HddmW(0.001, 0.005, 0.05, false);

    private static final int LENGTH = 19;

    public HddmW {
        ParameterChecks.requireProbability("driftConfidence", driftConfidence);
        ParameterChecks.requireProbability("warningConfidence", warningConfidence);
        ParameterChecks.requireFraction("lambda", lambda);
        ParameterChecks.requireWarningFirst(
                warningConfidence >= driftConfidence,
                "warningConfidence is " + warningConfidence,
                "driftConfidence " + driftConfidence);
    }

    /**
     * Exponentially weighted moving average.
     *
     * @param count number of values
     * @param mean {@code a}
     * @param squaredWeights {@code b}
     */
    public record Average(long count, double mean, double squaredWeights) {
        static final Average EMPTY = new Average(0, 0, 0);

        Average with(double value, double lambda) {
            double keep = 1 - lambda;
            return count == 0
                    ? new Average(1, value, 1)
                    : new Average(
                            count + 1,
                            lambda * value + keep * mean,
                            lambda * lambda + keep * keep * squaredWeights);
        }
    }

    /**
     * Lowest or highest moving average so far, and the moving average of the values after it.
     *
     * @param bound value that the average of all values must fall below, or exceed, to be the next
     *     extreme
     * @param before average of the values up to the extreme
     * @param after average of the values after the extreme
     */
    public record Extreme(double bound, Average before, Average after) {
        static final Extreme NO_LOW =
                new Extreme(Double.POSITIVE_INFINITY, Average.EMPTY, Average.EMPTY);
        static final Extreme NO_HIGH =
                new Extreme(Double.NEGATIVE_INFINITY, Average.EMPTY, Average.EMPTY);

        /** Returns the sum of squared weights of the difference between the averages. */
        double squaredWeights() {
            return before.squaredWeights + after.squaredWeights;
        }
    }

    /**
     * State since the start, the last drift or the last restart.
     *
     * @param all average of all values
     * @param lowest the lowest average
     * @param highest the highest average; not updated without {@code restartAfterDecrease}
     * @param status status after the last value
     * @param sinceWarning number of values since the warning, including the one that caused it; 0
     *     outside the warning zone
     */
    public record State(
            Average all, Extreme lowest, Extreme highest, DriftStatus status, long sinceWarning)
            implements DriftState {
        static final State INITIAL =
                new State(Average.EMPTY, Extreme.NO_LOW, Extreme.NO_HIGH, DriftStatus.STABLE, 0);

        @Override
        public long valuesSinceChange() {
            return sinceWarning;
        }

        @Override
        public double[] toArray() {
            double[] array = new double[LENGTH];
            put(all, array, 0);
            put(lowest, array, 3);
            put(highest, array, 10);
            array[17] = status.code();
            array[18] = sinceWarning;
            return array;
        }

        private static void put(Extreme extreme, double[] array, int at) {
            array[at] = extreme.bound;
            put(extreme.before, array, at + 1);
            put(extreme.after, array, at + 4);
        }

        private static void put(Average average, double[] array, int at) {
            array[at] = average.count;
            array[at + 1] = average.mean;
            array[at + 2] = average.squaredWeights;
        }
    }

    @Override
    public Domain domain() {
        return Domain.UNIT_INTERVAL;
    }

    @Override
    public State initialState() {
        return State.INITIAL;
    }

    @Override
    public State update(State state, double value) {
        Domain.UNIT_INTERVAL.require(value);
        State before = state.status() == DriftStatus.DRIFT ? State.INITIAL : state;
        Average all = before.all.with(value, lambda);
        double logInverse = -Math.log(driftConfidence);
        double deviation = Math.sqrt(all.squaredWeights * logInverse / 2);

        Extreme lowest =
                all.mean + deviation < before.lowest.bound
                        ? new Extreme(all.mean + deviation, all, Average.EMPTY)
                        : new Extreme(
                                before.lowest.bound,
                                before.lowest.before,
                                before.lowest.after.with(value, lambda));
        double rise = lowest.after.count == 0 ? 0 : lowest.after.mean - lowest.before.mean;
        DriftStatus status = DriftStatus.STABLE;
        if (rise > 0) {
            double squaredWeights = lowest.squaredWeights();
            if (rise > Math.sqrt(squaredWeights * logInverse / 2)) {
                status = DriftStatus.DRIFT;
            } else if (rise > Math.sqrt(squaredWeights * -Math.log(warningConfidence) / 2)) {
                status = DriftStatus.WARNING;
            }
        }
        Extreme highest = before.highest;
        if (restartAfterDecrease && status != DriftStatus.DRIFT) {
            highest =
                    all.mean - deviation > highest.bound
                            ? new Extreme(all.mean - deviation, all, Average.EMPTY)
                            : new Extreme(
                                    highest.bound,
                                    highest.before,
                                    highest.after.with(value, lambda));
            if (highest.after.count > 0
                    && highest.before.mean - highest.after.mean
                            > Math.sqrt(highest.squaredWeights() * logInverse / 2)) {
                return State.INITIAL;
            }
        }
        return new State(all, lowest, highest, status, status.sinceWarning(before.sinceWarning));
    }

    /** Returns {@code a₂ − a₁}; 0 while there is nothing to compare. */
    @Override
    public double statistic(State state) {
        Extreme lowest = state.lowest;
        return lowest.after.count == 0 ? 0 : lowest.after.mean - lowest.before.mean;
    }

    /** Returns {@code √((b₁ + b₂) ln(1/δ) / 2)}; infinite while there is nothing to compare. */
    @Override
    public double threshold(State state) {
        return state.lowest.after.count == 0
                ? Double.POSITIVE_INFINITY
                : Math.sqrt(state.lowest.squaredWeights() * -Math.log(driftConfidence) / 2);
    }

    @Override
    public State stateOf(double[] array) {
        ParameterChecks.requireLength(LENGTH, array);
        return new State(
                average(array, 0),
                extreme(array, 3),
                extreme(array, 10),
                DriftStatus.of(array[17]),
                count(array[18]));
    }

    private static Extreme extreme(double[] array, int at) {
        return new Extreme(array[at], average(array, at + 1), average(array, at + 4));
    }

    private static Average average(double[] array, int at) {
        return new Average(count(array[at]), array[at + 1], array[at + 2]);
    }
}
