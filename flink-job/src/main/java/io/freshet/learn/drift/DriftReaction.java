package io.freshet.learn.drift;

/** Reactions of a learner to a drift. */
public enum DriftReaction {
    /** Continues unchanged. */
    NONE,
    /** Resets the scaler's statistics. */
    RESET_SCALER,
    /** Resets the parameters to their initial values. */
    RESET_PARAMETERS,
    /** Restores the last good parameters. */
    ROLL_BACK,
    /** Continues with the state of a second learner that was started at the warning. */
    HAND_OVER,
    /** Multiplies the learning rate for a number of steps. */
    BOOST,
    /** Resets the optimiser's state. */
    RESET_OPTIMIZER
}
