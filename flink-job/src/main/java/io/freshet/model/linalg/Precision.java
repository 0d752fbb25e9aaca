package io.freshet.model.linalg;

/** What the parameters are kept and multiplied in. */
public enum Precision {
    /** Single precision: what the learner uses. */
    FLOAT,

    /** Double precision: what shows that the arithmetic is right beyond a float's rounding. */
    DOUBLE
}
