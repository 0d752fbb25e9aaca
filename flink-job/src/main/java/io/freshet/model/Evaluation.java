package io.freshet.model;

/**
 * What test-then-train found about each example of a mini-batch; written over by the next step.
 *
 * <p>The arrays that the accessors return are the evaluation's own; only the first {@link #size()}
 * values have a meaning.
 */
public final class Evaluation {
    private final float[] losses;
    private final int[] predictedClasses;
    private int size;
    private boolean stepTaken;

    /**
     * @param capacity the most examples of a mini-batch, at least 1
     */
    public Evaluation(int capacity) {
        if (capacity < 1) {
            throw new IllegalArgumentException("capacity must be at least 1, but is " + capacity);
        }
        this.losses = new float[capacity];
        this.predictedClasses = new int[capacity];
    }

    /** Returns how many examples the mini-batch had. */
    public int size() {
        return size;
    }

    /** Returns how many examples it can tell of. */
    public int capacity() {
        return losses.length;
    }

    /**
     * Returns the cross-entropy of each example in nats, (capacity), at least 0, not clipped and
     * not weighted, by the parameters before the step. All are finite if the step was taken.
     */
    public float[] losses() {
        return losses;
    }

    /**
     * Returns the most probable class of each example, (capacity), by the parameters before the
     * step; the lowest of equals.
     */
    public int[] predictedClasses() {
        return predictedClasses;
    }

    /**
     * Returns whether the learner took the step; if not, a number was not finite, the learner is as
     * it was before the mini-batch, and the values found are not to be used.
     */
    public boolean stepTaken() {
        return stepTaken;
    }

    void begin(int size) {
        if (size > losses.length) {
            throw new IllegalArgumentException(
                    "the evaluation holds "
                            + losses.length
                            + " examples, but the mini-batch has "
                            + size);
        }
        this.size = size;
        this.stepTaken = false;
    }

    void end(boolean stepTaken) {
        this.stepTaken = stepTaken;
    }

    /**
     * Records loss and predicted class of one example, and returns the loss.
     *
     * <p>{@code loss = −ln softmax(z)[y] = (z_max − z_y) − ln softmax(z)_max}. Neither term is
     * negative and the largest probability is at least 1/numClasses, so that nothing overflows or
     * becomes {@code ln 0} however far apart the logits are. Not finite only if a logit is not.
     *
     * <p>Source: Goodfellow, Bengio and Courville, <i>Deep Learning</i> (2016), §4.1 and §6.2.2.3.
     *
     * @param example its row in the mini-batch
     * @param logits {@code z}, numClasses values from {@code offset} on. Not modified.
     * @param probabilities {@code softmax(z)}, likewise. Not modified.
     * @param label {@code y}
     */
    float score(
            int example,
            float[] logits,
            float[] probabilities,
            int offset,
            int numClasses,
            int label) {
        int largest = 0;
        float largestLogit = logits[offset];
        for (int c = 1; c < numClasses; c++) {
            float logit = logits[offset + c];
            if (logit > largestLogit) {
                largest = c;
                largestLogit = logit;
            }
        }
        float loss =
                (float)
                        ((double) largestLogit
                                - logits[offset + label]
                                - Math.log(probabilities[offset + largest]));
        losses[example] = loss;
        predictedClasses[example] = largest;
        return loss;
    }
}
