package io.freshet.model;

import org.jspecify.annotations.Nullable;

/**
 * What turns the logits of a model into probabilities, and the loss that Freshet reports of them.
 *
 * <p>The reported loss is plain, in nats: no class weights, no smoothing, no example weight, the
 * same whatever the model is trained on, so that losses of differently trained models compare. Both
 * activations take logits of any finite size: nothing overflows and no {@code ln 0} is taken.
 *
 * <p>All methods but {@link #activate} work on one example: {@code numOutputs} values of each array
 * from its offset on.
 */
public enum Activation {
    /**
     * {@code p_c = exp(z_c) / Σ exp(z)}: one class of several.
     *
     * <p>Plain loss: {@code −Σ y_c ln p_c}; for a class {@code y} that is {@code −ln p_y}.
     *
     * <p>Source: Goodfellow, Bengio and Courville, <i>Deep Learning</i> (2016), §4.1 and §6.2.2.3.
     */
    SOFTMAX {
        @Override
        void activate(
                double[] logits,
                int offset,
                int count,
                int numOutputs,
                double[] probabilities,
                double @Nullable [] sums) {
            boolean fit = Exponential.of(logits, offset, count * numOutputs, probabilities);
            for (int i = 0; i < count; i++) {
                int at = i * numOutputs;
                boolean rowFits = fit || Exponential.fit(logits, offset + at, numOutputs);
                if (!rowFits) {
                    writePowersOfShifted(logits, offset + at, numOutputs, probabilities, at);
                }
                double sum = sum(probabilities, at, numOutputs);
                double share = 1 / sum;
                for (int c = at; c < at + numOutputs; c++) {
                    probabilities[c] *= share;
                }
                if (sums != null) {
                    sums[i] = rowFits ? sum : Double.NaN;
                }
            }
        }

        @Override
        double logSumExp(double[] logits, int offset, int numOutputs, double sum) {
            if (!Double.isNaN(sum)) {
                return Math.log(sum);
            }
            double largest = largest(logits, offset, numOutputs);
            double sumOfShifted = 0;
            for (int c = offset; c < offset + numOutputs; c++) {
                sumOfShifted += Exponential.of(logits[c] - largest);
            }
            return largest + Math.log(sumOfShifted);
        }

        @Override
        double plainLoss(double[] logits, int offset, int numOutputs, double logSumExp, int label) {
            // The rounded difference may come out just below 0.
            return Math.max(0, logSumExp - logits[offset + label]);
        }

        @Override
        double plainLoss(
                double[] logits,
                int offset,
                int numOutputs,
                double logSumExp,
                float[] targets,
                int targetsOffset) {
            double loss = 0;
            for (int c = 0; c < numOutputs; c++) {
                loss += targets[targetsOffset + c] * (logSumExp - logits[offset + c]);
            }
            // As above.
            return Math.max(0, loss);
        }
    },

    /**
     * {@code p_c = 1 / (1 + exp(−z_c))}: each output yes or no by itself.
     *
     * <p>Plain loss: the mean over the outputs of {@code −y ln p − (1 − y) ln(1 − p)}. A class
     * stands for its one-hot targets; with a single output class 1 is yes and class 0 is no.
     *
     * <p>Source: Goodfellow, Bengio and Courville, <i>Deep Learning</i> (2016), §6.2.2.2.
     */
    SIGMOID {
        @Override
        void activate(
                double[] logits,
                int offset,
                int count,
                int numOutputs,
                double[] probabilities,
                double @Nullable [] sums) {
            for (int i = 0; i < count * numOutputs; i++) {
                double logit = logits[offset + i];
                double power = Exponential.of(-Math.abs(logit));
                probabilities[i] = (logit >= 0 ? 1 : power) / (1 + power);
            }
        }

        @Override
        double logSumExp(double[] logits, int offset, int numOutputs, double sum) {
            return 0;
        }

        @Override
        double plainLoss(double[] logits, int offset, int numOutputs, double logSumExp, int label) {
            double loss = 0;
            for (int c = 0; c < numOutputs; c++) {
                loss += logisticLoss(logits[offset + c], Targets.at(c, label, numOutputs), 1);
            }
            return loss / numOutputs;
        }

        @Override
        double plainLoss(
                double[] logits,
                int offset,
                int numOutputs,
                double logSumExp,
                float[] targets,
                int targetsOffset) {
            double loss = 0;
            for (int c = 0; c < numOutputs; c++) {
                loss += logisticLoss(logits[offset + c], targets[targetsOffset + c], 1);
            }
            return loss / numOutputs;
        }
    };

    /**
     * Turns the logits of some examples into probabilities. Softmax gives an example NaN throughout
     * where one of its logits is NaN or +∞, or all are −∞.
     *
     * @param logits (count, numOutputs), from {@code offset} on. Not modified.
     * @param probabilities (at least count, numOutputs), another array. Modified.
     * @param sums (at least count), for {@link #logSumExp}: of softmax, {@code Σ exp(z)} of each
     *     example, or NaN where its logits do not {@linkplain Exponential#fit fit}; sigmoids leave
     *     them. Modified.
     */
    abstract void activate(
            double[] logits,
            int offset,
            int count,
            int numOutputs,
            double[] probabilities,
            double @Nullable [] sums);

    /**
     * Returns the log-sum-exp {@code ln Σ exp(z)} of one example, which {@link #plainLoss} takes; 0
     * where the activation has none.
     *
     * @param logits Not modified.
     * @param sum what {@link #activate} gave for these logits
     */
    abstract double logSumExp(double[] logits, int offset, int numOutputs, double sum);

    /**
     * Returns the plain loss of one example of a class.
     *
     * @param logits Not modified.
     * @param logSumExp of these logits
     * @param label a class, counted from 0
     */
    abstract double plainLoss(
            double[] logits, int offset, int numOutputs, double logSumExp, int label);

    /**
     * Returns the plain loss of one example with a target for each output.
     *
     * @param logits Not modified.
     * @param logSumExp of these logits
     * @param targets Not modified.
     */
    abstract double plainLoss(
            double[] logits,
            int offset,
            int numOutputs,
            double logSumExp,
            float[] targets,
            int targetsOffset);

    private static double sum(double[] values, int offset, int count) {
        double sum = 0;
        for (int i = offset; i < offset + count; i++) {
            sum += values[i];
        }
        return sum;
    }

    /** Writes {@code exp(z − z_max)} of each of some logits. */
    private static void writePowersOfShifted(
            double[] logits, int offset, int numOutputs, double[] powers, int powersOffset) {
        double largest = largest(logits, offset, numOutputs);
        for (int c = 0; c < numOutputs; c++) {
            powers[powersOffset + c] = Exponential.of(logits[offset + c] - largest);
        }
    }

    /**
     * Computes {@code ln softmax(z)_c = (z_c − z_max) − ln Σ exp(z − z_max)}.
     *
     * @param logits Not modified.
     * @param logProbabilities Modified.
     */
    static void logSoftmax(double[] logits, int offset, int numOutputs, double[] logProbabilities) {
        double largest = largest(logits, offset, numOutputs);
        double sum = 0;
        for (int c = 0; c < numOutputs; c++) {
            sum += Math.exp(logits[offset + c] - largest);
        }
        double logSum = Math.log(sum);
        for (int c = 0; c < numOutputs; c++) {
            logProbabilities[c] = logits[offset + c] - largest - logSum;
        }
    }

    /**
     * Returns {@code −q y ln p − (1 − y) ln(1 − p)} of {@code p = 1 / (1 + exp(−z))}, the positive
     * part weighted by {@code q}.
     *
     * <p>Computed as {@code q y s(−z) + (1 − y) s(z)} with {@code s(z) = max(z, 0) + ln(1 +
     * exp(−|z|))}. No term is negative for {@code y} in 0 to 1, so that none cancels another.
     */
    static double logisticLoss(double logit, double target, double positiveWeight) {
        double rest = Math.log1p(Math.exp(-Math.abs(logit)));
        return positiveWeight * target * (Math.max(-logit, 0) + rest)
                + (1 - target) * (Math.max(logit, 0) + rest);
    }

    private static double largest(double[] logits, int offset, int numOutputs) {
        double largest = logits[offset];
        for (int c = 1; c < numOutputs; c++) {
            double logit = logits[offset + c];
            // A NaN is never larger, and shows in the sum.
            largest = logit > largest ? logit : largest;
        }
        return largest;
    }
}
