package io.freshet.model;

/**
 * Standardises features by the moments of all examples so far: {@code (x − mean) / σ}, with the
 * population's {@code σ² = Σ (x − mean)² / count}; exactly 0 where {@code σ} is 0.
 *
 * <p>A mini-batch of {@code n} examples moves the moments of the {@code N} before it by
 *
 * <pre>{@code
 * mean' = mean + s₁ / (N + n)
 * M₂'   = M₂ + s₂ − s₁² / (N + n)      s₁ = Σ (x − mean),  s₂ = Σ (x − mean)²
 * }</pre>
 *
 * <p>Implementation notes. The sums run in float over differences from the mean, at most {@value
 * #CHUNK} at a time, and join the moments in double: deviations lose nothing to a mean that is
 * large beside them, and moments go on moving after 10⁹ examples. The part of the mean that a float
 * cannot hold enters at the join. Welford's recurrence runs in double instead where the float sums
 * would leave their range, for the first examples, which have no mean to differ from, and for
 * mini-batches of a few. Either way a feature that has been constant has differences of exactly 0.
 * The loops over features are branch-free and run over whole arrays: HotSpot 17 vectorises them
 * only without an offset, which is worth a copy of each row.
 *
 * <p>Source: Welford, <i>Note on a method for calculating corrected sums of squares and
 * products</i>, Technometrics 4 (1962); Chan, Golub and LeVeque, <i>Algorithms for computing the
 * sample variance</i>, The American Statistician 37 (1983).
 */
final class StandardScaler {
    private static final int CHUNK = 64;

    /** With fewer examples, joining the sums costs more than it saves. */
    private static final int FEW = 4;

    /** Below it the squares of float differences may have lost digits to underflow. */
    private static final float SMALLEST_SQUARES = 1e-28f;

    private final int numFeatures;
    private long count;
    private double[] mean;
    private double[] squaredDeviations;
    private long previousCount;
    private double[] previousMean;
    private double[] previousSquaredDeviations;

    /** The float nearest to the mean: what differences are taken from. */
    private final float[] centre;

    private final float[] inverseDeviation;

    /** (mean − centre) / σ: what the centre misses of the mean. */
    private final float[] correction;

    private final float[] sums;
    private final float[] sumsOfSquares;
    private final float[] row;
    private final float[] nextRow;

    /**
     * @param count examples seen, 0 at the start
     * @param mean (numFeatures). Not modified.
     * @param squaredDeviations (numFeatures), {@code M₂}. Not modified.
     */
    StandardScaler(long count, double[] mean, double[] squaredDeviations) {
        this.numFeatures = mean.length;
        this.count = count;
        this.mean = mean.clone();
        this.squaredDeviations = squaredDeviations.clone();
        this.previousMean = new double[numFeatures];
        this.previousSquaredDeviations = new double[numFeatures];
        this.centre = new float[numFeatures];
        this.inverseDeviation = new float[numFeatures];
        this.correction = new float[numFeatures];
        this.sums = new float[numFeatures];
        this.sumsOfSquares = new float[numFeatures];
        this.row = new float[numFeatures];
        this.nextRow = new float[numFeatures];
        prepare();
    }

    /** Returns how many examples the moments are of. */
    long count() {
        return count;
    }

    /** Returns a copy of the mean of each feature, (numFeatures). */
    double[] mean() {
        return mean.clone();
    }

    /** Returns a copy of {@code Σ (x − mean)²} of each feature, (numFeatures). */
    double[] squaredDeviations() {
        return squaredDeviations.clone();
    }

    /**
     * Takes examples into the moments.
     *
     * @param features (size, numFeatures) row-major. Not modified.
     */
    void observe(float[] features, int size) {
        previousCount = count;
        System.arraycopy(mean, 0, previousMean, 0, numFeatures);
        System.arraycopy(squaredDeviations, 0, previousSquaredDeviations, 0, numFeatures);
        for (int from = 0; from < size; from += CHUNK) {
            join(features, from, Math.min(CHUNK, size - from));
        }
        prepare();
    }

    /** Takes back the last {@link #observe}: the moments are bit for bit what they were. */
    void undo() {
        double[] spareMean = mean;
        double[] spareSquaredDeviations = squaredDeviations;
        count = previousCount;
        mean = previousMean;
        squaredDeviations = previousSquaredDeviations;
        previousMean = spareMean;
        previousSquaredDeviations = spareSquaredDeviations;
        prepare();
    }

    /**
     * Standardises one example by the moments as they are.
     *
     * @param features numFeatures values from {@code offset} on. Not modified.
     * @param out (at least numFeatures). Modified.
     */
    void transform(float[] features, int offset, float[] out) {
        System.arraycopy(features, offset, out, 0, numFeatures);
        standardise(out, centre, inverseDeviation, correction, numFeatures);
    }

    private static void standardise(
            float[] values, float[] centre, float[] inverse, float[] correction, int count) {
        for (int f = 0; f < count; f++) {
            values[f] = (values[f] - centre[f]) * inverse[f] - correction[f];
        }
    }

    private void join(float[] features, int from, int size) {
        if (count == 0 || size < FEW) {
            joinOneByOne(features, from, size, 0, numFeatures);
        } else {
            sumDifferences(features, from, size);
            joinSums(features, from, size);
        }
        count += size;
    }

    private void sumDifferences(float[] features, int from, int size) {
        for (int f = 0; f < numFeatures; f++) {
            centre[f] = (float) mean[f];
            sums[f] = 0;
            sumsOfSquares[f] = 0;
        }
        for (int i = from; i < from + size; i += 2) {
            System.arraycopy(features, i * numFeatures, row, 0, numFeatures);
            if (i + 1 < from + size) {
                System.arraycopy(features, (i + 1) * numFeatures, nextRow, 0, numFeatures);
            } else {
                System.arraycopy(centre, 0, nextRow, 0, numFeatures);
            }
            addDifferences(row, nextRow, centre, sums, sumsOfSquares, numFeatures);
        }
    }

    private static void addDifferences(
            float[] row,
            float[] nextRow,
            float[] centre,
            float[] sums,
            float[] sumsOfSquares,
            int count) {
        for (int f = 0; f < count; f++) {
            float difference = row[f] - centre[f];
            float nextDifference = nextRow[f] - centre[f];
            sums[f] += difference + nextDifference;
            sumsOfSquares[f] += difference * difference + nextDifference * nextDifference;
        }
    }

    private void joinSums(float[] features, int from, int size) {
        double share = 1.0 / (count + size);
        for (int f = 0; f < numFeatures; f++) {
            float sum = sums[f];
            float squares = sumsOfSquares[f];
            if (squares <= Float.MAX_VALUE && (squares >= SMALLEST_SQUARES || sum == 0)) {
                double missed = mean[f] - centre[f];
                double first = sum - size * missed;
                double second = squares - missed * (sum + first);
                double added = second - first * first * share;
                mean[f] += first * share;
                squaredDeviations[f] += added > 0 ? added : 0;
            } else {
                joinOneByOne(features, from, size, f, f + 1);
            }
        }
    }

    /** Welford's recurrence for the features from {@code begin} to before {@code end}. */
    private void joinOneByOne(float[] features, int from, int size, int begin, int end) {
        for (int i = 0; i < size; i++) {
            int offset = (from + i) * numFeatures;
            double share = 1.0 / (count + i + 1);
            for (int f = begin; f < end; f++) {
                double value = features[offset + f];
                double difference = value - mean[f];
                mean[f] += difference * share;
                squaredDeviations[f] += difference * (value - mean[f]);
            }
        }
    }

    private void prepare() {
        for (int f = 0; f < numFeatures; f++) {
            centre[f] = (float) mean[f];
        }
        for (int f = 0; f < numFeatures; f++) {
            double inverse =
                    squaredDeviations[f] == 0
                            ? 0
                            : Math.min(Math.sqrt(count / squaredDeviations[f]), Float.MAX_VALUE);
            inverseDeviation[f] = (float) inverse;
            correction[f] = (float) ((mean[f] - centre[f]) * inverse);
        }
    }
}
