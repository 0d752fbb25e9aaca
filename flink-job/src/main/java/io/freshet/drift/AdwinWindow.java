package io.freshet.drift;

import java.util.Arrays;

/**
 * Window of the ADWIN detector, updated in place.
 *
 * <p>Row {@code r} holds buckets of {@code 2ʳ} values, oldest first. When a row has one bucket too
 * many, its two oldest are merged into a bucket of the next row. The buckets of a row are therefore
 * older than those of all rows before it.
 */
final class AdwinWindow implements RunningDetector {
    /** Maximum number of buckets per size. */
    static final int MAX_BUCKETS = 5;

    /** Capacity of a row: one more bucket than the maximum, until two are merged. */
    private static final int ROW_CAPACITY = MAX_BUCKETS + 1;

    /** Windows of at most this many values are not cut. */
    private static final int MAX_UNCUT_WIDTH = 10;

    /** Both parts of a cut have more values than this. */
    private static final int MAX_UNCUT_PART = 6;

    /** Number that the bound subtracts from the size of each part. */
    private static final int SIZE_CORRECTION = 4;

    /** Length of the state before the rows. */
    private static final int HEADER = 9;

    /** Enough rows for as many values as a double can count. */
    private static final int MAX_ROWS = 53;

    private final double delta;
    private final int checkInterval;
    private final boolean increasesOnly;

    private int numRows;
    private int[] numBuckets;
    private double[] sums;
    private double[] squaredDeviations;

    private long width;
    private double sum;
    private double squaredDeviation;

    private int sinceCheck;
    private DriftStatus status;
    private double statistic;
    private double threshold;

    /** Number of values after the split to which statistic and threshold belong. */
    private long newerValues;

    AdwinWindow(double delta, int checkInterval, boolean increasesOnly) {
        this.delta = delta;
        this.checkInterval = checkInterval;
        this.increasesOnly = increasesOnly;
        this.numRows = 1;
        this.numBuckets = new int[1];
        this.sums = new double[ROW_CAPACITY];
        this.squaredDeviations = new double[ROW_CAPACITY];
        this.status = DriftStatus.STABLE;
        this.threshold = Double.POSITIVE_INFINITY;
    }

    AdwinWindow(double delta, int checkInterval, boolean increasesOnly, double[] state) {
        this.delta = delta;
        this.checkInterval = checkInterval;
        this.increasesOnly = increasesOnly;
        this.numRows = state.length < HEADER ? 0 : (int) ParameterChecks.count(state[0]);
        if (numRows < 1 || numRows > MAX_ROWS) {
            throw new IllegalArgumentException(
                    "the state is not that of a window: it has "
                            + state.length
                            + " numbers for "
                            + numRows
                            + " rows");
        }
        ParameterChecks.requireLength(HEADER + numRows * (1 + 2 * ROW_CAPACITY), state);
        this.sinceCheck = (int) ParameterChecks.count(state[1]);
        this.status = DriftStatus.of(state[2]);
        this.statistic = state[3];
        this.threshold = state[4];
        this.width = ParameterChecks.count(state[5]);
        this.sum = state[6];
        this.squaredDeviation = state[7];
        this.newerValues = ParameterChecks.count(state[8]);
        this.numBuckets = new int[numRows];
        long counted = 0;
        for (int row = 0; row < numRows; row++) {
            numBuckets[row] = (int) ParameterChecks.count(state[HEADER + row]);
            if (numBuckets[row] > MAX_BUCKETS) {
                throw new IllegalArgumentException(
                        "a row of the window has at most "
                                + MAX_BUCKETS
                                + " buckets, but in the state it has "
                                + numBuckets[row]);
            }
            counted += numBuckets[row] * size(row);
        }
        if (counted != width) {
            throw new IllegalArgumentException(
                    "the buckets in the state have " + counted + " values, the window " + width);
        }
        int at = HEADER + numRows;
        this.sums = Arrays.copyOfRange(state, at, at + numRows * ROW_CAPACITY);
        this.squaredDeviations =
                Arrays.copyOfRange(state, at + numRows * ROW_CAPACITY, state.length);
    }

    private static long size(int row) {
        return 1L << row;
    }

    @Override
    public DriftStatus update(double value) {
        Domain.NUMBERS.require(value);
        double meanBefore = mean();
        add(value);
        status = DriftStatus.STABLE;
        sinceCheck++;
        if (sinceCheck == checkInterval) {
            sinceCheck = 0;
            if (width > MAX_UNCUT_WIDTH && cut() && (!increasesOnly || mean() > meanBefore)) {
                status = DriftStatus.DRIFT;
            }
        }
        return status;
    }

    private double mean() {
        return sum / width;
    }

    private void add(double value) {
        if (width > 0) {
            double difference = value - mean();
            squaredDeviation += difference * difference * width / (width + 1);
        }
        width++;
        sum += value;
        append(0, value, 0);
        for (int row = 0; numBuckets[row] > MAX_BUCKETS; row++) {
            mergeOldest(row);
        }
    }

    private void append(int row, double bucketSum, double bucketSquaredDeviation) {
        int at = row * ROW_CAPACITY + numBuckets[row];
        sums[at] = bucketSum;
        squaredDeviations[at] = bucketSquaredDeviation;
        numBuckets[row]++;
    }

    private void mergeOldest(int row) {
        if (row + 1 == numRows) {
            numRows++;
            numBuckets = Arrays.copyOf(numBuckets, numRows);
            sums = Arrays.copyOf(sums, numRows * ROW_CAPACITY);
            squaredDeviations = Arrays.copyOf(squaredDeviations, numRows * ROW_CAPACITY);
        }
        int first = row * ROW_CAPACITY;
        double difference = (sums[first] - sums[first + 1]) / size(row);
        double between = difference * difference * size(row) / 2;
        append(
                row + 1,
                sums[first] + sums[first + 1],
                squaredDeviations[first] + squaredDeviations[first + 1] + between);
        removeOldest(row, 2);
    }

    private void removeOldest(int row, int count) {
        int first = row * ROW_CAPACITY;
        int left = numBuckets[row] - count;
        System.arraycopy(sums, first + count, sums, first, left);
        System.arraycopy(squaredDeviations, first + count, squaredDeviations, first, left);
        // Unused places are 0, so that equal windows have equal states.
        Arrays.fill(sums, first + left, first + numBuckets[row], 0);
        Arrays.fill(squaredDeviations, first + left, first + numBuckets[row], 0);
        numBuckets[row] = left;
    }

    /** Drops the oldest buckets while there is a cut; returns whether there was one. */
    private boolean cut() {
        if (!hasCut()) {
            return false;
        }
        double decidingStatistic = statistic;
        double decidingThreshold = threshold;
        long decidingNewerValues = newerValues;
        do {
            dropOldest();
        } while (hasCut());
        statistic = decidingStatistic;
        threshold = decidingThreshold;
        newerValues = decidingNewerValues;
        return true;
    }

    /**
     * Returns whether the means differ significantly at some split. Stores the statistic, threshold
     * and size of the split at which the difference exceeds its bound most, or comes nearest to it.
     */
    private boolean hasCut() {
        double d = Math.log(2 * Math.log((double) width) / delta);
        double variance = squaredDeviation / width;
        double largestExcess = Double.NEGATIVE_INFINITY;
        statistic = 0;
        threshold = Double.POSITIVE_INFINITY;
        long n0 = 0;
        double olderSum = 0;
        for (int row = numRows - 1; row >= 0; row--) {
            for (int bucket = 0; bucket < numBuckets[row]; bucket++) {
                n0 += size(row);
                olderSum += sums[row * ROW_CAPACITY + bucket];
                long n1 = width - n0;
                if (n0 <= MAX_UNCUT_PART || n1 <= MAX_UNCUT_PART) {
                    continue;
                }
                double m = 1.0 / (n0 - SIZE_CORRECTION) + 1.0 / (n1 - SIZE_CORRECTION);
                double epsilon = Math.sqrt(2 * m * variance * d) + 2.0 / 3 * d * m;
                double difference = Math.abs(olderSum / n0 - (sum - olderSum) / n1);
                if (difference - epsilon > largestExcess) {
                    largestExcess = difference - epsilon;
                    statistic = difference;
                    threshold = epsilon;
                    newerValues = n1;
                }
            }
        }
        return statistic > threshold;
    }

    /**
     * Drops the oldest bucket. Recomputes the moments from the remaining buckets, so that no
     * rounding error of the dropped values remains.
     */
    private void dropOldest() {
        removeOldest(numRows - 1, 1);
        if (numBuckets[numRows - 1] == 0) {
            numRows--;
            numBuckets = Arrays.copyOf(numBuckets, numRows);
            sums = Arrays.copyOf(sums, numRows * ROW_CAPACITY);
            squaredDeviations = Arrays.copyOf(squaredDeviations, numRows * ROW_CAPACITY);
        }
        width = 0;
        sum = 0;
        squaredDeviation = 0;
        for (int row = numRows - 1; row >= 0; row--) {
            for (int bucket = 0; bucket < numBuckets[row]; bucket++) {
                int at = row * ROW_CAPACITY + bucket;
                if (width > 0) {
                    double difference = mean() - sums[at] / size(row);
                    squaredDeviation +=
                            difference * difference * width / (width + size(row)) * size(row);
                }
                squaredDeviation += squaredDeviations[at];
                width += size(row);
                sum += sums[at];
            }
        }
    }

    @Override
    public DriftStatus status() {
        return status;
    }

    /** Returns the difference of the means at the split where it exceeds its bound most. */
    @Override
    public double statistic() {
        return statistic;
    }

    /** Returns {@code ε} at that split. */
    @Override
    public double threshold() {
        return threshold;
    }

    /** Returns, at an alarm, the number of values after that split. */
    @Override
    public long valuesSinceChange() {
        return status == DriftStatus.DRIFT ? newerValues : 0;
    }

    @Override
    public double[] state() {
        double[] state = new double[HEADER + numRows * (1 + 2 * ROW_CAPACITY)];
        state[0] = numRows;
        state[1] = sinceCheck;
        state[2] = status.code();
        state[3] = statistic;
        state[4] = threshold;
        state[5] = width;
        state[6] = sum;
        state[7] = squaredDeviation;
        state[8] = newerValues;
        for (int row = 0; row < numRows; row++) {
            state[HEADER + row] = numBuckets[row];
        }
        int at = HEADER + numRows;
        System.arraycopy(sums, 0, state, at, numRows * ROW_CAPACITY);
        System.arraycopy(
                squaredDeviations, 0, state, at + numRows * ROW_CAPACITY, numRows * ROW_CAPACITY);
        return state;
    }
}
