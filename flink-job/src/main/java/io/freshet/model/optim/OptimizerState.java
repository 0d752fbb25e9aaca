package io.freshet.model.optim;

import java.util.Arrays;
import java.util.function.UnaryOperator;

/**
 * The state of an {@link Optimizer} between two steps. Immutable by convention: its creator hands
 * the arrays over and never writes to them again.
 *
 * @param steps number of steps taken since the state was zero; 0 for an optimiser without state
 * @param arrays the arrays by name; empty while {@code steps} is 0
 */
@SuppressWarnings("ArrayRecordComponent") // never compared
public record OptimizerState(long steps, NamedArray[] arrays) {
    /** The state before the first step. */
    public static final OptimizerState INITIAL = new OptimizerState(0, new NamedArray[0]);

    /** Returns the state with each array replaced by the result of a function. */
    public OptimizerState map(UnaryOperator<float[]> function) {
        return new OptimizerState(
                steps,
                Arrays.stream(arrays)
                        .map(array -> new NamedArray(array.name(), function.apply(array.values())))
                        .toArray(NamedArray[]::new));
    }

    /** Returns the values of an array; empty if there is none of this name. */
    public float[] array(String name) {
        for (NamedArray array : arrays) {
            if (array.name().equals(name)) {
                return array.values();
            }
        }
        return new float[0];
    }
}
