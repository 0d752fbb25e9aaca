package io.freshet.features;

/** Receiver of what is wrong with the values of an example's fields. */
public interface FeatureListener {
    /**
     * Called for a value that cannot be used.
     *
     * @param detail path of the field, what its value is and what is expected
     */
    void invalid(FeatureProblem problem, String detail);

    /**
     * Called for a number that differs from the float that it became by 1 or more.
     *
     * @param column index of the column of the float
     * @param field index of the first column of the mapped field; -1 for one that is not mapped
     * @param path path of the field
     * @param value the number, less the field's origin
     */
    void rounded(int column, int field, String path, double value, float feature);
}
