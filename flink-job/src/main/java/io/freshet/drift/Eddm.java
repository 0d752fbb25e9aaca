package io.freshet.drift;

import static io.freshet.drift.ParameterChecks.count;

/**
 * Early Drift Detection Method (EDDM): an alarm when the distances between errors are significantly
 * shorter than their maximum.
 *
 * <p>With {@code p'} the mean and {@code s'} the standard deviation of the distances, in values,
 * between an error and the next, the method keeps the largest {@code p' + 2 s'}, and warns where
 *
 * <pre>{@code
 * (p' + 2 s') / max (p' + 2 s') < warningLevel
 * }</pre>
 *
 * <p>and detects a drift where the same holds for {@code driftLevel}. Only increases of the error
 * rate are detected. The status changes at errors only; the first distance is counted from the
 * start. The statistic is 1 minus the ratio and the threshold {@code 1 − driftLevel}, so that a
 * larger statistic is worse.
 *
 * <p>The estimated start of the change is the warning. Source: Baena-García, del Campo-Ávila,
 * Fidalgo, Bifet, Gavaldà and Morales-Bueno, <i>Early drift detection method</i>, 4th International
 * Workshop on Knowledge Discovery from Data Streams (2006). Its alarms are at the same values as
 * those of MOA's {@code EDDM}, whose parameters are fixed.
 *
 * @param minErrors number of errors after which a drift can be detected, and number of values from
 *     which on the maximum is updated; at least 1
 * @param warningLevel greater than 0, at most 1
 * @param driftLevel greater than 0, at most warningLevel
 */
public record Eddm(int minErrors, double warningLevel, double driftLevel)
        implements SteppedDetector<Eddm.State> {
    /** The parameters of the paper and of MOA. */
    public static final Eddm MOA = new Eddm(30, 0.95, 0.9);

    public Eddm {
        ParameterChecks.requireAtLeast(1, "minErrors", minErrors);
        ParameterChecks.requireFraction("warningLevel", warningLevel);
        ParameterChecks.requireFraction("driftLevel", driftLevel);
        ParameterChecks.requireWarningFirst(
                warningLevel >= driftLevel,
                "warningLevel is " + warningLevel,
                "driftLevel " + driftLevel);
    }

    /**
     * State since the start or the last drift.
     *
     * @param count number of values
     * @param errors number of errors among them
     * @param countAtError number of values at the last error
     * @param meanDistance {@code p'}
     * @param squaredDeviations {@code errors · s'²}
     * @param maximum the largest {@code p' + 2 s'}
     * @param status status after the last error
     * @param sinceWarning number of values since the warning, including the one that caused it; 0
     *     outside the warning zone
     */
    public record State(
            long count,
            long errors,
            long countAtError,
            double meanDistance,
            double squaredDeviations,
            double maximum,
            DriftStatus status,
            long sinceWarning)
            implements DriftState {
        static final State INITIAL = new State(0, 0, 0, 0, 0, 0, DriftStatus.STABLE, 0);

        /** Returns {@code p' + 2 s'}. */
        double level() {
            return errors == 0 ? 0 : meanDistance + 2 * Math.sqrt(squaredDeviations / errors);
        }

        @Override
        public long valuesSinceChange() {
            return sinceWarning;
        }

        @Override
        public double[] toArray() {
            return new double[] {
                count,
                errors,
                countAtError,
                meanDistance,
                squaredDeviations,
                maximum,
                status.code(),
                sinceWarning
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
        if (value == 0) {
            return new State(
                    count,
                    before.errors,
                    before.countAtError,
                    before.meanDistance,
                    before.squaredDeviations,
                    before.maximum,
                    before.status,
                    before.status.sinceWarning(before.sinceWarning));
        }
        long errors = before.errors + 1;
        long distance = count - before.countAtError;
        double mean = before.meanDistance + (distance - before.meanDistance) / errors;
        double squares =
                before.squaredDeviations + (distance - mean) * (distance - before.meanDistance);
        double level = mean + 2 * Math.sqrt(squares / errors);
        double maximum = before.maximum;
        DriftStatus status = DriftStatus.STABLE;
        if (level > maximum) {
            if (count >= minErrors) {
                maximum = level;
            }
        } else if (errors > minErrors) {
            double ratio = level / maximum;
            if (ratio < driftLevel) {
                status = DriftStatus.DRIFT;
            } else if (ratio < warningLevel) {
                status = DriftStatus.WARNING;
            }
        }
        return new State(
                count,
                errors,
                count,
                mean,
                squares,
                maximum,
                status,
                status.sinceWarning(before.sinceWarning));
    }

    /** Returns {@code 1 − (p' + 2 s') / max (p' + 2 s')}; 0 before there is a maximum. */
    @Override
    public double statistic(State state) {
        return state.maximum == 0 ? 0 : 1 - state.level() / state.maximum;
    }

    /** Returns {@code 1 − driftLevel}. */
    @Override
    public double threshold(State state) {
        return 1 - driftLevel;
    }

    @Override
    public State stateOf(double[] array) {
        ParameterChecks.requireLength(8, array);
        return new State(
                count(array[0]),
                count(array[1]),
                count(array[2]),
                array[3],
                array[4],
                array[5],
                DriftStatus.of(array[6]),
                count(array[7]));
    }
}
