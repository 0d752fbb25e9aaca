package io.freshet.model.loss;

import io.freshet.model.linalg.Exponential;
import java.util.Arrays;

/**
 * What turns the logits of a model into probabilities, and the loss that Freshet reports of them.
 *
 * <p>The reported loss is plain, in nats: no class weights, no smoothing, no example weight, the
 * same whatever the model is trained on, so that losses of differently trained models compare. Both
 * activations take logits of any finite size: nothing overflows and no {@code ln 0} is taken.
 *
 * <p>Methods work on one example, {@code numOutputs} values of each array from its offset on, where
 * they take no count of examples.
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
        public void activate(
                double[] logits,
                int offset,
                int count,
                int numOutputs,
                double[] powers,
                double[] sums,
                double[] shifts) {
            boolean fit = Exponential.of(logits, offset, count * numOutputs, powers);
            for (int i = 0; i < count; i++) {
                int at = i * numOutputs;
                shifts[i] =
                        fit || Exponential.fit(logits, offset + at, numOutputs)
                                ? 0
                                : writePowersOfShifted(logits, offset + at, numOutputs, powers, at);
                sums[i] = sum(powers, at, numOutputs);
            }
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
        public void activate(
                double[] logits,
                int offset,
                int count,
                int numOutputs,
                double[] powers,
                double[] sums,
                double[] shifts) {
            for (int i = 0; i < count * numOutputs; i++) {
                powers[i] = sigmoid(logits[offset + i]);
            }
            Arrays.fill(sums, 0, count, 1);
            Arrays.fill(shifts, 0, count, 0);
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
     * Turns the logits of some examples into what their probabilities are quotients of: {@code p_c
     * = powers_c / sum}. Sigmoids are their own, over 1.
     *
     * <p>Of softmax {@code powers_c = exp(z_c − shift)}, with a shift of 0 where the logits
     * {@linkplain Exponential#fit fit}; so {@code ln Σ exp(z) = shift + ln sum}, which {@link
     * #plainLoss} takes. Where a logit is NaN or +∞, or all are −∞, the sum is NaN.
     *
     * @param logits (count, numOutputs), from {@code offset} on. Not modified.
     * @param powers (at least count, numOutputs), another array. Modified.
     * @param sums (at least count). Modified.
     * @param shifts (at least count). Modified.
     */
    public abstract void activate(
            double[] logits,
            int offset,
            int count,
            int numOutputs,
            double[] powers,
            double[] sums,
            double[] shifts);

    /**
     * Turns the logits of one example into probabilities. Softmax gives NaN throughout where one is
     * NaN or +∞, or all are −∞.
     *
     * @param logits Not modified.
     * @param probabilities (numOutputs), another array. Modified.
     */
    public final void activate(
            double[] logits, int offset, int numOutputs, double[] probabilities) {
        double[] sum = new double[1];
        activate(logits, offset, 1, numOutputs, probabilities, sum, new double[1]);
        double share = 1 / sum[0];
        for (int c = 0; c < numOutputs; c++) {
            probabilities[c] *= share;
        }
    }

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

    private static double sigmoid(double logit) {
        double power = Exponential.of(-Math.abs(logit));
        return (logit >= 0 ? 1 : power) / (1 + power);
    }

    /** Writes {@code exp(z − z_max)} of each of some logits, and returns {@code z_max}. */
    private static double writePowersOfShifted(
            double[] logits, int offset, int numOutputs, double[] powers, int powersOffset) {
        double largest = largest(logits, offset, numOutputs);
        for (int c = 0; c < numOutputs; c++) {
            powers[powersOffset + c] = Exponential.of(logits[offset + c] - largest);
        }
        return largest;
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
