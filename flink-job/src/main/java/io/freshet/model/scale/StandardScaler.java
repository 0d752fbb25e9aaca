package io.freshet.model.scale;

import io.freshet.model.example.BlockRows;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * Standardises features by the moments of all examples so far: {@code (x − mean) / σ}, with the
 * population's {@code σ² = Σ (x − mean)² / N}; exactly 0 where {@code σ} is 0.
 *
 * <p>{@code n} examples of weight 1 change moments whose sum of weights is {@code N} by
 *
 * <pre>{@code
 * mean' = mean + s₁ / (N + n)
 * M₂'   = M₂ + s₂ − s₁² / (N + n)      s₁ = Σ (x − mean),  s₂ = Σ (x − mean)²
 * }</pre>
 *
 * <p>Numerics. Within a block, the sums run in float over differences from the float nearest to the
 * mean, at most {@value #CHUNK} examples at a time; they are then merged into the moments in
 * double. A mean that is large compared with the deviations does not reduce their precision, and
 * the moments keep changing after 10⁹ examples. The mean differs from that float by rounding;
 * {@code baseSum} and {@code baseSquares} are what the earlier examples contribute to the sums
 * because of this difference. While the sums run, {@code σ} is computed in float, to a few units of
 * its last place, because {@code s₁²} is small compared with {@code (N + n) s₂} after {@value #FEW}
 * examples. Before that, and for features whose squares leave the range of float, the recurrence in
 * double ({@link FeatureMoments}) is used instead. In both cases the differences of a constant
 * feature are exactly 0.
 *
 * <p>Outliers. The loops in float know none. After them, a sum of squares that is small enough
 * shows that none of its values was an outlier; a feature without this proof, and without that of
 * its largest distance, is computed again by the recurrence in double, which clips. So clipping
 * costs a comparison per block and feature, and does not depend on how blocks are cut.
 *
 * <p>Speed. The loops over features have no branches and run over whole arrays with one index:
 * HotSpot 17 vectorises only such loops, which is worth a copy of each row.
 *
 * <p>Source: Welford, <i>Note on a method for calculating corrected sums of squares and
 * products</i>, Technometrics 4 (1962); Chan, Golub and LeVeque, <i>Algorithms for computing the
 * sample variance</i>, The American Statistician 37 (1983).
 */
final class StandardScaler implements Scaler {
    private static final int CHUNK = 64;

    /**
     * Examples per sum where outliers are clipped: a normally distributed feature very seldom has a
     * sum of squares of 0.7 · 10² variances then, beyond which it could contain an outlier.
     */
    private static final int CHUNK_IF_CLIPPED = 32;

    /** Number of examples before which all features are computed in double. */
    private static final int FEW = 4 * CHUNK;

    /**
     * Fraction of a squared limit up to which a sum of squares contains no value beyond the limit,
     * although mean and deviation change within the {@value #CHUNK_IF_CLIPPED} examples.
     */
    private static final double CERTAIN_SQUARES = 0.7;

    /** Bounds between which a sum of squares is accurate in float. */
    private static final float SMALLEST_SQUARES = 1e-28f;

    private static final float LARGEST_SQUARES = 1e30f;

    /**
     * Added to the variance under the root, against division by 0; negligible compared with every
     * variance that is accurate in float.
     */
    private static final float TINY = 1e-37f;

    private final int numFeatures;
    private final double clip;
    private final boolean acceptsMissing;
    private final int chunk;
    private final Moments moments;
    private final Moments previous;
    private final FeatureMoments feature;

    /** Null if outliers are not clipped. */
    private final @Nullable Outliers outliers;

    // Arrays of the moments.
    private final double[] mean;
    private final double[] squaredDeviations;

    // Sums over the current block, in float, of differences from the centre.
    private final float[] centre;
    private final float[] baseSum;
    private final float[] baseSquares;
    private final float[] sums;
    private final float[] sumsOfSquares;
    private int summed;

    // The scaled feature is (x − centre) · inverseDeviation − correction.
    private final float[] inverseDeviation;
    private final float[] correction;
    private boolean prepared;

    /** Whether a row that is transformed may have outliers or missing values. */
    private boolean needsClipping;

    /** Features of the current block that are computed in double. */
    private final boolean[] needsDouble;

    // Only if outliers are clipped: sums of squares without outliers, features whose sum exceeds
    // that, and largest magnitudes of scaled features.
    private final float[] certainSquares;
    private final boolean[] mayHaveOutliers;
    private final float[] limits;

    private final float[] row;

    /** Scratch arrays, shared by scalers of as many features, one block at a time. */
    static final class Scratch implements ScalerRule.Workspace {
        private final double clip;
        private final boolean acceptsMissing;
        private final Moments previous;
        private final FeatureMoments feature;
        private final float[] centre;
        private final float[] baseSum;
        private final float[] baseSquares;
        private final float[] sums;
        private final float[] sumsOfSquares;
        private final float[] inverseDeviation;
        private final float[] correction;
        private final boolean[] needsDouble;
        private final float[] certainSquares;
        private final boolean[] mayHaveOutliers;
        private final float[] limits;
        private final float[] row;

        /**
         * @param clip number of standard deviations at which outliers are clipped; 0 to clip none
         * @param acceptsMissing whether a NaN is a missing value
         */
        Scratch(double clip, boolean acceptsMissing, int numFeatures) {
            this.clip = clip;
            this.acceptsMissing = acceptsMissing;
            this.previous = new Moments(numFeatures, clip > 0);
            this.feature = new FeatureMoments(0, clip, acceptsMissing);
            this.centre = new float[numFeatures];
            this.baseSum = new float[numFeatures];
            this.baseSquares = new float[numFeatures];
            this.sums = new float[numFeatures];
            this.sumsOfSquares = new float[numFeatures];
            this.inverseDeviation = new float[numFeatures];
            this.correction = new float[numFeatures];
            this.needsDouble = new boolean[numFeatures];
            this.certainSquares = new float[clip > 0 ? numFeatures : 0];
            this.mayHaveOutliers = new boolean[clip > 0 ? numFeatures : 0];
            this.limits = new float[clip > 0 ? numFeatures : 0];
            this.row = new float[numFeatures];
        }

        @Override
        public Scaler start(ScalerState state) {
            return new StandardScaler(state, this);
        }
    }

    /**
     * @param state initial state; copied
     * @param scratch of as many features. Modified by every call.
     */
    StandardScaler(ScalerState state, Scratch scratch) {
        this.numFeatures = state.mean().length;
        this.clip = scratch.clip;
        this.acceptsMissing = scratch.acceptsMissing;
        this.chunk = clip > 0 ? CHUNK_IF_CLIPPED : CHUNK;
        this.moments = Moments.of(state, clip > 0);
        this.outliers = moments.outliers;
        this.previous = scratch.previous;
        this.feature = scratch.feature;
        this.mean = moments.mean;
        this.squaredDeviations = moments.squaredDeviations;
        this.centre = scratch.centre;
        this.baseSum = scratch.baseSum;
        this.baseSquares = scratch.baseSquares;
        this.sums = scratch.sums;
        this.sumsOfSquares = scratch.sumsOfSquares;
        this.inverseDeviation = scratch.inverseDeviation;
        this.correction = scratch.correction;
        this.needsDouble = scratch.needsDouble;
        this.certainSquares = scratch.certainSquares;
        this.mayHaveOutliers = scratch.mayHaveOutliers;
        this.limits = scratch.limits;
        this.row = scratch.row;
    }

    @Override
    public ScalerState state() {
        return moments.state();
    }

    @Override
    public void scale(BlockRows block, int from, int to, float[] features, float[] out, int width) {
        begin();
        int i = from;
        while (i < to) {
            int end = block.endOfMiniBatch(i, to);
            if (end == i + 1) {
                observe(features, block.example(i) * numFeatures);
                computeScale();
                // The row has been copied already.
                standardiseRow(out, (i - from) * width);
                i = end;
                continue;
            }
            for (int r = i; r < end; r++) {
                observe(features, block.example(r) * numFeatures);
            }
            if (end > i) {
                computeScale();
                for (int r = i; r < end; r++) {
                    standardise(features, block.example(r) * numFeatures, out, (r - from) * width);
                }
                i = end;
            } else {
                if (!prepared) {
                    computeScale();
                }
                standardise(features, block.example(i) * numFeatures, out, (i - from) * width);
                clearConstants(out, (i - from) * width);
                if (outliers != null) {
                    computeLimits(outliers);
                }
                clip(out, (i - from) * width);
                i++;
            }
        }
        mergeSums();
        for (int f = 0; f < numFeatures; f++) {
            if (needsDouble[f] || mayHaveOutliers(f, block, from, to, features)) {
                scaleInDouble(f, block, from, to, features, out, width);
            }
        }
        end();
    }

    private void begin() {
        previous.set(moments);
        for (int f = 0; f < numFeatures; f++) {
            needsDouble[f] = moments.weight(f) < FEW;
        }
        if (outliers != null) {
            Arrays.fill(mayHaveOutliers, false);
            for (int f = 0; outliers.first != null && f < numFeatures; f++) {
                needsDouble[f] |= outliers.isFirst(f);
            }
        }
        rebase();
    }

    private void end() {
        if (outliers != null) {
            outliers.freeFirstValues();
        }
    }

    /** Returns whether a feature may have an outlier in a block, by its largest distance. */
    private boolean mayHaveOutliers(int f, BlockRows block, int from, int to, float[] features) {
        Outliers before = previous.outliers;
        if (before == null || !mayHaveOutliers[f]) {
            return false;
        }
        if (before.runs[f] > 0) {
            return true;
        }
        double centreBefore = previous.mean[f];
        double largest = 0;
        for (int r = from; r < to; r++) {
            double value = features[block.example(r) * numFeatures + f];
            largest = Math.max(largest, Math.abs(value - centreBefore));
        }
        // The mean moves by at most this fraction, and the deviation shrinks by at most this one.
        double seen = previous.weight(f);
        double moved = largest * (1 + (to - from) / (seen + to - from));
        double usual = clip * Math.sqrt(previous.squaredDeviations[f] / (seen + to - from));
        return !(moved <= usual
                || moved <= FeatureMoments.ENVELOPE_EXTENSION * before.envelopes[f]);
    }

    @Override
    public void observe(BlockRows block, int from, int to, float[] features) {
        begin();
        // The deviation may not shrink so much that an observed value becomes an outlier.
        boolean isCertain =
                moments.weights == null && FEW / chunk * (to - from) <= moments.sumOfWeights;
        for (int r = from; r < to; r++) {
            observe(features, block.example(r) * numFeatures);
        }
        mergeSums();
        for (int f = 0; f < numFeatures; f++) {
            if (needsDouble[f] || mayHaveOutliers(f, block, from, to, features)) {
                observeInDouble(f, block, from, to, features);
                isCertain = false;
            }
        }
        end();
        computeScaleInDouble();
        needsClipping = !isCertain;
    }

    @Override
    public void prepare() {
        computeScaleInDouble();
        needsClipping = true;
    }

    private void computeScaleInDouble() {
        double[] weights = moments.weights;
        double sumOfWeights = moments.sumOfWeights;
        for (int f = 0; f < numFeatures; f++) {
            float nearest = (float) mean[f];
            double inverse =
                    squaredDeviations[f] == 0
                            ? 0
                            : Math.min(
                                    Math.sqrt(
                                            (weights == null ? sumOfWeights : weights[f])
                                                    / squaredDeviations[f]),
                                    Float.MAX_VALUE);
            centre[f] = nearest;
            inverseDeviation[f] = (float) inverse;
            correction[f] = (float) ((mean[f] - nearest) * inverse);
        }
        if (outliers != null) {
            computeLimits(outliers);
        }
    }

    private void computeLimits(Outliers of) {
        double[] weights = moments.weights;
        double sumOfWeights = moments.sumOfWeights;
        for (int f = 0; f < numFeatures; f++) {
            limits[f] =
                    (float)
                            FeatureMoments.limit(
                                    clip,
                                    (weights == null ? sumOfWeights : weights[f]) + summed,
                                    of.envelopes[f],
                                    inverseDeviation[f]);
        }
    }

    @Override
    public double bound() {
        return 1.01 * Math.sqrt(moments.sumOfWeights);
    }

    @Override
    public void undo() {
        moments.set(previous);
    }

    @Override
    public void set(ScalerState state) {
        moments.set(state);
    }

    @Override
    public long[] clippedValues() {
        return feature.clippedValues(moments);
    }

    /** Starts new sums in float, around the float nearest to the mean. */
    private void rebase() {
        double[] weights = moments.weights;
        double sumOfWeights = moments.sumOfWeights;
        for (int f = 0; f < numFeatures; f++) {
            float nearest = (float) mean[f];
            double missed = mean[f] - nearest;
            double weight = weights == null ? sumOfWeights : weights[f];
            double squares = squaredDeviations[f] + weight * missed * missed;
            centre[f] = nearest;
            baseSum[f] = (float) (weight * missed);
            baseSquares[f] = (float) squares;
            needsDouble[f] |=
                    squares > LARGEST_SQUARES || (squares < SMALLEST_SQUARES && squares > 0);
        }
        if (outliers != null) {
            computeCertainSquares(outliers);
        }
        Arrays.fill(sums, 0);
        Arrays.fill(sumsOfSquares, 0);
        summed = 0;
        prepared = false;
    }

    private void computeCertainSquares(Outliers known) {
        double[] weights = moments.weights;
        double usualFactor = CERTAIN_SQUARES * clip * clip;
        double perSquare = usualFactor / moments.sumOfWeights;
        double extension = FeatureMoments.ENVELOPE_EXTENSION * FeatureMoments.ENVELOPE_EXTENSION;
        double envelopeFactor = CERTAIN_SQUARES * extension;
        double[] envelopes = known.envelopes;
        int[] runs = known.runs;
        for (int f = 0; f < numFeatures; f++) {
            double factor = weights == null ? perSquare : usualFactor / weights[f];
            double usual = factor * squaredDeviations[f];
            double inEnvelope = envelopeFactor * envelopes[f] * envelopes[f];
            float certain = (float) (usual > inEnvelope ? usual : inEnvelope);
            certainSquares[f] = runs[f] > 0 ? -1 : certain;
        }
    }

    private void observe(float[] features, int offset) {
        if (summed == chunk) {
            mergeSums();
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

    private void computeScale() {
        prepared = true;
        if (moments.weights != null) {
            computeScaleByFeature(moments.weights);
            return;
        }
        float inverseSum = (float) (1.0 / (moments.sumOfWeights + summed));
        computeScale(
                baseSum,
                baseSquares,
                sums,
                sumsOfSquares,
                inverseSum,
                inverseDeviation,
                correction,
                numFeatures);
    }

    private void computeScaleByFeature(double[] weights) {
        for (int f = 0; f < numFeatures; f++) {
            float inverseSum = (float) (1.0 / (weights[f] + summed));
            float sum = baseSum[f] + sums[f];
            float shift = sum * inverseSum;
            float variance = (baseSquares[f] + sumsOfSquares[f] - sum * shift) * inverseSum;
            float inverted = 1f / (float) Math.sqrt(variance + TINY);
            inverseDeviation[f] = inverted;
            correction[f] = shift * inverted;
        }
    }

    private static void computeScale(
            float[] baseSum,
            float[] baseSquares,
            float[] sums,
            float[] sumsOfSquares,
            float inverseSum,
            float[] inverse,
            float[] correction,
            int count) {
        for (int f = 0; f < count; f++) {
            float sum = baseSum[f] + sums[f];
            float shift = sum * inverseSum;
            float variance = (baseSquares[f] + sumsOfSquares[f] - sum * shift) * inverseSum;
            float inverted = 1f / (float) Math.sqrt(variance + TINY);
            inverse[f] = inverted;
            correction[f] = shift * inverted;
        }
    }

    @Override
    public void transform(float[] features, int offset, float[] out, int outOffset) {
        standardise(features, offset, out, outOffset);
        if (needsClipping) {
            clip(out, outOffset);
        }
    }

    private void standardise(float[] features, int offset, float[] out, int outOffset) {
        System.arraycopy(features, offset, row, 0, numFeatures);
        standardiseRow(out, outOffset);
    }

    /** Clips scaled features, and sets missing ones to 0. */
    private void clip(float[] out, int offset) {
        if (acceptsMissing) {
            FeatureMoments.setMissingToZero(out, offset, numFeatures);
        }
        for (int f = 0; outliers != null && f < numFeatures; f++) {
            out[offset + f] = Math.max(-limits[f], Math.min(limits[f], out[offset + f]));
        }
    }

    private void standardiseRow(float[] out, int outOffset) {
        standardise(row, centre, inverseDeviation, correction, numFeatures);
        System.arraycopy(row, 0, out, outOffset, numFeatures);
    }

    /**
     * Sets features that have been constant to 0. A row without a label may have another value of
     * such a feature; a row with one has changed its deviation.
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

    /** Merges the sums into the moments; marks features whose sums are inaccurate in float. */
    private void mergeSums() {
        if (summed == 0) {
            return;
        }
        double[] weights = moments.weights;
        double inverse = 1.0 / (moments.sumOfWeights + summed);
        for (int f = 0; f < numFeatures; f++) {
            double inverseSum = weights == null ? inverse : 1.0 / (weights[f] + summed);
            float sum = sums[f];
            float squares = sumsOfSquares[f];
            boolean safe = squares <= LARGEST_SQUARES && (squares >= SMALLEST_SQUARES || sum == 0);
            needsDouble[f] |= !safe;
            if (outliers != null) {
                mayHaveOutliers[f] |= !(squares <= certainSquares[f]);
            }
            double missed = mean[f] - centre[f];
            double first = sum - summed * missed;
            double second = squares - missed * (sum + first);
            double added = second - first * first * inverseSum;
            mean[f] += first * inverseSum;
            squaredDeviations[f] += added > 0 ? added : 0;
            if (weights != null) {
                weights[f] += summed;
            }
        }
        moments.count += summed;
        moments.sumOfWeights += summed;
        summed = 0;
    }

    /** Observes one feature of a mini-batch again, by the recurrence in double. */
    private void observeInDouble(int f, BlockRows block, int from, int to, float[] features) {
        feature.load(previous, f);
        for (int r = from; r < to; r++) {
            feature.observe(features[block.example(r) * numFeatures + f]);
        }
        feature.computeTotal();
        feature.store(moments, f);
    }

    /** Observes and scales one feature of a block again, by the recurrence in double. */
    private void scaleInDouble(
            int f, BlockRows block, int from, int to, float[] features, float[] out, int width) {
        feature.load(previous, f);
        int i = from;
        while (i < to) {
            int end = block.endOfMiniBatch(i, to);
            for (int r = i; r < end; r++) {
                feature.observe(features[block.example(r) * numFeatures + f]);
            }
            feature.computeTotal();
            double mu = feature.mean();
            double inverse = feature.inverseDeviation();
            double limit = feature.limit(inverse);
            end = Math.max(end, i + 1);
            for (int r = i; r < end; r++) {
                double value = features[block.example(r) * numFeatures + f];
                boolean isMissing = acceptsMissing && Double.isNaN(value);
                double scaled = isMissing ? 0 : (value - mu) * inverse;
                out[(r - from) * width + f] = (float) Math.max(-limit, Math.min(limit, scaled));
            }
            i = end;
        }
        feature.store(moments, f);
    }
}
