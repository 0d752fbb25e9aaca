package io.freshet.model.optim;

/**
 * One array of an optimiser's state.
 *
 * @param name name of the array in the optimiser's state, such as {@code velocity}
 * @param values in the shape of the parameters, (learning rates, numFeatures + 1, numOutputs)
 */
@SuppressWarnings("ArrayRecordComponent") // never compared
public record NamedArray(String name, float[] values) {}
