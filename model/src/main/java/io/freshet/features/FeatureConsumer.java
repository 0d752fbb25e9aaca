package io.freshet.features;

/** Receiver of the features of an example that are not 0. */
public interface FeatureConsumer {
    /**
     * Adds a value; values of a column that is added more than once add up.
     *
     * @param column index of the column, counted from 0
     */
    void add(int column, float value);
}
