package io.freshet.pipeline;

/** Use that a job makes of the events that it reads. */
public enum JobKind {
    /** It learns from labelled events, and predicts feature events with the models. */
    LEARN,
    /** It predicts feature events with models that another job publishes. */
    SCORE
}
