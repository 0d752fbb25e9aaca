package io.freshet.model.linalg;

/** Floating-point precision of a matrix and of its products. */
public enum Precision {
    /** Single precision, which the learner uses. */
    FLOAT,

    /** Double precision, for tests that check the arithmetic beyond the rounding of floats. */
    DOUBLE
}
