package io.freshet.drift;

/**
 * The window of the KSWIN detector, updated in place: the values in the order in which they came,
 * in a ring, and in the order of their size.
 *
 * <p>A value more moves {@code D} by at most {@code 1/r + 1/m}: one enters the recent ones, one
 * goes over to the older ones, one leaves them. So after {@code D} was computed it is known for how
 * many values it cannot reach its threshold, and it is not computed for as many.
 */
final class KswinWindow implements RunningDetector {
    /** Numbers of a state before the values. */
    private static final int HEADER = 4;

    private final int recentSize;
    private final int olderSize;
    private final boolean increasesOnly;
    private final long criticalSteps;

    /** The ring; the next value takes the place {@code next}. */
    private final double[] values;

    private int count;
    private int next;

    /** The values by size, and where in the ring each is. */
    private final double[] sorted;

    private final int[] places;

    /** {@code r m D}, when it was last computed. */
    private long steps;

    /** Values that must come before it is computed again. */
    private long skipped;

    private DriftStatus status;

    KswinWindow(int windowSize, int recentSize, double alpha, boolean increasesOnly) {
        this.recentSize = recentSize;
        this.olderSize = windowSize - recentSize;
        this.increasesOnly = increasesOnly;
        this.criticalSteps =
                KolmogorovSmirnov.criticalSteps(recentSize, olderSize, alpha, increasesOnly);
        this.values = new double[windowSize];
        this.sorted = new double[windowSize];
        this.places = new int[windowSize];
        this.status = DriftStatus.STABLE;
    }

    KswinWindow(
            int windowSize, int recentSize, double alpha, boolean increasesOnly, double[] state) {
        this(windowSize, recentSize, alpha, increasesOnly);
        int inState = state.length < HEADER ? -1 : (int) ParameterChecks.count(state[0]);
        if (inState < 0 || inState > values.length) {
            throw new IllegalArgumentException(
                    "the state is not of a window of at most "
                            + values.length
                            + " values: it has "
                            + state.length
                            + " numbers for "
                            + inState
                            + " values");
        }
        ParameterChecks.requireLength(HEADER + inState, state);
        status = DriftStatus.of(state[1]);
        steps = ParameterChecks.count(state[2]);
        skipped = ParameterChecks.count(state[3]);
        for (int i = 0; i < inState; i++) {
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
        if (skipped > 0) {
            skipped--;
            return status;
        }
        steps = compare();
        if (steps >= criticalSteps) {
            status = DriftStatus.DRIFT;
        } else {
            skipped = (criticalSteps - steps - 1) / values.length;
        }
        return status;
    }

    /**
     * Takes a value into both orders, in the place of the oldest if the window is full. Among equal
     * ones the newest comes first, so the oldest is the last of its equals.
     */
    private void add(double value) {
        int at = firstNotBelow(value);
        if (count == values.length) {
            int gone = firstAbove(values[next]) - 1;
            if (gone < at) {
                at--;
                System.arraycopy(sorted, gone + 1, sorted, gone, at - gone);
                System.arraycopy(places, gone + 1, places, gone, at - gone);
            } else {
                System.arraycopy(sorted, at, sorted, at + 1, gone - at);
                System.arraycopy(places, at, places, at + 1, gone - at);
            }
        } else {
            System.arraycopy(sorted, at, sorted, at + 1, count - at);
            System.arraycopy(places, at, places, at + 1, count - at);
            count++;
        }
        sorted[at] = value;
        places[at] = next;
        values[next] = value;
        next = next + 1 == values.length ? 0 : next + 1;
    }

    /** Returns the index in the sorted order of the first value that is not below one. */
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

    /** Returns the index in the sorted order of the first value that is above one. */
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
     * Returns {@code r m D} of a full window. Which value is recent is as good as random, so that
     * is no branch: the shifts make all ones of a negative number.
     */
    private int compare() {
        int size = values.length;
        int newest = next - 1;
        int difference = 0;
        int largest = 0;
        int smallest = 0;
        for (int i = 0; i < size; i++) {
            int age = newest - places[i];
            age += (age >> 31) & size;
            // An older value adds r, a recent one takes away m = size − r.
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

    /** {@code D}, when it was last computed. */
    @Override
    public double statistic() {
        return (double) steps / recentSize / olderSize;
    }

    /** The least {@code D} whose p-value is at most alpha. */
    @Override
    public double threshold() {
        return (double) criticalSteps / recentSize / olderSize;
    }

    /** At an alarm, the recent values. */
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
        state[3] = skipped;
        for (int i = 0; i < count; i++) {
            state[HEADER + i] = values[Math.floorMod(next - count + i, values.length)];
        }
        return state;
    }
}
