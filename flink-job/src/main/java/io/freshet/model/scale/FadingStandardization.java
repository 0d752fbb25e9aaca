package io.freshet.model.scale;

import io.freshet.model.example.BlockRows;
import java.util.Arrays;

/**
 * The rule that standardises by a fading mean and variance: an example counts half as much after
 * {@code halfLife} later ones. It follows features whose level or spread changes.
 *
 * @param halfLife number of examples after which the weight of an example is halved: finite,
 *     greater than 0
 * @param clip number of standard deviations at which outliers are clipped, before they are observed
 *     and after they are scaled ({@link FeatureMoments}); 0 to clip none, else at least 1
 * @param acceptsMissing whether a NaN is a missing value, which is scaled to 0, the mean, and not
 *     observed
 */
public record FadingStandardization(double halfLife, double clip, boolean acceptsMissing)
        implements ScalerRule {
    public FadingStandardization {
        ScalerRule.requireClip(clip);
        if (!(halfLife > 0 && halfLife <= Double.MAX_VALUE)) {
            throw new IllegalArgumentException(
                    "halfLife must be finite and greater than 0, but is " + halfLife);
        }
    }

    /** Creates the rule that clips no outliers and accepts no missing values. */
    public FadingStandardization(double halfLife) {
        this(halfLife, 0, false);
    }

    @Override
    public double lossPerExample() {
        // 1 − 2^(−1 / halfLife), without the loss of digits where that is small.
        return -Math.expm1(-Math.log(2) / halfLife);
    }

    @Override
    public float[] limits(ScalerState state) {
        if (clip > 0) {
            return FeatureMoments.limits(clip, state);
        }
        float[] limits = new float[state.mean().length];
        Arrays.fill(limits, (float) Math.sqrt(state.sumOfWeights()));
        return limits;
    }

    @Override
    public Workspace newWorkspace(int numFeatures) {
        return new FadingScaler.Scratch(lossPerExample(), clip, acceptsMissing, numFeatures);
    }

    /**
     * Standardises features by moments in which older examples fade. Each new example has weight 1,
     * and the weight of every earlier example is reduced by the fraction {@code g}, {@code g = 1 −
     * 2^(−1 / halfLife)}. An example {@code x} changes the sum of weights {@code W}, the mean and
     * {@code S = Σ wᵢ (xᵢ − mean)²} by
     *
     * <pre>{@code
     * W'    = W − g W + 1
     * mean' = mean + (x − mean) / W'
     * S'    = S − g S + (x − mean) (x − mean')
     * }</pre>
     *
     * <p>Where {@code (x − mean) / W'} is too small to change the mean in double, the mean is set
     * to {@code x}. So, some time after a feature has become constant, its scaled value is exactly
     * 0. Otherwise a small difference from the mean would remain, and the deviations, which
     * continue to fade, would scale it up again.
     *
     * <p>Scaled features are limited to {@code ±√W}, or less if outliers are clipped. The newest
     * example never exceeds that: it adds {@code (x − mean')²} to {@code S}, so that {@code (x −
     * mean')² W / S ≤ W}. Rows without a label could exceed it, and so could the first rows of a
     * mini-batch that is long compared with the half-life: a feature that has not changed for many
     * half-lives has a variance near 0, so that any other value would be scaled up without bound.
     *
     * <p>A row in which a value is an outlier, or could be one of the first values that is, is
     * observed feature by feature ({@link FeatureMoments}); all others by a loop without branches.
     *
     * <p>All in double. Source: West, <i>Updating mean and variance estimates: an improved
     * method</i>, Communications of the ACM 22 (1979), with weights that all fade at each example.
     */
    private static final class FadingScaler implements Scaler {
        private final int numFeatures;
        private final double lossPerExample;
        private final double clip;
        private final boolean acceptsMissing;
        private final Moments moments;
        private final Moments previous;
        private final FeatureMoments feature;
        private final double[] inverseDeviation;
        private final double[] limits;

        /** Scratch memory, shared by scalers of as many features, one block at a time. */
        static final class Scratch implements ScalerRule.Workspace {
            private final double lossPerExample;
            private final double clip;
            private final boolean acceptsMissing;
            private final Moments previous;
            private final FeatureMoments feature;
            private final double[] inverseDeviation;
            private final double[] limits;

            /**
             * @param lossPerExample fraction of its weight that an example loses at each later one
             */
            Scratch(double lossPerExample, double clip, boolean acceptsMissing, int numFeatures) {
                this.lossPerExample = lossPerExample;
                this.clip = clip;
                this.acceptsMissing = acceptsMissing;
                this.previous = new Moments(numFeatures, clip > 0);
                this.feature = new FeatureMoments(lossPerExample, clip, acceptsMissing);
                this.inverseDeviation = new double[numFeatures];
                this.limits = new double[numFeatures];
            }

            @Override
            public Scaler start(ScalerState state) {
                return new FadingScaler(state, this);
            }
        }

        /**
         * @param state initial state; copied
         * @param scratch of as many features. Modified by every call.
         */
        FadingScaler(ScalerState state, Scratch scratch) {
            this.numFeatures = state.mean().length;
            this.lossPerExample = scratch.lossPerExample;
            this.clip = scratch.clip;
            this.acceptsMissing = scratch.acceptsMissing;
            this.moments = Moments.of(state, clip > 0);
            this.previous = scratch.previous;
            this.feature = scratch.feature;
            this.inverseDeviation = scratch.inverseDeviation;
            this.limits = scratch.limits;
        }

        @Override
        public ScalerState state() {
            return moments.state();
        }

        @Override
        public void set(ScalerState state) {
            moments.set(state);
        }

        @Override
        public long[] clippedValues() {
            return feature.clippedValues(moments);
        }

        @Override
        public void scale(
                BlockRows block, int from, int to, float[] features, float[] out, int width) {
            previous.set(moments);
            boolean prepared = false;
            int i = from;
            while (i < to) {
                int end = block.endOfMiniBatch(i, to);
                for (int r = i; r < end; r++) {
                    observe(features, block.example(r) * numFeatures);
                }
                // Rows without a label before the first mini-batch need the statistics so far.
                if (end > i || !prepared) {
                    prepare();
                    prepared = true;
                }
                end = Math.max(end, i + 1);
                for (int r = i; r < end; r++) {
                    transform(features, block.example(r) * numFeatures, out, (r - from) * width);
                }
                i = end;
            }
        }

        @Override
        public void observe(BlockRows block, int from, int to, float[] features) {
            previous.set(moments);
            for (int r = from; r < to; r++) {
                observe(features, block.example(r) * numFeatures);
            }
            prepare();
        }

        private void observe(float[] features, int offset) {
            double[] mean = moments.mean;
            double[] squaredDeviations = moments.squaredDeviations;
            Outliers outliers = moments.outliers;
            if (needsEach(features, offset)) {
                observeEach(features, offset);
                return;
            }
            if (outliers != null) {
                for (int f = 0; f < numFeatures; f++) {
                    outliers.envelopes[f] -= lossPerExample / 2 * outliers.envelopes[f];
                }
            }
            moments.count++;
            moments.sumOfWeights += 1 - lossPerExample * moments.sumOfWeights;
            double inverseSum = 1 / moments.sumOfWeights;
            for (int f = 0; f < numFeatures; f++) {
                double value = features[offset + f];
                double difference = value - mean[f];
                double newMean = mean[f] + difference * inverseSum;
                if (newMean == mean[f]) {
                    newMean = value;
                }
                squaredDeviations[f] +=
                        difference * (value - newMean) - lossPerExample * squaredDeviations[f];
                mean[f] = newMean;
            }
        }

        /** Returns whether a row must be observed feature by feature. */
        private boolean needsEach(float[] features, int offset) {
            Outliers outliers = moments.outliers;
            return moments.weights != null
                    || (acceptsMissing && hasMissing(features, offset))
                    || (outliers != null
                            && (outliers.first != null
                                    || mayHaveOutliers(outliers, features, offset)));
        }

        private boolean hasMissing(float[] features, int offset) {
            boolean found = false;
            for (int f = offset; f < offset + numFeatures; f++) {
                found |= Float.isNaN(features[f]);
            }
            return found;
        }

        /** Returns whether the counter of outliers or the envelope of a feature would change. */
        private boolean mayHaveOutliers(Outliers outliers, float[] features, int offset) {
            double sumOfWeights = moments.sumOfWeights;
            boolean found = false;
            for (int f = 0; f < numFeatures; f++) {
                double difference = features[offset + f] - moments.mean[f];
                double extension = FeatureMoments.ENVELOPE_EXTENSION * outliers.envelopes[f];
                double usual = clip * clip * moments.squaredDeviations[f];
                double limit = Math.max(usual, extension * extension * sumOfWeights);
                found |= !(difference * difference * sumOfWeights <= limit);
                found |= outliers.runs[f] > 0;
            }
            return found;
        }

        private void observeEach(float[] features, int offset) {
            if (acceptsMissing && hasMissing(features, offset)) {
                moments.createWeights();
            }
            for (int f = 0; f < numFeatures; f++) {
                feature.load(moments, f);
                feature.observe(features[offset + f]);
                feature.computeTotal();
                feature.store(moments, f);
            }
            if (moments.outliers != null) {
                moments.outliers.freeFirstValues();
            }
            moments.count++;
            moments.sumOfWeights += 1 - lossPerExample * moments.sumOfWeights;
        }

        @Override
        public void prepare() {
            for (int f = 0; f < numFeatures; f++) {
                double squares = moments.squaredDeviations[f];
                inverseDeviation[f] =
                        squares == 0
                                ? 0
                                : Math.min(
                                        Math.sqrt(moments.weight(f) / squares), Double.MAX_VALUE);
            }
            Outliers outliers = moments.outliers;
            for (int f = 0; f < numFeatures; f++) {
                limits[f] =
                        outliers == null
                                ? Math.sqrt(moments.weight(f))
                                : FeatureMoments.limit(
                                        clip,
                                        moments.weight(f),
                                        outliers.envelopes[f],
                                        inverseDeviation[f]);
            }
        }

        @Override
        public void transform(float[] features, int offset, float[] out, int outOffset) {
            for (int f = 0; f < numFeatures; f++) {
                double scaled = (features[offset + f] - moments.mean[f]) * inverseDeviation[f];
                out[outOffset + f] = (float) Math.max(-limits[f], Math.min(limits[f], scaled));
            }
            if (acceptsMissing) {
                FeatureMoments.setMissingToZero(out, outOffset, numFeatures);
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
    }
}
