package io.freshet.learn;

/**
 * Expert of a model's mixture: the parameters of one learning rate, or a baseline.
 *
 * @param name {@code rate 0.01} for a learning rate; for the baselines {@code no-change}, which
 *     predicts from the previous label, and {@code frequencies}, which predicts from the
 *     frequencies of the labels
 * @param learningRate learning rate of its parameters; NaN for a baseline, which has none
 * @param weight weight in the mixture, 0 to 1; the weights of all experts sum to 1
 * @param restarts number of restarts because a step of this expert was not finite
 */
public record Expert(String name, double learningRate, double weight, long restarts) {}
