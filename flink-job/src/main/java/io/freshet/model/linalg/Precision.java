package io.freshet.model;

/** What the parameters are kept and multiplied in. */
enum Precision {
    /** Single precision: what the learner uses. */
    FLOAT,

    /** Double precision: what shows that the arithmetic is right beyond a float's rounding. */
    DOUBLE
}
