package io.freshet.model.loss;

import java.io.Serializable;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** A weight for each output of a model, or none, which stands for ones. Immutable. */
public final class OutputWeights implements Serializable {
    /** No weights: every output counts once. */
    public static final OutputWeights NONE = new OutputWeights(null);

    private final double @Nullable [] values;

    private OutputWeights(double @Nullable [] values) {
        this.values = values;
    }

    /**
     * Returns these weights.
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

    /** Returns whether there are none. */
    public boolean isNone() {
        return values == null;
    }

    /** Returns the weight of an output, counted from 0. */
    public double at(int output) {
        return values == null ? 1 : values[output];
    }

    /** Returns the weights; empty if there are none. */
    public List<Double> toList() {
        return values == null ? List.of() : Arrays.stream(values).boxed().toList();
    }

    /** Returns the largest weight. */
    double largest() {
        return values == null ? 1 : Arrays.stream(values).max().orElse(1);
    }

    /** Throws if there are weights, but not one for each output; the message says {@code name}. */
    void requireFits(String name, int numOutputs) {
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
