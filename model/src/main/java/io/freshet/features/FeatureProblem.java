package io.freshet.features;

/** Reason for which the value of a field cannot be used as a feature. */
public enum FeatureProblem {
    /** A value of another type than the field's kind needs. */
    WRONG_TYPE,
    /** A field that is there twice. */
    DUPLICATE_FIELD,
    /** A time that is neither ISO 8601 nor seconds or milliseconds since 1970. */
    INVALID_TIME,
    /** A number that is infinite or too large for a float. */
    NON_FINITE_FEATURE,
    /** A missing value where none may be missing. */
    MISSING_FEATURE,
    /** A list that is too short for its range. */
    WRONG_NUM_FEATURES,
    /** A text or category that is longer than what is hashed. */
    TEXT_TOO_LONG,
    /** More features than an example may have that is hashed. */
    TOO_MANY_FEATURES
}
