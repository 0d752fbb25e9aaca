package io.freshet.ingest;

/** What a label says about the classes. */
public enum LabelType {
    /** Which one class it is, by index or by name. */
    CLASS,
    /**
     * A probability for each class; they sum to 1. A class's index or name stands for its own 1.
     */
    PROBABILITIES,
    /**
     * Whether each class applies, by itself: values from 0 to 1. A class's index or name stands for
     * that class alone.
     */
    MULTI_LABEL
}
