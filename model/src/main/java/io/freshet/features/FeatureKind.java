package io.freshet.features;

import java.util.Locale;

/** Kind of a field that is a feature: how its value becomes columns. */
public enum FeatureKind {
    /** A number: one column. */
    NUMERIC,
    /** True or false: one column, 1 or 0. */
    BOOLEAN,
    /**
     * One of several names: one column per name, 1 for the name that is given and 0 for others.
     * Names that are not listed can only be hashed.
     */
    CATEGORICAL,
    /**
     * A time: four columns, the sine and cosine of the hour of the day and of the day of the week,
     * in UTC.
     */
    TIME,
    /**
     * A text: the number of occurrences of each word, in lower case. Letters and digits form words.
     * Can only be hashed.
     */
    TEXT;

    /** Returns the kind as it is written in settings. */
    public String setting() {
        return name().toLowerCase(Locale.ROOT);
    }
}
