package io.freshet.model.loss;

/** The targets of one example: how a class stands for a value at each output of the model. */
final class Targets {
    private Targets() {}

    /**
     * Returns the target of one output for an example of a class: 1 at the class and 0 elsewhere;
     * with a single output, the class itself.
     */
    static double at(int output, int label, int numOutputs) {
        return numOutputs == 1 ? label : output == label ? 1 : 0;
    }

    /**
     * Writes the targets that a class stands for.
     *
     * @param targets numOutputs values from {@code offset} on. Modified.
     */
    static void write(int label, int numOutputs, double[] targets, int offset) {
        for (int c = 0; c < numOutputs; c++) {
            targets[offset + c] = at(c, label, numOutputs);
        }
    }

    /** Throws if a label is not a class. */
    static void requireLabel(int label, int numClasses) {
        if (label < 0 || label >= numClasses) {
            throw new IllegalArgumentException(
                    "a label must be 0 to " + (numClasses - 1) + ", but is " + label);
        }
    }
}
