package io.freshet.drift;

import java.util.Arrays;

/**
 * The window of the ADWIN detector, updated in place.
 *
 * <p>Row {@code r} holds buckets of {@code 2ʳ} values, oldest first; a row with one too many merges
 * its two oldest into a bucket of the next row. So all of a row's are older than those of the rows
 * before.
 */
final class AdwinWindow implements RunningDetector {
    /** The most buckets of a size. */
    static final int MOST_BUCKETS = 5;

    /** Places of a row: one more, for the bucket that makes it merge. */
    private static final int PLACES = MOST_BUCKETS + 1;

    /** Windows of no more values are not cut. */
    private static final int LEAST_WIDTH = 10;

    /** Neither part of a cut has so few values, or fewer. */
    private static final int LEAST_PART = 6;

    /** What the bound takes off the size of each part. */
    private static final int HANDICAP = 4;

    /** Numbers of a state before the rows. */
    private static final int HEADER = 9;

    /** Enough for as many values as a double counts. */
    private static final int MOST_ROWS = 53;

    private final double delta;
    private final int clock;
    private final boolean increasesOnly;

    private int numRows;
    private int[] numBuckets;
    private double[] sums;
    private double[] squaredDeviations;

    private long width;
    private double sum;
    private double squaredDeviation;

    private int sinceLook;
    private DriftStatus status;
    private double statistic;
    private double threshold;

    /** Values after the split that statistic and threshold are of. */
    private long newer;

    AdwinWindow(double delta, int clock, boolean increasesOnly) {
        this.delta = delta;
        this.clock = clock;
        this.increasesOnly = increasesOnly;
        this.numRows = 1;
        this.numBuckets = new int[1];
        this.sums = new double[PLACES];
        this.squaredDeviations = new double[PLACES];
        this.status = DriftStatus.STABLE;
        this.threshold = Double.POSITIVE_INFINITY;
    }

    AdwinWindow(double delta, int clock, boolean increasesOnly, double[] state) {
        this.delta = delta;
        this.clock = clock;
        this.increasesOnly = increasesOnly;
        this.numRows = state.length < HEADER ? 0 : (int) ParameterChecks.count(state[0]);
        if (numRows < 1 || numRows > MOST_ROWS) {
            throw new IllegalArgumentException(
                    "the state is not of a window: it has "
                            + state.length
                            + " numbers for "
                            + numRows
                            + " rows");
        }
        ParameterChecks.requireLength(HEADER + numRows * (1 + 2 * PLACES), state);
        this.sinceLook = (int) ParameterChecks.count(state[1]);
        this.status = DriftStatus.of(state[2]);
        this.statistic = state[3];
        this.threshold = state[4];
        this.width = ParameterChecks.count(state[5]);
        this.sum = state[6];
        this.squaredDeviation = state[7];
        this.newer = ParameterChecks.count(state[8]);
        this.numBuckets = new int[numRows];
        long counted = 0;
        for (int row = 0; row < numRows; row++) {
            numBuckets[row] = (int) ParameterChecks.count(state[HEADER + row]);
            if (numBuckets[row] > MOST_BUCKETS) {
                throw new IllegalArgumentException(
                        "a row of the window has at most "
                                + MOST_BUCKETS
                                + " buckets, but in the state "
                                + numBuckets[row]);
            }
            counted += numBuckets[row] * size(row);
        }
        if (counted != width) {
            throw new IllegalArgumentException(
                    "the buckets in the state have " + counted + " values, the window " + width);
        }
        int at = HEADER + numRows;
        this.sums = Arrays.copyOfRange(state, at, at + numRows * PLACES);
        this.squaredDeviations = Arrays.copyOfRange(state, at + numRows * PLACES, state.length);
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
        sinceLook++;
        if (sinceLook == clock) {
            sinceLook = 0;
            if (width > LEAST_WIDTH && cut() && (!increasesOnly || mean() > meanBefore)) {
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
        for (int row = 0; numBuckets[row] > MOST_BUCKETS; row++) {
            mergeOldest(row);
        }
    }

    private void append(int row, double bucketSum, double bucketSquaredDeviation) {
        int at = row * PLACES + numBuckets[row];
        sums[at] = bucketSum;
        squaredDeviations[at] = bucketSquaredDeviation;
        numBuckets[row]++;
    }

    private void mergeOldest(int row) {
        if (row + 1 == numRows) {
            numRows++;
            numBuckets = Arrays.copyOf(numBuckets, numRows);
            sums = Arrays.copyOf(sums, numRows * PLACES);
            squaredDeviations = Arrays.copyOf(squaredDeviations, numRows * PLACES);
        }
        int first = row * PLACES;
        double difference = (sums[first] - sums[first + 1]) / size(row);
        double between = difference * difference * size(row) / 2;
        append(
                row + 1,
                sums[first] + sums[first + 1],
                squaredDeviations[first] + squaredDeviations[first + 1] + between);
        removeOldest(row, 2);
    }

    private void removeOldest(int row, int count) {
        int first = row * PLACES;
        int left = numBuckets[row] - count;
        System.arraycopy(sums, first + count, sums, first, left);
        System.arraycopy(squaredDeviations, first + count, squaredDeviations, first, left);
        // What is not there must not make two states of one window differ.
        Arrays.fill(sums, first + left, first + numBuckets[row], 0);
        Arrays.fill(squaredDeviations, first + left, first + numBuckets[row], 0);
        numBuckets[row] = left;
    }

    /** Drops buckets from the old end while there is a cut; returns whether there was one. */
    private boolean cut() {
        if (!hasCut()) {
            return false;
        }
        double decidingStatistic = statistic;
        double decidingThreshold = threshold;
        long decidingNewer = newer;
        do {
            dropOldest();
        } while (hasCut());
        statistic = decidingStatistic;
        threshold = decidingThreshold;
        newer = decidingNewer;
        return true;
    }

    /**
     * Returns whether some split has means that differ significantly, and remembers the one at
     * which they do most, or come nearest to it.
     */
    private boolean hasCut() {
        double d = Math.log(2 * Math.log((double) width) / delta);
        double variance = squaredDeviation / width;
        double most = Double.NEGATIVE_INFINITY;
        statistic = 0;
        threshold = Double.POSITIVE_INFINITY;
        long n0 = 0;
        double olderSum = 0;
        for (int row = numRows - 1; row >= 0; row--) {
            for (int bucket = 0; bucket < numBuckets[row]; bucket++) {
                n0 += size(row);
                olderSum += sums[row * PLACES + bucket];
                long n1 = width - n0;
                if (n0 <= LEAST_PART || n1 <= LEAST_PART) {
                    continue;
                }
                double m = 1.0 / (n0 - HANDICAP) + 1.0 / (n1 - HANDICAP);
                double epsilon = Math.sqrt(2 * m * variance * d) + 2.0 / 3 * d * m;
                double difference = Math.abs(olderSum / n0 - (sum - olderSum) / n1);
                if (difference - epsilon > most) {
                    most = difference - epsilon;
                    statistic = difference;
                    threshold = epsilon;
                    newer = n1;
                }
            }
        }
        return statistic > threshold;
    }

    /** Drops the oldest bucket. The moments are those of the rest anew, free of what is gone. */
    private void dropOldest() {
        removeOldest(numRows - 1, 1);
        if (numBuckets[numRows - 1] == 0) {
            numRows--;
            numBuckets = Arrays.copyOf(numBuckets, numRows);
            sums = Arrays.copyOf(sums, numRows * PLACES);
            squaredDeviations = Arrays.copyOf(squaredDeviations, numRows * PLACES);
        }
        width = 0;
        sum = 0;
        squaredDeviation = 0;
        for (int row = numRows - 1; row >= 0; row--) {
            for (int bucket = 0; bucket < numBuckets[row]; bucket++) {
                int at = row * PLACES + bucket;
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

    /** The difference of the means at the split where it exceeds its bound most. */
    @Override
    public double statistic() {
        return statistic;
    }

    /** {@code ε} of that split. */
    @Override
    public double threshold() {
        return threshold;
    }

    /** At an alarm, the values after that split. */
    @Override
    public long valuesSinceChange() {
        return status == DriftStatus.DRIFT ? newer : 0;
    }

    @Override
    public double[] state() {
        double[] state = new double[HEADER + numRows * (1 + 2 * PLACES)];
        state[0] = numRows;
        state[1] = sinceLook;
        state[2] = status.code();
        state[3] = statistic;
        state[4] = threshold;
        state[5] = width;
        state[6] = sum;
        state[7] = squaredDeviation;
        state[8] = newer;
        for (int row = 0; row < numRows; row++) {
            state[HEADER + row] = numBuckets[row];
        }
        int at = HEADER + numRows;
        System.arraycopy(sums, 0, state, at, numRows * PLACES);
        System.arraycopy(squaredDeviations, 0, state, at + numRows * PLACES, numRows * PLACES);
        return state;
    }
}
