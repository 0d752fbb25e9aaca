package io.freshet.model.scale;

import io.freshet.model.example.BlockRows;
import java.util.Arrays;

/**
 * Standardises features by the moments of all examples so far: {@code (x − mean) / σ}, with the
 * population's {@code σ² = Σ (x − mean)² / count}; exactly 0 where {@code σ} is 0.
 *
 * <p>{@code n} examples move the moments of the {@code N} before them by
 *
 * <pre>{@code
 * mean' = mean + s₁ / (N + n)
 * M₂'   = M₂ + s₂ − s₁² / (N + n)      s₁ = Σ (x − mean),  s₂ = Σ (x − mean)²
 * }</pre>
 *
 * <p>Implementation notes. The sums run in float over differences from the float nearest to the
 * mean, over at most {@value #CHUNK} examples, and join the moments in double: deviations lose
 * nothing to a mean that is large beside them, and moments go on moving after 10⁹ examples. What
 * that float misses of the mean goes into {@code baseSum} and {@code baseSquares}. In between,
 * {@code σ} follows from the sums in float, to a few units of its last place, since {@code s₁²} is
 * small beside {@code (N + n) s₂} once there have been {@value #FEW} examples. Welford's recurrence
 * in double takes over, feature by feature, before that and where squares leave the range of float.
 * Either way a feature that has been constant has differences of exactly 0. The loops over features
 * are branch-free and run over whole arrays with one index: HotSpot 17 vectorises them only so,
 * which is worth a copy of each row.
 *
 * <p>Source: Welford, <i>Note on a method for calculating corrected sums of squares and
 * products</i>, Technometrics 4 (1962); Chan, Golub and LeVeque, <i>Algorithms for computing the
 * sample variance</i>, The American Statistician 37 (1983).
 */
public final class StandardScaler {
    private static final int CHUNK = 64;

    /** Before so many examples all is done in double. */
    private static final int FEW = 4 * CHUNK;

    /** Between these a sum of squares is safe in float. */
    private static final float SMALLEST_SQUARES = 1e-28f;

    private static final float LARGEST_SQUARES = 1e30f;

    /**
     * Added under the root: nothing beside a variance that is safe in float, and no division by 0.
     */
    private static final float TINY = 1e-37f;

    private final int numFeatures;
    private long count;
    private final double[] mean;
    private final double[] squaredDeviations;
    private long previousCount;
    private final double[] previousMean;
    private final double[] previousSquaredDeviations;

    // The block at hand, in float: differences are taken from the centre.
    private final float[] centre;
    private final float[] baseSum;
    private final float[] baseSquares;
    private final float[] sums;
    private final float[] sumsOfSquares;
    private int summed;

    // (x − centre) · inverse − correction is the scaled feature.
    private final float[] inverseDeviation;
    private final float[] correction;
    private boolean prepared;

    /** Features of the block at hand that need doubles. */
    private final boolean[] careful;

    private final float[] row;

    /** Arrays that scalers of as many features use one after the other, block by block. */
    public static final class Scratch {
        private final double[] previousMean;
        private final double[] previousSquaredDeviations;
        private final float[] centre;
        private final float[] baseSum;
        private final float[] baseSquares;
        private final float[] sums;
        private final float[] sumsOfSquares;
        private final float[] inverseDeviation;
        private final float[] correction;
        private final boolean[] careful;
        private final float[] row;

        public Scratch(int numFeatures) {
            this.previousMean = new double[numFeatures];
            this.previousSquaredDeviations = new double[numFeatures];
            this.centre = new float[numFeatures];
            this.baseSum = new float[numFeatures];
            this.baseSquares = new float[numFeatures];
            this.sums = new float[numFeatures];
            this.sumsOfSquares = new float[numFeatures];
            this.inverseDeviation = new float[numFeatures];
            this.correction = new float[numFeatures];
            this.careful = new boolean[numFeatures];
            this.row = new float[numFeatures];
        }
    }

    /**
     * @param count examples seen, 0 at the start
     * @param mean (numFeatures). Not modified.
     * @param squaredDeviations (numFeatures), {@code M₂}. Not modified.
     * @param scratch of as many features. Modified by every call.
     */
    public StandardScaler(long count, double[] mean, double[] squaredDeviations, Scratch scratch) {
        this.numFeatures = mean.length;
        this.count = count;
        this.mean = mean.clone();
        this.squaredDeviations = squaredDeviations.clone();
        this.previousMean = scratch.previousMean;
        this.previousSquaredDeviations = scratch.previousSquaredDeviations;
        this.centre = scratch.centre;
        this.baseSum = scratch.baseSum;
        this.baseSquares = scratch.baseSquares;
        this.sums = scratch.sums;
        this.sumsOfSquares = scratch.sumsOfSquares;
        this.inverseDeviation = scratch.inverseDeviation;
        this.correction = scratch.correction;
        this.careful = scratch.careful;
        this.row = scratch.row;
    }

    /** Returns how many examples the moments are of. */
    public long count() {
        return count;
    }

    /** Returns a copy of the mean of each feature, (numFeatures). */
    public double[] mean() {
        return mean.clone();
    }

    /** Returns a copy of {@code Σ (x − mean)²} of each feature, (numFeatures). */
    public double[] squaredDeviations() {
        return squaredDeviations.clone();
    }

    /**
     * Scales rows of a block: each mini-batch moves the moments and is then scaled by them; a row
     * without a label is scaled by the moments in force at its place.
     *
     * @param block which rows, in the order of execution. Not modified.
     * @param from the first row
     * @param to after the last row
     * @param features (examples, numFeatures) row-major. Not modified.
     * @param out gets row {@code from + i} at {@code i · width}. Modified.
     * @param width values of a row of {@code out}, at least numFeatures
     */
    public void scale(BlockRows block, int from, int to, float[] features, float[] out, int width) {
        remember();
        Arrays.fill(careful, count < FEW);
        rebase();
        int i = from;
        while (i < to) {
            int end = block.endOfMiniBatch(i, to);
            for (int r = i; r < end; r++) {
                observe(features, block.example(r) * numFeatures);
            }
            if (end > i) {
                moments();
                for (int r = i; r < end; r++) {
                    transform(features, block.example(r) * numFeatures, out, (r - from) * width);
                }
                i = end;
            } else {
                if (!prepared) {
                    moments();
                }
                transform(features, block.example(i) * numFeatures, out, (i - from) * width);
                clearConstants(out, (i - from) * width);
                i++;
            }
        }
        join();
        for (int f = 0; f < numFeatures; f++) {
            if (careful[f]) {
                scaleInDouble(f, block, from, to, features, out, width);
            }
        }
    }

    /**
     * Takes a mini-batch into the moments, for {@link #transform} to scale by them.
     *
     * @param block which rows, in the order of execution. Not modified.
     * @param features (examples, numFeatures) row-major. Not modified.
     */
    public void observe(BlockRows block, int from, int to, float[] features) {
        remember();
        Arrays.fill(careful, count < FEW);
        rebase();
        for (int r = from; r < to; r++) {
            observe(features, block.example(r) * numFeatures);
        }
        join();
        for (int f = 0; f < numFeatures; f++) {
            if (careful[f]) {
                joinInDouble(f, block, from, to, features);
            }
        }
        prepare();
    }

    /** Makes {@link #transform} scale by the moments as they are. */
    public void prepare() {
        for (int f = 0; f < numFeatures; f++) {
            float nearest = (float) mean[f];
            double inverse =
                    squaredDeviations[f] == 0
                            ? 0
                            : Math.min(Math.sqrt(count / squaredDeviations[f]), Float.MAX_VALUE);
            centre[f] = nearest;
            inverseDeviation[f] = (float) inverse;
            correction[f] = (float) ((mean[f] - nearest) * inverse);
        }
    }

    /**
     * Returns a bound of a scaled feature's magnitude, if it was among those observed: {@code
     * √count}, with room for rounding.
     */
    public double bound() {
        return 1.01 * Math.sqrt((double) count);
    }

    /**
     * Takes back the last {@link #scale} or {@link #observe}: the moments are bit for bit what they
     * were.
     */
    public void undo() {
        count = previousCount;
        System.arraycopy(previousMean, 0, mean, 0, numFeatures);
        System.arraycopy(previousSquaredDeviations, 0, squaredDeviations, 0, numFeatures);
    }

    /** Forgets all that it has seen. */
    public void reset() {
        set(0, new double[numFeatures], new double[numFeatures]);
    }

    /**
     * Becomes other moments.
     *
     * @param otherMean (numFeatures). Not modified.
     * @param otherSquaredDeviations (numFeatures). Not modified.
     */
    public void set(long otherCount, double[] otherMean, double[] otherSquaredDeviations) {
        count = otherCount;
        System.arraycopy(otherMean, 0, mean, 0, numFeatures);
        System.arraycopy(otherSquaredDeviations, 0, squaredDeviations, 0, numFeatures);
    }

    private void remember() {
        previousCount = count;
        System.arraycopy(mean, 0, previousMean, 0, numFeatures);
        System.arraycopy(squaredDeviations, 0, previousSquaredDeviations, 0, numFeatures);
    }

    /** Puts the moments where sums in float can go on from them. */
    private void rebase() {
        for (int f = 0; f < numFeatures; f++) {
            float nearest = (float) mean[f];
            double missed = mean[f] - nearest;
            double squares = squaredDeviations[f] + count * missed * missed;
            centre[f] = nearest;
            baseSum[f] = (float) (count * missed);
            baseSquares[f] = (float) squares;
            careful[f] |= squares > LARGEST_SQUARES || (squares < SMALLEST_SQUARES && squares > 0);
        }
        Arrays.fill(sums, 0);
        Arrays.fill(sumsOfSquares, 0);
        summed = 0;
        prepared = false;
    }

    private void observe(float[] features, int offset) {
        if (summed == CHUNK) {
            join();
            rebase();
        }
        System.arraycopy(features, offset, row, 0, numFeatures);
        addDifferences(row, centre, sums, sumsOfSquares, numFeatures);
        summed++;
    }

    private static void addDifferences(
            float[] row, float[] centre, float[] sums, float[] sumsOfSquares, int count) {
        for (int f = 0; f < count; f++) {
            float difference = row[f] - centre[f];
            sums[f] += difference;
            sumsOfSquares[f] += difference * difference;
        }
    }

    private void moments() {
        float share = (float) (1.0 / (count + summed));
        moments(
                baseSum,
                baseSquares,
                sums,
                sumsOfSquares,
                share,
                inverseDeviation,
                correction,
                numFeatures);
        prepared = true;
    }

    private static void moments(
            float[] baseSum,
            float[] baseSquares,
            float[] sums,
            float[] sumsOfSquares,
            float share,
            float[] inverse,
            float[] correction,
            int count) {
        for (int f = 0; f < count; f++) {
            float sum = baseSum[f] + sums[f];
            float shift = sum * share;
            float variance = (baseSquares[f] + sumsOfSquares[f] - sum * shift) * share;
            float inverted = 1f / (float) Math.sqrt(variance + TINY);
            inverse[f] = inverted;
            correction[f] = shift * inverted;
        }
    }

    /**
     * Scales one example.
     *
     * @param features numFeatures values from {@code offset} on. Not modified.
     * @param out gets them from {@code outOffset} on. Modified.
     */
    public void transform(float[] features, int offset, float[] out, int outOffset) {
        System.arraycopy(features, offset, row, 0, numFeatures);
        standardise(row, centre, inverseDeviation, correction, numFeatures);
        System.arraycopy(row, 0, out, outOffset, numFeatures);
    }

    /**
     * A row without a label may hold another value of a feature that has been constant; one with a
     * label has moved the deviation.
     */
    private void clearConstants(float[] out, int offset) {
        for (int f = 0; f < numFeatures; f++) {
            if (baseSquares[f] + sumsOfSquares[f] == 0) {
                out[offset + f] = 0;
            }
        }
    }

    private static void standardise(
            float[] values, float[] centre, float[] inverse, float[] correction, int count) {
        for (int f = 0; f < count; f++) {
            values[f] = (values[f] - centre[f]) * inverse[f] - correction[f];
        }
    }

    /** Takes the sums into the moments; a feature whose sums are not to be trusted is marked. */
    private void join() {
        if (summed == 0) {
            return;
        }
        double share = 1.0 / (count + summed);
        for (int f = 0; f < numFeatures; f++) {
            float sum = sums[f];
            float squares = sumsOfSquares[f];
            boolean safe = squares <= LARGEST_SQUARES && (squares >= SMALLEST_SQUARES || sum == 0);
            careful[f] |= !safe;
            double missed = mean[f] - centre[f];
            double first = sum - summed * missed;
            double second = squares - missed * (sum + first);
            double added = second - first * first * share;
            mean[f] += first * share;
            squaredDeviations[f] += added > 0 ? added : 0;
        }
        count += summed;
        summed = 0;
    }

    /** Takes one feature of a mini-batch into the moments again, by Welford's recurrence. */
    private void joinInDouble(int f, BlockRows block, int from, int to, float[] features) {
        double mu = previousMean[f];
        double squares = previousSquaredDeviations[f];
        long seen = previousCount;
        for (int r = from; r < to; r++) {
            double value = features[block.example(r) * numFeatures + f];
            double difference = value - mu;
            seen++;
            mu += difference / seen;
            squares += difference * (value - mu);
        }
        mean[f] = mu;
        squaredDeviations[f] = squares;
    }

    /** Scales one feature of a block again, from the moments before it, by Welford's recurrence. */
    private void scaleInDouble(
            int f, BlockRows block, int from, int to, float[] features, float[] out, int width) {
        double mu = previousMean[f];
        double squares = previousSquaredDeviations[f];
        long seen = previousCount;
        int i = from;
        while (i < to) {
            int end = block.endOfMiniBatch(i, to);
            for (int r = i; r < end; r++) {
                double value = features[block.example(r) * numFeatures + f];
                double difference = value - mu;
                seen++;
                mu += difference / seen;
                squares += difference * (value - mu);
            }
            double inverse = squares == 0 ? 0 : Math.sqrt(seen / squares);
            end = Math.max(end, i + 1);
            for (int r = i; r < end; r++) {
                double value = features[block.example(r) * numFeatures + f];
                out[(r - from) * width + f] = (float) ((value - mu) * inverse);
            }
            i = end;
        }
        mean[f] = mu;
        squaredDeviations[f] = squares;
    }
}
