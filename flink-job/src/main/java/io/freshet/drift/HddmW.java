package io.freshet.drift;

import static io.freshet.drift.ParameterChecks.count;

/**
 * The drift detection method by McDiarmid's bound on weighted averages, HDDM-W: an alarm when the
 * fading average of late values is significantly above that of the values before.
 *
 * <p>A fading average of values {@code x₁, x₂, …} is {@code a₁ = x₁} and {@code a ← λ x + (1 − λ)
 * a}; the sum of its squared weights is {@code b₁ = 1} and {@code b ← λ² + (1 − λ)² b}. The method
 * remembers {@code (a₁, b₁)} as they were when {@code a + √(b ln(1/δ) / 2)} of all values was
 * lowest, keeps {@code (a₂, b₂)} of the values after, and finds a drift where
 *
 * <pre>{@code
 * a₂ − a₁ > √((b₁ + b₂) ln(1/δ) / 2)
 * }</pre>
 *
 * <p>for {@code δ = driftConfidence}; it warns where the same holds for {@code warningConfidence}.
 * Only increases are found. The cost of a stable past is forgotten at the pace of {@code λ}, so a
 * change is found as soon after a million values as after a thousand, but only if it is large: the
 * right side is never below {@code √(λ/(2−λ) · ln(1/δ))}.
 *
 * <p>With {@code restartAfterDecrease} the mirror image of the test looks for decreases, and the
 * method then starts anew without a word, so that what was worse is forgotten.
 *
 * <p>The change is taken to have begun with the warning. Source: Frías-Blanco, del Campo-Ávila,
 * Ramos-Jiménez, Morales-Bueno, Ortiz-Díaz and Caballero-Mota, <i>Online and non-parametric drift
 * detection methods based on Hoeffding's bounds</i>, IEEE Transactions on Knowledge and Data
 * Engineering 27 (2015). Alarms where MOA's {@code HDDM_W_Test} does; what MOA calls two-sided is
 * {@code restartAfterDecrease}. MOA's keeps its memory in static fields, so that two of them in one
 * process disturb each other.
 *
 * @param driftConfidence {@code δ}, the chance of a false alarm at a value, by the bound: greater
 *     than 0, less than 1
 * @param warningConfidence the same of a warning, at least driftConfidence, less than 1
 * @param lambda {@code λ}, the weight of the latest value: greater than 0, at most 1
 * @param restartAfterDecrease whether a significant decrease starts the test anew
 */
public record HddmW(
        double driftConfidence,
        double warningConfidence,
        double lambda,
        boolean restartAfterDecrease)
        implements SteppedDetector<HddmW.State> {
    /** The parameters of the paper and of MOA. */
    public static final HddmW DEFAULT = new HddmW(0.001, 0.005, 0.05, false);

    private static final int LENGTH = 19;

    public HddmW {
        ParameterChecks.requireProbability("driftConfidence", driftConfidence);
        ParameterChecks.requireProbability("warningConfidence", warningConfidence);
        ParameterChecks.requireShare("lambda", lambda);
        ParameterChecks.requireWarningFirst(
                warningConfidence >= driftConfidence,
                "warningConfidence is " + warningConfidence,
                "driftConfidence " + driftConfidence);
    }

    /**
     * A fading average.
     *
     * @param count values in it
     * @param mean {@code a}
     * @param squaredWeights {@code b}
     */
    public record Average(long count, double mean, double squaredWeights) {
        static final Average EMPTY = new Average(0, 0, 0);

        Average with(double value, double lambda) {
            double rest = 1 - lambda;
            return count == 0
                    ? new Average(1, value, 1)
                    : new Average(
                            count + 1,
                            lambda * value + rest * mean,
                            lambda * lambda + rest * rest * squaredWeights);
        }
    }

    /**
     * The average when it was at its lowest or highest, and that of the values after.
     *
     * @param bound what the average of all values must come below, or above, to be the next extreme
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
     * What is remembered since the start, the last drift or the last restart.
     *
     * @param all the average of all values
     * @param lowest where it was lowest
     * @param highest where it was highest; not kept without {@code restartAfterDecrease}
     * @param status what was said after the last value
     * @param sinceWarning values since the warning, its own included; 0 outside the warning zone
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
