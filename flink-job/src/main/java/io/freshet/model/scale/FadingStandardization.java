package io.freshet.model.scale;

import io.freshet.model.example.BlockRows;

/**
 * The rule that standardises by a fading mean and variance: an example counts half as much after
 * {@code halfLife} later ones. It follows features whose level or spread changes.
 *
 * @param halfLife number of examples after which the weight of an example is halved: finite,
 *     greater than 0
 */
public record FadingStandardization(double halfLife) implements ScalerRule {
    public FadingStandardization {
        if (!(halfLife > 0 && halfLife <= Double.MAX_VALUE)) {
            throw new IllegalArgumentException(
                    "halfLife must be finite and greater than 0, but is " + halfLife);
        }
    }

    @Override
    public Workspace newWorkspace(int numFeatures) {
        // 1 − 2^(−1 / halfLife), without the loss of digits where that is small.
        double lossPerExample = -Math.expm1(-Math.log(2) / halfLife);
        return new FadingScaler.Scratch(lossPerExample, numFeatures);
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
     * <p>Scaled features are limited to {@code ±√W}. The newest example never exceeds that: it adds
     * {@code (x − mean')²} to {@code S}, so that {@code (x − mean')² W / S ≤ W}. Rows without a
     * label could exceed it, and so could the first rows of a mini-batch that is long compared with
     * the half-life: a feature that has not changed for many half-lives has a variance near 0, so
     * that any other value would be scaled up without bound.
     *
     * <p>All in double. Source: West, <i>Updating mean and variance estimates: an improved
     * method</i>, Communications of the ACM 22 (1979), with weights that all fade at each example.
     */
    private static final class FadingScaler implements Scaler {
        private final int numFeatures;
        private final double lossPerExample;
        private final Moments moments;
        private final Moments previous;
        private final double[] inverseDeviation;
        private double limit;

        /** Scratch memory, shared by scalers of as many features, one block at a time. */
        static final class Scratch implements ScalerRule.Workspace {
            private final double lossPerExample;
            private final Moments previous;
            private final double[] inverseDeviation;

            /**
             * @param lossPerExample fraction of its weight that an example loses at each later one
             */
            Scratch(double lossPerExample, int numFeatures) {
                this.lossPerExample = lossPerExample;
                this.previous = new Moments(numFeatures);
                this.inverseDeviation = new double[numFeatures];
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
            this.moments = Moments.of(state);
            this.previous = scratch.previous;
            this.inverseDeviation = scratch.inverseDeviation;
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

        @Override
        public void prepare() {
            double sumOfWeights = moments.sumOfWeights;
            for (int f = 0; f < numFeatures; f++) {
                double squares = moments.squaredDeviations[f];
                inverseDeviation[f] =
                        squares == 0
                                ? 0
                                : Math.min(Math.sqrt(sumOfWeights / squares), Double.MAX_VALUE);
            }
            limit = Math.sqrt(sumOfWeights);
        }

        @Override
        public void transform(float[] features, int offset, float[] out, int outOffset) {
            for (int f = 0; f < numFeatures; f++) {
                double scaled = (features[offset + f] - moments.mean[f]) * inverseDeviation[f];
                out[outOffset + f] = (float) Math.max(-limit, Math.min(limit, scaled));
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
