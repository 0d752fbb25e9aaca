package io.freshet.learn;

/**
 * Member of a model's mixture.
 *
 * @param name {@code rate 0.01} for a learning rate; {@code no-change} and {@code frequencies} for
 *     baselines
 * @param learningRate learning rate of its parameters; NaN for a baseline, which has none
 * @param weight weight in the mixture, 0 to 1; the weights of all members sum to 1
 * @param restarts number of restarts because a step of this expert was not finite
 */
public record Expert(String name, double learningRate, double weight, long restarts) {}
