package io.freshet.model;

import io.freshet.model.ensemble.CombinationWeights;
import io.freshet.model.example.Evaluation;
import io.freshet.model.example.Examples;
import io.freshet.model.mixture.FadingLosses;
import io.freshet.model.mixture.MixtureWeights;
import org.jspecify.annotations.Nullable;

/**
 * The parameters of one model, and the steps of its optimiser over the rows of an execution block:
 * dense in {@link BlockedSgd}, sparse in {@link SparseSgd}, on a CUDA device in {@link CudaSgd}.
 *
 * <p>The block is the seam between engines, and not the matrix: a block goes in, the score of each
 * row comes out, and the state can be read and set. So all that is computed row by row runs where
 * the parameters are.
 */
interface Trainer extends AutoCloseable {
    /**
     * Outcome of a run over rows of the block.
     *
     * @param end index after the last row of the run: at most the end of the block, and at most the
     *     end of the mini-batch after which the observer asked to react
     * @param skipped whether the step of the run's only mini-batch was skipped
     * @param reactionDue whether the observer asked to react
     */
    record RunResult(int end, boolean skipped, boolean reactionDue) {}

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

    /** Empties the block. */
    void clear();

    /**
     * Returns the mixture's weights, which only {@link #setWeights} may change; null without one.
     */
    @Nullable MixtureWeights weights();

    /**
     * Replaces the mixture's weights; does nothing without a mixture.
     *
     * @param state a value of {@link MixtureWeights#state()}. Not modified.
     */
    void setWeights(double[] state);

    /** Returns the weights by which an ensemble combines its experts; null without one. */
    @Nullable CombinationWeights combination();

    /** Returns the losses of the experts, then of the combinations of an ensemble; not a copy. */
    FadingLosses losses();

    /** Returns the number of restarts of each learning rate, (learning rates); not a copy. */
    long[] restarts();

    /**
     * Returns the Euclidean norm of the mean gradient of the last mini-batch, for the dominant
     * learning rate; NaN before the first mini-batch, and if the learning rate was 0.
     */
    double gradientNorm();

    /** Returns the Euclidean norm of the parameters, for the dominant learning rate. */
    double parameterNorm();

    /**
     * Returns the number of values of each feature that the scaler clipped before it observed them,
     * (numFeatures); empty if it clips none so.
     */
    long[] clippedValues();

    /**
     * Returns the number of features that have parameters: in a sparse model, those that occurred.
     */
    int numColumns();

    /** Returns the number of steps after which the parameters are copied as good ones. */
    long stepsBetweenCopies();

    /** Copies the current parameters as the last good ones. */
    void keepGood();

    /** Returns to the last good parameters, and sets the optimiser's state to zero. */
    void returnToGood();

    /** Removes the last good parameters, and sets parameters and optimiser state to zero. */
    void returnToStart();

    /** Sets the optimiser's state to zero. */
    void resetOptimizer();

    /** Resets the scaler. */
    void resetScaler();

    /**
     * Copies the parameters, the optimiser's state, the mixture's weights, the baselines, the
     * experts' losses and the scaler of another learner.
     *
     * @param state state of a learner with the same settings. Not modified.
     */
    void copyFrom(LearnerState state);

    /**
     * Returns the state of a learner with these parameters, in arrays that are never written to
     * again.
     *
     * @param counters the learner's counters
     * @param goodWeights weights of the mixture that belong to the last good parameters
     * @param classCounts fading counts of the labels; empty if classes are not balanced
     */
    LearnerState state(LearnerCounters counters, double[] goodWeights, double[] classCounts);

    @Override
    void close();
}
