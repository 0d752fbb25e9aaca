package io.freshet.ingest;

/**
 * Reason for which an event became a dead letter.
 *
 * <p>State stores counts by ordinal: append only, never reorder or remove.
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
    /** A count or a length exceeds the largest possible record. */
    OVERSIZED,
    /** A number, a length or a union branch that is not valid Avro, or text that is not UTF-8. */
    MALFORMED,
    /** Bytes follow the event. */
    TRAILING_BYTES,
    /** The model id is empty, which is reserved. */
    RESERVED_MODEL_ID,
    /** {@code models.allowed} is set and does not contain the model. */
    MODEL_NOT_ALLOWED,
    /** The features have names, and {@code features.encoding} is not {@code hashed}. */
    UNSUPPORTED_FEATURES,
    /** A label of one value per class, but {@code label.type} is {@code class}. */
    UNSUPPORTED_LABEL,
    /** Not as many features as {@code num-features}. */
    WRONG_NUM_FEATURES,
    /** A feature that is NaN or infinite. */
    NON_FINITE_FEATURE,
    /** A class index that is negative or not below the number of classes. */
    LABEL_OUT_OF_RANGE,
    /** A class name that is not listed in {@code classes}. */
    UNKNOWN_CLASS,
    /** A negative weight. */
    NEGATIVE_WEIGHT,
    /** A weight that is NaN or infinite. */
    NON_FINITE_WEIGHT,
    /** A model id of more than 255 characters; every record about a model has its id as key. */
    MODEL_ID_TOO_LONG,
    /** A label of one value per class whose length is not the number of classes. */
    WRONG_NUM_TARGETS,
    /** A label's value for a class is NaN, below 0 or above 1. */
    TARGET_OUT_OF_RANGE,
    /** A label of probabilities whose sum is not 1. */
    TARGETS_DO_NOT_SUM_TO_ONE,
    /** The value is not an object in JSON, or exceeds a limit, such as that of nesting. */
    INVALID_JSON,
    /** A mapped field has a value of another type than its kind needs. */
    WRONG_TYPE,
    /** A mapped field is in the message twice. */
    DUPLICATE_FIELD,
    /** A mapped time that is neither ISO 8601 nor seconds or milliseconds since 1970. */
    INVALID_TIME,
    /** A mapped feature is missing, and {@code features.missing} is {@code dead-letter}. */
    MISSING_FEATURE,
    /** The value does not begin as a schema registry's serializers write it. */
    NOT_FRAMED,
    /** An index of a feature that is negative or not below {@code num-features}. */
    FEATURE_INDEX_OUT_OF_RANGE,
    /** A feature that an event has twice: its index or its name. */
    DUPLICATE_FEATURE,
    /** Sparse features with another number of indices than of values. */
    UNEQUAL_INDICES_AND_VALUES,
    /** A feature without a name. */
    EMPTY_FEATURE_NAME,
    /** A text, a category or a feature's name that is longer than what is hashed. */
    TEXT_TOO_LONG,
    /** More features than an event may have that is hashed or sparse. */
    TOO_MANY_FEATURES,
    /** A class name that is blank or has more than 100 characters, where classes are open. */
    INVALID_CLASS_NAME,
    /** An event to be predicted whose model has not been published. */
    UNKNOWN_MODEL
}
