package io.freshet.model.cuda;

import java.nio.ByteBuffer;
import java.nio.DoubleBuffer;
import java.nio.FloatBuffer;
import java.nio.IntBuffer;

/**
 * The scores of the rows of a block, and what the host is told of the models' states, after the
 * block has ended and until it runs again.
 *
 * <p>A model is given by its place in the block, a row by its index among those of its model.
 */
public final class BlockScores {
    private final LinearModel model;
    private final int rows;
    private final ParameterSums ofParameters;
    private final FloatBuffer scores;
    private final IntBuffer ranks;
    private final FloatBuffer reported;
    private final FloatBuffer norms;
    private final DoubleBuffer sums;
    private final DoubleBuffer clipped;
    private final DoubleBuffer mixture;
    private final DoubleBuffer stacks;
    private final DoubleBuffer answers;
    private final FloatBuffer probabilities;

    BlockScores(LinearModel model, BlockShape shape, BlockMemory memory) {
        this.model = model;
        this.rows = shape.rows();
        this.ofParameters = new ParameterSums(model);
        ByteBuffer out = memory.hostOutputs.buffer();
        scores = BlockMemory.floats(out, memory.scores);
        ranks = BlockMemory.ints(out, memory.ranks);
        reported = BlockMemory.floats(out, memory.reported);
        norms = BlockMemory.floats(out, memory.norms);
        sums = BlockMemory.doubles(out, memory.sums);
        clipped = BlockMemory.doubles(out, memory.clipped);
        mixture = BlockMemory.doubles(out, memory.mixture);
        stacks = BlockMemory.doubles(out, memory.stacks);
        answers = BlockMemory.doubles(out, memory.answers);
        probabilities = memory.hostProbabilities.buffer().asFloatBuffer();
    }

    /** Returns the reported loss of a row in nats. */
    public float loss(int place, int row) {
        return scores.get((place * rows + row) * 4);
    }

    /** Returns the loss of a row that training minimises. */
    public float trainingLoss(int place, int row) {
        return scores.get((place * rows + row) * 4 + 1);
    }

    /** Returns the probability of the predicted class. */
    public float confidence(int place, int row) {
        return scores.get((place * rows + row) * 4 + 2);
    }

    /** Returns the Brier score of a row. */
    public float brier(int place, int row) {
        return scores.get((place * rows + row) * 4 + 3);
    }

    /** Returns the predicted class of a row. */
    public int predictedClass(int place, int row) {
        return ranks.get((place * rows + row) * 2);
    }

    /** Returns the number of classes that are more probable than the row's label. */
    public int rank(int place, int row) {
        return ranks.get((place * rows + row) * 2 + 1);
    }

    /**
     * Returns the reported loss of a row under an expert, in nats; for an ensemble the combinations
     * follow the experts.
     */
    public float expertLoss(int place, int row, int expert) {
        return -reported.get((place * rows + row) * model.numLosses() + expert);
    }

    /**
     * Returns the norm of the gradient of the last mini-batch under a learning rate, times the
     * rate; NaN if the block had none.
     */
    public float gradientNorm(int place, int rate) {
        return norms.get(place * model.numRates() + rate);
    }

    /** Returns the sum of the squares of the parameters of a learning rate after the block. */
    public double sumOfSquares(int place, int rate) {
        return ofParameters.ofSquares(sums, place, rate);
    }

    /** Returns the sum of the magnitudes of the parameters of a learning rate after the block. */
    public double sumOfMagnitudes(int place, int rate) {
        return ofParameters.ofMagnitudes(sums, place, rate);
    }

    /**
     * Writes the numbers of values of each feature that the scaler has clipped, after the block; if
     * it clips any.
     *
     * @param counts (numFeatures). Modified.
     */
    public void clippedValues(int place, long[] counts) {
        for (int f = 0; f < counts.length; f++) {
            counts[f] = (long) clipped.get(place * counts.length + f);
        }
    }

    /** Writes the state of the mixture's weights after the block. */
    public void mixture(int place, double[] state) {
        mixture.get(place * state.length, state);
    }

    /**
     * Writes the weights of an ensemble's experts in its two stacks after the block.
     *
     * @param stack (numExperts). Modified.
     * @param correction (numExperts). Modified.
     */
    public void stacks(int place, double[] stack, double[] correction) {
        int experts = model.numExperts();
        int ofStack = experts + experts * experts;
        int at = place * (2 * ofStack + 1);
        stacks.get(at, stack);
        stacks.get(at + ofStack, correction);
    }

    /** Writes the state of the weights of an ensemble's answers after the block. */
    public void answers(int place, double[] state) {
        answers.get(place * state.length, state);
    }

    /** Writes the probabilities of the classes, if they were wanted. */
    public void probabilities(int place, int row, float[] out) {
        probabilities.get((place * rows + row) * out.length, out);
    }
}
