package io.freshet.ingest;

/** Kind of an example's label. */
public enum LabelType {
    /** A single class, given by index or by name. */
    CLASS,
    /**
     * A probability distribution over the classes: one value per class, with sum 1. A class index
     * or name means probability 1 for that class.
     */
    PROBABILITIES,
    /**
     * Independent values from 0 to 1, one per class. A class index or name means 1 for that class
     * and 0 for the others.
     */
    MULTI_LABEL
}
