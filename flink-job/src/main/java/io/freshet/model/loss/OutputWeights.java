package io.freshet.model.loss;

import java.io.Serializable;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Weights of the outputs of a model: one for each output, none if all are 1, or balanced.
 * Immutable.
 *
 * <p>Balanced weights are those of the examples' classes, which the learner computes from the
 * frequencies of the labels that it has seen ({@code ClassFrequencies}) and multiplies with the
 * weight of each example. For the loss itself they are 1.
 */
public final class OutputWeights implements Serializable {
    /** No weights: every output has weight 1. */
    public static final OutputWeights NONE = new OutputWeights(null, false);

    /** Weights in inverse proportion to the frequencies of the classes. */
    public static final OutputWeights BALANCED = new OutputWeights(null, true);

    private final double @Nullable [] values;
    private final boolean balanced;

    private OutputWeights(double @Nullable [] values, boolean balanced) {
        this.values = values;
        this.balanced = balanced;
    }

    /**
     * Returns weights with these values.
     *
     * @param values one per output, each finite and at least 0; copied. Not modified.
     */
    public static OutputWeights of(double... values) {
        for (int c = 0; c < values.length; c++) {
            if (!(values[c] >= 0 && values[c] <= Double.MAX_VALUE)) {
                throw new IllegalArgumentException(
                        "weight "
                                + c
                                + " must be finite and at least 0, but is "
                                + values[c]
                                + " in "
                                + Arrays.toString(values));
            }
        }
        return new OutputWeights(values.clone(), false);
    }

    /** Returns whether there are no weights. */
    public boolean isNone() {
        return values == null && !balanced;
    }

    /** Returns whether the weights follow the frequencies of the classes. */
    public boolean isBalanced() {
        return balanced;
    }

    /** Returns whether there is a given weight for each output. */
    public boolean isFixed() {
        return values != null;
    }

    /** Returns the weight of an output, counted from 0, in the loss. */
    public double get(int output) {
        return values == null ? 1 : values[output];
    }

    /** Returns the given weights; empty if there are none. */
    public List<Double> toList() {
        return values == null ? List.of() : Arrays.stream(values).boxed().toList();
    }

    /** Returns the largest given weight; 1 if there are none. */
    double max() {
        return values == null ? 1 : Arrays.stream(values).max().orElse(1);
    }

    /**
     * Checks that there are no weights, or one for each output.
     *
     * @param name name of the weights in the exception's message
     * @throws IllegalArgumentException if there is another number of weights
     */
    void requireLength(String name, int numOutputs) {
        if (values != null && values.length != numOutputs) {
            throw new IllegalArgumentException(
                    name
                            + " must have "
                            + numOutputs
                            + " values, one for each output, but has "
                            + values.length
                            + ": "
                            + this);
        }
    }

    @Override
    public boolean equals(@Nullable Object other) {
        return other instanceof OutputWeights that
                && balanced == that.balanced
                && Arrays.equals(values, that.values);
    }

    @Override
    public int hashCode() {
        return 31 * Arrays.hashCode(values) + Boolean.hashCode(balanced);
    }

    @Override
    public String toString() {
        if (balanced) {
            return "balanced";
        }
        return values == null ? "none" : Arrays.toString(values);
    }
}
