package io.freshet.model.loss;

import io.freshet.maths.Exponential;
import java.util.Arrays;

/**
 * Output activation of a model, which turns its logits into probabilities, and the loss that
 * Freshet reports for it.
 *
 * <p>The reported loss is in nats and has no class weights, no label smoothing and no example
 * weight. It does not depend on the loss that the model is trained on, so that losses of models
 * trained differently can be compared. Both activations accept logits of any finite magnitude:
 * nothing overflows, and {@code ln 0} is never computed.
 *
 * <p>Methods without a count of examples work on one example: {@code numOutputs} values of each
 * array from its offset on.
 */
public enum Activation {
    /**
     * Softmax, {@code p_c = exp(z_c) / Σ exp(z)}: one class of several.
     *
     * <p>Reported loss: {@code −Σ y_c ln p_c}; for a class {@code y} that is {@code −ln p_y}.
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
                double[] exponentials,
                double[] normalisers,
                double[] shifts) {
            boolean safe = Exponential.expAll(logits, offset, count * numOutputs, exponentials);
            for (int i = 0; i < count; i++) {
                int at = i * numOutputs;
                shifts[i] =
                        safe || Exponential.allInSafeRange(logits, offset + at, numOutputs)
                                ? 0
                                : writeShiftedExponentials(
                                        logits, offset + at, numOutputs, exponentials, at);
                normalisers[i] = sum(exponentials, at, numOutputs);
            }
        }

        @Override
        double reportedLoss(
                double[] logits, int offset, int numOutputs, double logSumExp, int label) {
            // Rounding can make the difference slightly negative.
            return Math.max(0, logSumExp - logits[offset + label]);
        }

        @Override
        double reportedLoss(
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
            // Rounding can make the sum slightly negative.
            return Math.max(0, loss);
        }
    },

    /**
     * Sigmoid, {@code p_c = 1 / (1 + exp(−z_c))}: each output is a binary decision of its own.
     *
     * <p>Reported loss: the mean over the outputs of {@code −y ln p − (1 − y) ln(1 − p)}. A class
     * stands for its one-hot targets; with a single output, for the target 0 or 1.
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
                double[] exponentials,
                double[] normalisers,
                double[] shifts) {
            for (int i = 0; i < count * numOutputs; i++) {
                exponentials[i] = sigmoid(logits[offset + i]);
            }
            Arrays.fill(normalisers, 0, count, 1);
            Arrays.fill(shifts, 0, count, 0);
        }

        @Override
        double reportedLoss(
                double[] logits, int offset, int numOutputs, double logSumExp, int label) {
            double loss = 0;
            for (int c = 0; c < numOutputs; c++) {
                loss += logisticLoss(logits[offset + c], Targets.value(c, label, numOutputs), 1);
            }
            return loss / numOutputs;
        }

        @Override
        double reportedLoss(
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
     * Turns the logits of some examples into unnormalised probabilities: {@code p_c =
     * exponentials_c / normaliser}.
     *
     * <p>For softmax, {@code exponentials_c = exp(z_c − shift)} and the normaliser is their sum.
     * The shift is 0 where all logits of the example {@linkplain Exponential#allInSafeRange are in
     * the safe range}, and otherwise their maximum; so {@code ln Σ exp(z) = shift + ln normaliser}.
     * Where a logit is NaN or +∞, or all are −∞, the normaliser is NaN. For sigmoid, the
     * exponentials are the probabilities themselves, every normaliser is 1 and every shift 0.
     *
     * @param logits (count, numOutputs), from {@code offset} on. Not modified.
     * @param exponentials (at least count, numOutputs), another array. Modified.
     * @param normalisers (at least count). Modified.
     * @param shifts (at least count). Modified.
     */
    public abstract void activate(
            double[] logits,
            int offset,
            int count,
            int numOutputs,
            double[] exponentials,
            double[] normalisers,
            double[] shifts);

    /**
     * Turns the logits of one example into probabilities. Softmax makes all of them NaN where a
     * logit is NaN or +∞, or all are −∞.
     *
     * @param logits numOutputs values from {@code offset} on. Not modified.
     * @param probabilities (numOutputs), another array. Modified.
     */
    public final void activate(
            double[] logits, int offset, int numOutputs, double[] probabilities) {
        double[] normaliser = new double[1];
        activate(logits, offset, 1, numOutputs, probabilities, normaliser, new double[1]);
        double inverse = 1 / normaliser[0];
        for (int c = 0; c < numOutputs; c++) {
            probabilities[c] *= inverse;
        }
    }

    /**
     * Returns the reported loss of one example whose target is a class.
     *
     * @param logits numOutputs values from {@code offset} on. Not modified.
     * @param logSumExp {@code ln Σ exp(z)} of these logits; not used by sigmoid
     * @param label a class, counted from 0
     */
    abstract double reportedLoss(
            double[] logits, int offset, int numOutputs, double logSumExp, int label);

    /**
     * Returns the reported loss of one example with a target for each output.
     *
     * @param logits numOutputs values from {@code offset} on. Not modified.
     * @param logSumExp {@code ln Σ exp(z)} of these logits; not used by sigmoid
     * @param targets numOutputs values from {@code targetsOffset} on. Not modified.
     */
    abstract double reportedLoss(
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

    static double sigmoid(double logit) {
        double exponential = Exponential.exp(-Math.abs(logit));
        return (logit >= 0 ? 1 : exponential) / (1 + exponential);
    }

    /** Writes {@code exp(z_c − z_max)} for the logits of one example, and returns {@code z_max}. */
    private static double writeShiftedExponentials(
            double[] logits,
            int offset,
            int numOutputs,
            double[] exponentials,
            int exponentialsOffset) {
        double max = max(logits, offset, numOutputs);
        for (int c = 0; c < numOutputs; c++) {
            exponentials[exponentialsOffset + c] = Exponential.exp(logits[offset + c] - max);
        }
        return max;
    }

    /**
     * Computes {@code ln softmax(z)_c = (z_c − z_max) − ln Σ exp(z − z_max)}.
     *
     * @param logits numOutputs values from {@code offset} on. Not modified.
     * @param logProbabilities (numOutputs). Modified.
     */
    static void logSoftmax(double[] logits, int offset, int numOutputs, double[] logProbabilities) {
        double max = max(logits, offset, numOutputs);
        double sum = 0;
        for (int c = 0; c < numOutputs; c++) {
            sum += Math.exp(logits[offset + c] - max);
        }
        double logSum = Math.log(sum);
        for (int c = 0; c < numOutputs; c++) {
            logProbabilities[c] = logits[offset + c] - max - logSum;
        }
    }

    /**
     * Returns the logistic loss {@code −q y ln p − (1 − y) ln(1 − p)} with {@code p = 1 / (1 +
     * exp(−z))}, whose positive part is weighted by {@code q}.
     *
     * <p>Computed as {@code q y s(−z) + (1 − y) s(z)} with the softplus {@code s(z) = max(z, 0) +
     * ln(1 + exp(−|z|))}. For {@code y} in 0 to 1 no term is negative, so no digits cancel.
     */
    static double logisticLoss(double logit, double target, double positiveWeight) {
        double logTerm = Math.log1p(Math.exp(-Math.abs(logit)));
        return positiveWeight * target * (Math.max(-logit, 0) + logTerm)
                + (1 - target) * (Math.max(logit, 0) + logTerm);
    }

    private static double max(double[] logits, int offset, int numOutputs) {
        double max = logits[offset];
        for (int c = 1; c < numOutputs; c++) {
            double logit = logits[offset + c];
            // A NaN never becomes the maximum; it makes the sum of exponentials NaN.
            max = logit > max ? logit : max;
        }
        return max;
    }
}
