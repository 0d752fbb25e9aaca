package io.freshet.model.loss;

/** Conversion of a class into the target values of a model's outputs. */
final class Targets {
    private Targets() {}

    /**
     * Returns the target value of one output for a class: 1 at the output of the class and 0
     * elsewhere; with a single output, the class itself.
     */
    static double value(int output, int label, int numOutputs) {
        return numOutputs == 1 ? label : output == label ? 1 : 0;
    }

    /**
     * Writes the target values of all outputs for a class.
     *
     * @param targets numOutputs values from {@code offset} on. Modified.
     */
    static void write(int label, int numOutputs, double[] targets, int offset) {
        for (int c = 0; c < numOutputs; c++) {
            targets[offset + c] = value(c, label, numOutputs);
        }
    }

    /**
     * Checks that a label is a class.
     *
     * @throws IllegalArgumentException if it is not
     */
    static void requireLabel(int label, int numClasses) {
        if (label < 0 || label >= numClasses) {
            throw new IllegalArgumentException(
                    "a label must be 0 to " + (numClasses - 1) + ", but is " + label);
        }
    }
}
