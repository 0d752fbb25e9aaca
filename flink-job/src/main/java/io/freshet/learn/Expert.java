package io.freshet.learn;

/**
 * One member of a model's mixture.
 *
 * @param name {@code rate 0.01} for a learning rate; {@code no-change} and {@code frequencies} for
 *     baselines
 * @param learningRate the rate that its parameters are trained with; NaN for a baseline, which has
 *     none
 * @param weight its share of the mixture, 0 to 1; those of all members sum to 1
 * @param restarts times it restarted because a step of its own was not finite
 */
public record Expert(String name, double learningRate, double weight, long restarts) {}
