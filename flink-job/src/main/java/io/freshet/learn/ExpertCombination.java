package io.freshet.learn;

/**
 * A way in which an ensemble combines the predictions of its experts; its answer is the weighted
 * mean of all of them.
 *
 * @param name {@code mixture}, {@code stack} or {@code correction}, which is the stack on top of
 *     the mixture
 * @param weight weight in the answer, 0 to 1; the weights of all combinations sum to 1
 * @param loss mean loss of its predictions with exponential forgetting, nats; NaN before the first
 */
public record ExpertCombination(String name, double weight, double loss) {}
