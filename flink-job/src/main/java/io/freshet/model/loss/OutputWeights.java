package io.freshet.model.loss;

import java.io.Serializable;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Weights of the outputs of a model: one for each output, or none if all are 1. Immutable. */
public final class OutputWeights implements Serializable {
    /** No weights: every output has weight 1. */
    public static final OutputWeights NONE = new OutputWeights(null);

    private final double @Nullable [] values;

    private OutputWeights(double @Nullable [] values) {
        this.values = values;
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
        return new OutputWeights(values.clone());
    }

    /** Returns whether there are no weights. */
    public boolean isNone() {
        return values == null;
    }

    /** Returns the weight of an output, counted from 0. */
    public double get(int output) {
        return values == null ? 1 : values[output];
    }

    /** Returns the weights; empty if there are none. */
    public List<Double> toList() {
        return values == null ? List.of() : Arrays.stream(values).boxed().toList();
    }

    /** Returns the largest weight; 1 if there are no weights. */
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
        return other instanceof OutputWeights that && Arrays.equals(values, that.values);
    }

    @Override
    public int hashCode() {
        return Arrays.hashCode(values);
    }

    @Override
    public String toString() {
        return values == null ? "none" : Arrays.toString(values);
    }
}
