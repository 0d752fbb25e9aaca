package io.freshet.ingest;

/**
 * Why a message became a dead letter.
 *
 * <p>State counts by position: append only, never reorder or remove.
 */
public enum DeadLetterReason {
    /** The record has no value. */
    NULL_VALUE,
    /** The value has no bytes. */
    EMPTY_VALUE,
    /** The value does not begin with the two marker bytes of Avro's single-object encoding. */
    NOT_SINGLE_OBJECT,
    /** The fingerprint is not that of a released schema of labelled events. */
    UNKNOWN_SCHEMA,
    /** The value ends before the event does. */
    TRUNCATED,
    /** A count or a length claims more than the bytes that are left could hold. */
    OVERSIZED,
    /** A number, a length or a branch that Avro cannot have written, or text that is not UTF-8. */
    MALFORMED,
    /** The value goes on after the event. */
    TRAILING_BYTES,
    /** The model id is the empty one, which is reserved. */
    RESERVED_MODEL_ID,
    /** {@code models.allowed} is set and does not name the model. */
    MODEL_NOT_ALLOWED,
    /** Sparse or named features. */
    UNSUPPORTED_FEATURES,
    /** A label of one value per class, where {@code label.type} is {@code class}. */
    UNSUPPORTED_LABEL,
    /** Not as many features as {@code num-features}. */
    WRONG_NUM_FEATURES,
    /** A feature that is NaN or infinite. */
    NON_FINITE_FEATURE,
    /** A class index below 0 or not below the number of classes. */
    LABEL_OUT_OF_RANGE,
    /** A class name that {@code classes} does not hold. */
    UNKNOWN_CLASS,
    /** A weight below 0. */
    NEGATIVE_WEIGHT,
    /** A weight that is NaN or infinite. */
    NON_FINITE_WEIGHT,
    /** A model id of more than 255 characters: it would be a key of every record about it. */
    MODEL_ID_TOO_LONG,
    /** A label of values per class that has not one for each. */
    WRONG_NUM_TARGETS,
    /** A label's value for a class that is NaN, below 0 or above 1. */
    TARGET_OUT_OF_RANGE,
    /** Probabilities by class whose sum is not 1. */
    TARGETS_DO_NOT_SUM_TO_ONE
}
