package io.freshet.drift;

/**
 * Window of the KSWIN detector, updated in place: the values in order of arrival, in a ring buffer,
 * and sorted by size.
 *
 * <p>Each further value changes {@code D} by at most {@code 1/r + 1/m}: one value joins the recent
 * ones, one moves from the recent to the older ones, and one leaves. The distance of {@code D} from
 * its threshold therefore determines for how many values {@code D} need not be recomputed.
 */
final class KswinWindow implements RunningDetector {
    /** Length of the state before the values. */
    private static final int HEADER = 4;

    private final int recentSize;
    private final int olderSize;
    private final boolean increasesOnly;
    private final long criticalSteps;

    /** Ring buffer; the next value is written to index {@code next}. */
    private final double[] values;

    private int count;
    private int next;

    /** Values in ascending order; {@code ringIndexes} holds the index of each in the ring. */
    private final double[] sorted;

    private final int[] ringIndexes;

    /** {@code r m D} at its last computation. */
    private long steps;

    /** Number of values until the next computation. */
    private long valuesToSkip;

    private DriftStatus status;

    KswinWindow(int windowSize, int recentSize, double alpha, boolean increasesOnly) {
        this.recentSize = recentSize;
        this.olderSize = windowSize - recentSize;
        this.increasesOnly = increasesOnly;
        this.criticalSteps =
                KolmogorovSmirnov.criticalSteps(recentSize, olderSize, alpha, increasesOnly);
        this.values = new double[windowSize];
        this.sorted = new double[windowSize];
        this.ringIndexes = new int[windowSize];
        this.status = DriftStatus.STABLE;
    }

    KswinWindow(
            int windowSize, int recentSize, double alpha, boolean increasesOnly, double[] state) {
        this(windowSize, recentSize, alpha, increasesOnly);
        int countInState = state.length < HEADER ? -1 : (int) ParameterChecks.count(state[0]);
        if (countInState < 0 || countInState > values.length) {
            throw new IllegalArgumentException(
                    "the state is not that of a window of at most "
                            + values.length
                            + " values: it has "
                            + state.length
                            + " numbers for "
                            + countInState
                            + " values");
        }
        ParameterChecks.requireLength(HEADER + countInState, state);
        status = DriftStatus.of(state[1]);
        steps = ParameterChecks.count(state[2]);
        valuesToSkip = ParameterChecks.count(state[3]);
        for (int i = 0; i < countInState; i++) {
            add(state[HEADER + i]);
        }
    }

    @Override
    public DriftStatus update(double value) {
        Domain.NUMBERS.require(value);
        if (status == DriftStatus.DRIFT) {
            keepRecent();
            status = DriftStatus.STABLE;
        }
        add(value);
        if (count < values.length) {
            return status;
        }
        if (valuesToSkip > 0) {
            valuesToSkip--;
            return status;
        }
        steps = compare();
        if (steps >= criticalSteps) {
            status = DriftStatus.DRIFT;
        } else {
            valuesToSkip = (criticalSteps - steps - 1) / values.length;
        }
        return status;
    }

    /**
     * Adds a value to both orders and, if the window is full, removes the oldest. Among equal
     * values the newest comes first, so the oldest is the last one.
     */
    private void add(double value) {
        int at = firstNotBelow(value);
        if (count == values.length) {
            int removed = firstAbove(values[next]) - 1;
            if (removed < at) {
                at--;
                System.arraycopy(sorted, removed + 1, sorted, removed, at - removed);
                System.arraycopy(ringIndexes, removed + 1, ringIndexes, removed, at - removed);
            } else {
                System.arraycopy(sorted, at, sorted, at + 1, removed - at);
                System.arraycopy(ringIndexes, at, ringIndexes, at + 1, removed - at);
            }
        } else {
            System.arraycopy(sorted, at, sorted, at + 1, count - at);
            System.arraycopy(ringIndexes, at, ringIndexes, at + 1, count - at);
            count++;
        }
        sorted[at] = value;
        ringIndexes[at] = next;
        values[next] = value;
        next = next + 1 == values.length ? 0 : next + 1;
    }

    /** Returns the index in the sorted order of the first value that is at least {@code value}. */
    private int firstNotBelow(double value) {
        int low = 0;
        int high = count;
        while (low < high) {
            int middle = (low + high) >>> 1;
            if (sorted[middle] < value) {
                low = middle + 1;
            } else {
                high = middle;
            }
        }
        return low;
    }

    /** Returns the index in the sorted order of the first value above {@code value}. */
    private int firstAbove(double value) {
        int low = 0;
        int high = count;
        while (low < high) {
            int middle = (low + high) >>> 1;
            if (sorted[middle] <= value) {
                low = middle + 1;
            } else {
                high = middle;
            }
        }
        return low;
    }

    /**
     * Returns {@code r m D} of a full window. The processor cannot predict a branch on whether a
     * value is recent, so the code uses shifts instead, which turn a negative number into all ones.
     */
    private int compare() {
        int size = values.length;
        int newest = next - 1;
        int difference = 0;
        int largest = 0;
        int smallest = 0;
        for (int i = 0; i < size; i++) {
            int age = newest - ringIndexes[i];
            age += (age >> 31) & size;
            // An older value adds r, a recent one subtracts m = size − r.
            difference += recentSize - ((age - recentSize) >> 31 & size);
            if (i + 1 == size || sorted[i + 1] > sorted[i]) {
                largest = Math.max(largest, difference);
                smallest = Math.min(smallest, difference);
            }
        }
        return increasesOnly ? largest : Math.max(largest, -smallest);
    }

    private void keepRecent() {
        double[] recent = new double[recentSize];
        for (int i = 0; i < recent.length; i++) {
            recent[i] = values[Math.floorMod(next - recent.length + i, values.length)];
        }
        count = 0;
        next = 0;
        for (double value : recent) {
            add(value);
        }
    }

    @Override
    public DriftStatus status() {
        return status;
    }

    /** Returns {@code D} at its last computation. */
    @Override
    public double statistic() {
        return (double) steps / recentSize / olderSize;
    }

    /** Returns the smallest {@code D} whose p-value is at most alpha. */
    @Override
    public double threshold() {
        return (double) criticalSteps / recentSize / olderSize;
    }

    /** Returns, at an alarm, the number of recent values. */
    @Override
    public long valuesSinceChange() {
        return status == DriftStatus.DRIFT ? recentSize : 0;
    }

    @Override
    public double[] state() {
        double[] state = new double[HEADER + count];
        state[0] = count;
        state[1] = status.code();
        state[2] = steps;
        state[3] = valuesToSkip;
        for (int i = 0; i < count; i++) {
            state[HEADER + i] = values[Math.floorMod(next - count + i, values.length)];
        }
        return state;
    }
}
