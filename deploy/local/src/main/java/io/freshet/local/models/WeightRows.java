package io.freshet.local.models;

/** Meaning of the rows of an array of weights. */
public enum WeightRows {
    /** A row for each class, as in PyTorch and scikit-learn. */
    CLASSES,

    /** A row for each feature. */
    FEATURES
}
