package io.freshet.ingest;

/** The encodings of an example's features. */
public enum FeatureEncoding {
    /** Every feature has its column, and every example a value in each column. */
    COLUMNS,

    /** Every feature has its column, and an example has the values that are not 0. */
    SPARSE,

    /**
     * The name of a feature determines its column by a hash, and an example has the values that are
     * not 0.
     */
    HASHED
}
