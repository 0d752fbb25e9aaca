package io.freshet.classifier;

/** Computation of the probabilities of the classes from the features of an example. Immutable. */
abstract class Predictor {
    /** Scratch arrays for one example after another. Not thread-safe. */
    interface Row {
        /**
         * Computes the probabilities of an example with a value for each feature.
         *
         * @param features numFeatures values from {@code offset} on. Not modified.
         * @param probabilities (numClasses). Modified.
         */
        void predict(float[] features, int offset, double[] probabilities);

        /**
         * Computes the probabilities of an example with values for some features; the others are 0.
         *
         * @param columns indices of the features, in any order; values of a feature that is there
         *     more than once add up. Not modified.
         * @param values (columns). Not modified.
         * @param probabilities (numClasses). Modified.
         */
        void predict(int[] columns, float[] values, double[] probabilities);
    }

    /** Returns a new row. */
    abstract Row newRow();

    /** Returns whether only the features that occurred have parameters. */
    abstract boolean isSparse();

    /** Returns the number of features that have parameters. */
    abstract int numColumns();

    /** Returns whether the probabilities of the classes are independent of each other. */
    abstract boolean isIndependent();
}
