package io.freshet.model.scale;

import io.freshet.model.example.BlockRows;

/**
 * The rule that standardises by a fading mean and variance: an example counts half as much after
 * {@code halfLife} later ones. It follows features whose level or spread changes.
 *
 * <p>With the fading factor {@code f = 2^(−1 / halfLife)} the newest example has the weight 1 and
 * the {@code i}-th before it the weight {@code fⁱ}; mean and population variance are weighted. One
 * example {@code x} changes the sum of weights {@code W}, the mean and {@code S = Σ wᵢ (xᵢ −
 * mean)²} by
 *
 * <pre>{@code
 * W'    = f W + 1
 * mean' = mean + (x − mean) / W'
 * S'    = f S + (x − mean) (x − mean')
 * }</pre>
 *
 * <p>All in double. Source: West, <i>Updating mean and variance estimates: an improved method</i>,
 * Communications of the ACM 22 (1979), with weights that all fade by {@code f} at each example.
 *
 * @param halfLife examples after which the weight of an example is halved: finite, greater than 0
 */
public record FadingStandardization(double halfLife) implements ScalerRule {
    public FadingStandardization {
        if (!(halfLife > 0 && halfLife <= Double.MAX_VALUE)) {
            throw new IllegalArgumentException(
                    "halfLife must be finite and greater than 0, but is " + halfLife);
        }
    }

    /** Returns {@code ln f}. */
    private double logFactor() {
        return -Math.log(2) / halfLife;
    }

    /** Returns the fading factor {@code f}. */
    double factor() {
        return Math.exp(logFactor());
    }

    @Override
    public double sumOfWeights(long count) {
        // (1 − fⁿ) / (1 − f), without the loss of digits where f is near 1.
        return Math.expm1(count * logFactor()) / Math.expm1(logFactor());
    }

    @Override
    public Workspace newWorkspace(int numFeatures) {
        return new FadingScaler.Scratch(this, numFeatures);
    }

    /** The scaler of one model by this rule. */
    private static final class FadingScaler implements Scaler {
        private final FadingStandardization rule;
        private final double factor;
        private final int numFeatures;
        private long count;
        private final double[] mean;
        private final double[] squaredDeviations;

        // Scratch.
        private long previousCount;
        private final double[] previousMean;
        private final double[] previousSquaredDeviations;
        private final double[] inverseDeviation;
        private int observed;

        /** Scratch arrays, shared by scalers of as many features, one block at a time. */
        static final class Scratch implements ScalerRule.Workspace {
            private final FadingStandardization rule;
            private final double[] previousMean;
            private final double[] previousSquaredDeviations;
            private final double[] inverseDeviation;

            Scratch(FadingStandardization rule, int numFeatures) {
                this.rule = rule;
                this.previousMean = new double[numFeatures];
                this.previousSquaredDeviations = new double[numFeatures];
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
            this.rule = scratch.rule;
            this.factor = rule.factor();
            this.numFeatures = state.mean().length;
            this.count = state.count();
            this.mean = state.mean().clone();
            this.squaredDeviations = state.squaredDeviations().clone();
            this.previousMean = scratch.previousMean;
            this.previousSquaredDeviations = scratch.previousSquaredDeviations;
            this.inverseDeviation = scratch.inverseDeviation;
        }

        @Override
        public ScalerState state() {
            return new ScalerState(count, mean.clone(), squaredDeviations.clone());
        }

        @Override
        public void set(ScalerState state) {
            count = state.count();
            System.arraycopy(state.mean(), 0, mean, 0, numFeatures);
            System.arraycopy(state.squaredDeviations(), 0, squaredDeviations, 0, numFeatures);
        }

        @Override
        public void scale(
                BlockRows block, int from, int to, float[] features, float[] out, int width) {
            saveForUndo();
            prepare();
            int i = from;
            while (i < to) {
                int end = block.endOfMiniBatch(i, to);
                for (int r = i; r < end; r++) {
                    observe(features, block.example(r) * numFeatures);
                }
                if (end > i) {
                    prepare();
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
            saveForUndo();
            for (int r = from; r < to; r++) {
                observe(features, block.example(r) * numFeatures);
            }
            observed = to - from;
            prepare();
        }

        private void observe(float[] features, int offset) {
            count++;
            double inverseSum = 1 / rule.sumOfWeights(count);
            for (int f = 0; f < numFeatures; f++) {
                double value = features[offset + f];
                double difference = value - mean[f];
                double newMean = mean[f] + difference * inverseSum;
                squaredDeviations[f] =
                        factor * squaredDeviations[f] + difference * (value - newMean);
                mean[f] = newMean;
            }
        }

        @Override
        public void prepare() {
            double sumOfWeights = rule.sumOfWeights(count);
            for (int f = 0; f < numFeatures; f++) {
                inverseDeviation[f] =
                        squaredDeviations[f] == 0
                                ? 0
                                : Math.sqrt(sumOfWeights / squaredDeviations[f]);
            }
        }

        @Override
        public void transform(float[] features, int offset, float[] out, int outOffset) {
            for (int f = 0; f < numFeatures; f++) {
                out[outOffset + f] =
                        (float) ((features[offset + f] - mean[f]) * inverseDeviation[f]);
            }
        }

        /**
         * {@inheritDoc}
         *
         * <p>An example of the weight {@code w} adds {@code w (x − mean)²} to {@code S}, so that
         * {@code (x − mean)² W / S ≤ W / w}; the first of a mini-batch of {@code n} has {@code w =
         * f^(n − 1)}.
         */
        @Override
        public double bound() {
            return 1.01
                    * Math.sqrt(
                            rule.sumOfWeights(count) * Math.pow(factor, 1 - Math.max(1, observed)));
        }

        @Override
        public void undo() {
            count = previousCount;
            System.arraycopy(previousMean, 0, mean, 0, numFeatures);
            System.arraycopy(previousSquaredDeviations, 0, squaredDeviations, 0, numFeatures);
        }

        private void saveForUndo() {
            previousCount = count;
            System.arraycopy(mean, 0, previousMean, 0, numFeatures);
            System.arraycopy(squaredDeviations, 0, previousSquaredDeviations, 0, numFeatures);
        }
    }
}
