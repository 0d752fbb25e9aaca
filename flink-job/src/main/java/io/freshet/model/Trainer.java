package io.freshet.model;

import io.freshet.model.example.Evaluation;
import io.freshet.model.example.Examples;
import org.jspecify.annotations.Nullable;

/**
 * The parameters of one model, and the steps of its optimiser over the rows of an execution block:
 * dense in {@link BlockedSgd}, sparse in {@link SparseSgd}, on a CUDA device in {@link CudaSgd}.
 *
 * <p>The block is the seam between engines, and not the matrix: a block goes in, the score of each
 * row comes out, and the state can be read and set. So all that is computed row by row runs where
 * the parameters are.
 */
interface Trainer extends LiveState {
    /** Returns the block, to be filled before {@link #run}. */
    ExecutionBlock block();

    /**
     * Tests on rows of the block, then trains on them, at least on the next mini-batch or sequence
     * of unlabelled rows.
     *
     * @param begin the first row that has not been run
     * @param before counters before this row
     * @param observer observes each mini-batch that is trained on; null for none
     */
    RunResult run(
            int begin,
            LearnerCounters before,
            Examples examples,
            Evaluation evaluation,
            @Nullable StepObserver observer);

    /**
     * Prepares a run of all rows of the block that may be in one launch on a device with those of
     * other trainers. The run must follow, instead of {@link #run}.
     *
     * @param before counters before the block
     * @param observer observes each mini-batch that is trained on; null for none
     * @return null if the block is to {@link #run} by itself
     */
    default @Nullable CudaRun tryRun(
            LearnerCounters before,
            Examples examples,
            Evaluation evaluation,
            @Nullable StepObserver observer) {
        return null;
    }

    /** Empties the block. */
    void clear();

    /**
     * Returns the number of features that have parameters: in a sparse model, those that occurred.
     */
    int numColumns();

    /** Returns the number of steps after which the parameters are copied as good ones. */
    long stepsBetweenCopies();
}
