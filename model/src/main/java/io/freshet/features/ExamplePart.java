package io.freshet.features;

/** Part of an example other than the features. */
public enum ExamplePart {
    /** The label: a class name, or one value per class. */
    LABEL,
    /** The id that a prediction carries. */
    ID,
    /** The time of the event. */
    TIMESTAMP,
    /** The id of the model. */
    MODEL,
    /** The example weight. */
    WEIGHT
}
