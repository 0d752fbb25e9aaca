package io.freshet.drift;

import static io.freshet.drift.ParameterChecks.count;

/**
 * The Drift Detection Method: an alarm when the error rate since the start is significantly above
 * its own minimum.
 *
 * <p>With {@code p} the share of errors among the {@code n} values since the start or the last
 * alarm and {@code s = √(p (1 − p) / n)}, the method remembers the {@code p_min} and {@code s_min}
 * of the moment at which {@code p + s} was lowest, and warns where
 *
 * <pre>{@code
 * p + s > p_min + warningLevel · s_min
 * }</pre>
 *
 * <p>and finds a drift where the same holds for {@code driftLevel}. Only increases count. Since
 * {@code p} is a mean over everything, the longer a stream has been stable, the later a change is
 * found. A stream without an error in its first {@code minInstances} values has {@code s_min = 0},
 * and the first error is an alarm.
 *
 * <p>The change is taken to have begun with the warning. Source: Gama, Medas, Castillo and
 * Rodrigues, <i>Learning with drift detection</i>, SBIA 2004. Alarms where MOA's {@code DDM} does:
 * like that, it looks for the minimum from one value before {@code minInstances} on.
 *
 * @param minInstances values before which there is no alarm, at least 1
 * @param warningLevel standard deviations above the minimum, at least 0
 * @param driftLevel standard deviations above the minimum, at least warningLevel
 */
public record Ddm(int minInstances, double warningLevel, double driftLevel)
        implements SteppedDetector<Ddm.State> {
    /** The parameters of the paper and of MOA. */
    public static final Ddm DEFAULT = new Ddm(30, 2, 3);

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
     * What is remembered since the start or the last drift.
     *
     * @param count values seen, {@code n}
     * @param errorRate {@code p}
     * @param minRate {@code p_min}; infinite while there is none
     * @param minDeviation {@code s_min}; infinite while there is none
     * @param status what was said after the last value
     * @param sinceWarning values since the warning, its own included; 0 outside the warning zone
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
