package io.freshet.drift;

import static io.freshet.drift.ParameterChecks.count;

/**
 * Drift detection method based on Hoeffding's bound for averages (HDDM-A): an alarm when the mean
 * since the start is significantly above its lowest value.
 *
 * <p>With {@code x̄} the mean of all {@code n} values since the start or the last alarm, the method
 * keeps the {@code k} and {@code x̄_k} at which {@code x̄ + √(ln(1/δ) / 2n)} was lowest, and
 * detects a drift where
 *
 * <pre>{@code
 * x̄ − x̄_k ≥ √((1/k − 1/n) ln(2/δ) / 2)
 * }</pre>
 *
 * <p>for {@code δ = driftConfidence}; it warns where the same holds for {@code warningConfidence}.
 * Only increases are detected. Since {@code x̄} is a mean over all values, the longer a stream has
 * been stable, the later a change is detected.
 *
 * <p>With {@code restartAfterDecrease} the mirrored test, with the same {@code δ}, detects
 * decreases. The detector then restarts silently and discards the values before the decrease.
 *
 * <p>The estimated start of the change is the warning. Source: Frías-Blanco, del Campo-Ávila,
 * Ramos-Jiménez, Morales-Bueno, Ortiz-Díaz and Caballero-Mota, <i>Online and non-parametric drift
 * detection methods based on Hoeffding's bounds</i>, IEEE Transactions on Knowledge and Data
 * Engineering 27 (2015). Its alarms are at the same values as those of MOA's {@code HDDM_A_Test};
 * {@code restartAfterDecrease} is MOA's two-sided test, its default.
 *
 * @param driftConfidence {@code δ}, upper bound of the probability of a false alarm at a value:
 *     greater than 0, less than 1
 * @param warningConfidence upper bound of the probability of a false warning at a value, at least
 *     driftConfidence, less than 1
 * @param restartAfterDecrease whether the detector restarts after a significant decrease
 */
public record HddmA(double driftConfidence, double warningConfidence, boolean restartAfterDecrease)
        implements SteppedDetector<HddmA.State> {
    /** The parameters of the paper and of MOA. */
    public static final HddmA MOA = new HddmA(0.001, 0.005, true);

    private static final double LN_2 = Math.log(2);

    public HddmA {
        ParameterChecks.requireProbability("driftConfidence", driftConfidence);
        ParameterChecks.requireProbability("warningConfidence", warningConfidence);
        ParameterChecks.requireWarningFirst(
                warningConfidence >= driftConfidence,
                "warningConfidence is " + warningConfidence,
                "driftConfidence " + driftConfidence);
    }

    /**
     * State since the start, the last drift or the last restart.
     *
     * @param count number of values, {@code n}
     * @param total sum of the values
     * @param minCount number of values when the mean was lowest, {@code k}; 0 before the first
     *     value
     * @param minTotal sum of these values
     * @param maxCount number of values when the mean was highest; 0 before the first value
     * @param maxTotal sum of these values
     * @param status status after the last value
     * @param sinceWarning number of values since the warning, including the one that caused it; 0
     *     outside the warning zone
     */
    public record State(
            long count,
            double total,
            long minCount,
            double minTotal,
            long maxCount,
            double maxTotal,
            DriftStatus status,
            long sinceWarning)
            implements DriftState {
        static final State INITIAL = new State(0, 0, 0, 0, 0, 0, DriftStatus.STABLE, 0);

        /** Returns the difference between the mean and its lowest value. */
        double rise() {
            return count == minCount ? 0 : total / count - minTotal / minCount;
        }

        @Override
        public long valuesSinceChange() {
            return sinceWarning;
        }

        @Override
        public double[] toArray() {
            return new double[] {
                count, total, minCount, minTotal, maxCount, maxTotal, status.code(), sinceWarning
            };
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
        long count = before.count + 1;
        double total = before.total + value;
        double mean = total / count;
        double logInverse = -Math.log(driftConfidence);
        double deviation = Math.sqrt(logInverse / (2 * count));

        long minCount = before.minCount;
        double minTotal = before.minTotal;
        double minMean = minTotal / minCount;
        if (minCount == 0 || minMean + Math.sqrt(logInverse / (2 * minCount)) >= mean + deviation) {
            minCount = count;
            minTotal = total;
            minMean = mean;
        }
        DriftStatus status = DriftStatus.STABLE;
        double rise = mean - minMean;
        double variance = variance(minCount, count);
        // ln 2 is below both logarithms, so neither bound can be reached unless this one is.
        if (rise > 0 && isReached(rise, variance, LN_2)) {
            if (isReached(rise, variance, LN_2 + logInverse)) {
                status = DriftStatus.DRIFT;
            } else if (isReached(rise, variance, LN_2 - Math.log(warningConfidence))) {
                status = DriftStatus.WARNING;
            }
        }

        long maxCount = before.maxCount;
        double maxTotal = before.maxTotal;
        if (restartAfterDecrease && status != DriftStatus.DRIFT) {
            double maxMean = maxTotal / maxCount;
            if (maxCount == 0
                    || maxMean - Math.sqrt(logInverse / (2 * maxCount)) <= mean - deviation) {
                maxCount = count;
                maxTotal = total;
            } else if (maxMean > mean
                    && isReached(maxMean - mean, variance(maxCount, count), LN_2 + logInverse)) {
                return State.INITIAL;
            }
        }
        return new State(
                count,
                total,
                minCount,
                minTotal,
                maxCount,
                maxTotal,
                status,
                status.sinceWarning(before.sinceWarning));
    }

    /** Returns {@code 1/k − 1/n}. */
    private static double variance(long k, long n) {
        return (double) (n - k) / k / n;
    }

    /** Returns whether {@code difference ≥ √(variance · logarithm / 2)}. */
    private static boolean isReached(double difference, double variance, double logarithm) {
        return difference * difference >= variance * logarithm / 2;
    }

    /** Returns {@code x̄ − x̄_k}. */
    @Override
    public double statistic(State state) {
        return state.rise();
    }

    /** Returns {@code √((1/k − 1/n) ln(2/δ) / 2)}; infinite while there is nothing to compare. */
    @Override
    public double threshold(State state) {
        return state.count == state.minCount
                ? Double.POSITIVE_INFINITY
                : Math.sqrt(
                        variance(state.minCount, state.count) * Math.log(2 / driftConfidence) / 2);
    }

    @Override
    public State stateOf(double[] array) {
        ParameterChecks.requireLength(8, array);
        return new State(
                count(array[0]),
                array[1],
                count(array[2]),
                array[3],
                count(array[4]),
                array[5],
                DriftStatus.of(array[6]),
                count(array[7]));
    }
}
