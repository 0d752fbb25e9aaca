package io.freshet.score;

/** Treatment of an event whose model has not been published yet. */
public enum UnknownModel {
    /** It waits, in state, until the model is published. */
    WAIT,
    /** It is answered with the same probability for each class, by version 0. */
    UNIFORM,
    /** It becomes a dead letter. */
    DEAD_LETTER
}
