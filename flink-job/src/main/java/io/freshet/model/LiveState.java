package io.freshet.model;

import io.freshet.model.ensemble.CombinationWeights;
import io.freshet.model.mixture.FadingLosses;
import io.freshet.model.mixture.MixtureWeights;
import org.jspecify.annotations.Nullable;

/**
 * The live form of a {@link LearnerState}: what a learner reads and changes of its parameters,
 * mixture and scaler between two blocks.
 */
interface LiveState extends AutoCloseable {
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
