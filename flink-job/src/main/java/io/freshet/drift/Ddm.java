package io.freshet.drift;

import static io.freshet.drift.ParameterChecks.count;

/**
 * Drift Detection Method (DDM): an alarm when the error rate since the start is significantly above
 * its minimum.
 *
 * <p>With {@code p} the fraction of errors among the {@code n} values since the start or the last
 * alarm and {@code s = √(p (1 − p) / n)}, the method keeps {@code p_min} and {@code s_min}, the
 * values of {@code p} and {@code s} where {@code p + s} was lowest, and warns where
 *
 * <pre>{@code
 * p + s > p_min + warningLevel · s_min
 * }</pre>
 *
 * <p>and detects a drift where the same holds for {@code driftLevel}. Only increases are detected.
 * Since {@code p} is a mean over all values, the longer a stream has been stable, the later a
 * change is detected. A stream without an error in its first {@code minInstances} values has {@code
 * s_min = 0}, and the first error is an alarm.
 *
 * <p>The estimated start of the change is the warning. Source: Gama, Medas, Castillo and Rodrigues,
 * <i>Learning with drift detection</i>, SBIA 2004. Its alarms are at the same values as those of
 * MOA's {@code DDM}; like MOA, it updates the minimum from value {@code minInstances − 1} on.
 *
 * @param minInstances number of values before the first possible alarm, at least 1
 * @param warningLevel standard deviations above the minimum, at least 0
 * @param driftLevel standard deviations above the minimum, at least warningLevel
 */
public record Ddm(int minInstances, double warningLevel, double driftLevel)
        implements SteppedDetector<Ddm.State> {
    /** The parameters of the paper and of MOA. */
    public static final Ddm MOA = new Ddm(30, 2, 3);

    public Ddm {
        ParameterChecks.requireAtLeast(1, "minInstances", minInstances);
        ParameterChecks.requireNotNegative("warningLevel", warningLevel);
        ParameterChecks.requireNotNegative("driftLevel", driftLevel);
        ParameterChecks.requireWarningFirst(
                warningLevel <= driftLevel,
                "warningLevel is " + warningLevel,
                "driftLevel " + driftLevel);
    }

    /**
     * State since the start or the last drift.
     *
     * @param count number of values, {@code n}
     * @param errorRate {@code p}
     * @param minRate {@code p_min}; infinite while there is none
     * @param minDeviation {@code s_min}; infinite while there is none
     * @param status status after the last value
     * @param sinceWarning number of values since the warning, including the one that caused it; 0
     *     outside the warning zone
     */
    public record State(
            long count,
            double errorRate,
            double minRate,
            double minDeviation,
            DriftStatus status,
            long sinceWarning)
            implements DriftState {
        static final State INITIAL =
                new State(
                        0,
                        0,
                        Double.POSITIVE_INFINITY,
                        Double.POSITIVE_INFINITY,
                        DriftStatus.STABLE,
                        0);

        /** Returns {@code s}. */
        double deviation() {
            return count == 0 ? 0 : Math.sqrt(errorRate * (1 - errorRate) / count);
        }

        @Override
        public long valuesSinceChange() {
            return sinceWarning;
        }

        @Override
        public double[] toArray() {
            return new double[] {
                count, errorRate, minRate, minDeviation, status.code(), sinceWarning
            };
        }
    }

    @Override
    public Domain domain() {
        return Domain.ERRORS;
    }

    @Override
    public State initialState() {
        return State.INITIAL;
    }

    @Override
    public State update(State state, double value) {
        Domain.ERRORS.require(value);
        State before = state.status() == DriftStatus.DRIFT ? State.INITIAL : state;
        long count = before.count + 1;
        double rate = before.errorRate + (value - before.errorRate) / count;
        double minRate = before.minRate;
        double minDeviation = before.minDeviation;
        DriftStatus status = DriftStatus.STABLE;
        if (count >= minInstances - 1) {
            double deviation = Math.sqrt(rate * (1 - rate) / count);
            if (rate + deviation <= minRate + minDeviation) {
                minRate = rate;
                minDeviation = deviation;
            }
            if (count >= minInstances && rate + deviation > minRate + driftLevel * minDeviation) {
                status = DriftStatus.DRIFT;
            } else if (rate + deviation > minRate + warningLevel * minDeviation) {
                status = DriftStatus.WARNING;
            }
        }
        return new State(
                count,
                rate,
                minRate,
                minDeviation,
                status,
                status.sinceWarning(before.sinceWarning));
    }

    /** Returns {@code p + s}. */
    @Override
    public double statistic(State state) {
        return state.errorRate + state.deviation();
    }

    /** Returns {@code p_min + driftLevel · s_min}. */
    @Override
    public double threshold(State state) {
        return state.minRate + driftLevel * state.minDeviation;
    }

    @Override
    public State stateOf(double[] array) {
        ParameterChecks.requireLength(6, array);
        return new State(
                count(array[0]),
                array[1],
                array[2],
                array[3],
                DriftStatus.of(array[4]),
                count(array[5]));
    }
}
