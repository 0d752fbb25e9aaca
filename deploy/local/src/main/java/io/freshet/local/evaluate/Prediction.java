package io.freshet.local.evaluate;

import org.jspecify.annotations.Nullable;

/**
 * Answer of a model to one example.
 *
 * @param probabilities (classes); null if the model refuses the example. Not copied; never
 *     modified.
 * @param refusal why the model refuses the example; null if it does not
 */
@SuppressWarnings("ArrayRecordComponent") // never compared
public record Prediction(float @Nullable [] probabilities, @Nullable String refusal) {}
