package io.freshet.model;

/**
 * The changes that can be made to a learner between two mini-batches, by a {@link StepObserver} or
 * by the caller between two calls. Each takes effect before the next mini-batch.
 */
public interface LearnerControl {
    /**
     * Returns the number of changes of the parameters: SGD steps taken, plus one per other change.
     */
    long modelVersion();

    /** Resets the scaler's statistics to their initial state. */
    void resetScaler();

    /**
     * Resets the parameters of every learning rate and the optimiser's state to zero and the
     * mixture's weights to equal ones, and discards the last good parameters. Scaler and baselines
     * are kept.
     */
    void resetParameters();

    /**
     * Restores the last good parameters with the mixture's weights of that time, and resets the
     * optimiser's state to zero. If no good parameters have been copied yet, or no step was taken
     * since the last roll-back, resets the parameters as {@link #resetParameters} does.
     */
    void rollBack();

    /** Resets the optimiser's state to zero. */
    void resetOptimizer();

    /**
     * Multiplies the learning rate of the next steps by a factor. Replaces an earlier boost that
     * still applies.
     *
     * @param factor greater than 0
     * @param steps number of steps, at least 0
     * @throws IllegalStateException with a mixture, whose learning rates are fixed
     */
    void boost(double factor, long steps);

    /**
     * Copies the parameters, the optimiser's state, the mixture's weights, the baselines and the
     * scaler of another learner. The last good parameters are kept, and so are all counters except
     * the model version.
     *
     * @param other state of a learner with the same settings. Not modified.
     */
    void copyFrom(LearnerState other);
}
