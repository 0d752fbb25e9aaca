package io.freshet.model;

/**
 * The changes that may be made to a learner between two mini-batches: by a {@link StepObserver}, or
 * between two calls. Each takes effect before the next mini-batch.
 */
public interface LearnerControl {
    /**
     * Returns the number of changes of the parameters: SGD steps taken, plus one per other change.
     */
    long modelVersion();

    /** Resets the scaler: its statistics begin anew with the next mini-batch. */
    void resetScaler();

    /**
     * Resets the parameters to their start: zero in every learning rate, without velocity, and
     * equal weights in the mixture. Scaler, baselines and counters stay.
     */
    void resetParameters();

    /**
     * Returns to the last good parameters and their weights in the mixture. Before the first copy,
     * and where no step was taken since the last roll-back, returns to the start.
     */
    void rollBack();

    /** Resets the optimiser's velocity. */
    void resetOptimizer();

    /**
     * Multiplies the learning rate of the next steps. A boost in force ends.
     *
     * @param factor greater than 0
     * @param steps number of steps, at least 0
     * @throws IllegalStateException with a mixture, whose learning rates are fixed
     */
    void boost(double factor, long steps);

    /**
     * Continues with what another learner has learnt: parameters, velocity, weights, baselines and
     * scaler. Counters and the last good parameters stay.
     *
     * @param other state of a learner with the same settings. Not modified.
     */
    void copyFrom(LearnerState other);
}
