package io.freshet.learn.drift;

/** What a learner does about a drift. */
public enum DriftReaction {
    /** It goes on. */
    NONE,
    /** It forgets what the scaler has seen. */
    RESET_SCALER,
    /** It returns to the parameters of the start. */
    RESET_PARAMETERS,
    /** It returns to the last good parameters. */
    ROLL_BACK,
    /** It goes on with a learner that was started at the warning. */
    HAND_OVER,
    /** It takes larger steps for a while. */
    BOOST,
    /** It forgets the optimiser's velocity. */
    RESET_OPTIMIZER
}
