package io.freshet.maths;

/** Softmax with its logarithms, which are precise where a probability is too small for a double. */
public final class LogSoftmax {
    private LogSoftmax() {}

    /**
     * Computes the probabilities of an expert.
     *
     * @param logits (numClasses) from {@code from} on. Not modified.
     * @param probabilities (numClasses) from {@code at} on. Modified.
     * @param logs logarithms of the probabilities, in the same places. Modified.
     */
    public static void apply(
            double[] logits,
            int from,
            int numClasses,
            double[] probabilities,
            double[] logs,
            int at) {
        double max = logits[from];
        for (int c = 1; c < numClasses; c++) {
            max = Math.max(max, logits[from + c]);
        }
        double sum = 0;
        for (int c = 0; c < numClasses; c++) {
            double power = Exponential.exp(logits[from + c] - max);
            probabilities[at + c] = power;
            sum += power;
        }
        double logSum = Math.log(sum);
        double inverse = 1 / sum;
        for (int c = 0; c < numClasses; c++) {
            probabilities[at + c] *= inverse;
            logs[at + c] = logits[from + c] - max - logSum;
        }
    }
}
