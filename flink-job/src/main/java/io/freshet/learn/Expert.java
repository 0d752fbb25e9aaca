package io.freshet.learn;

/**
 * Expert of a model: the parameters of one learning rate, a baseline, or another expert of an
 * ensemble.
 *
 * @param name {@code rate 0.01} for a learning rate; for the baselines {@code no-change}, which
 *     predicts from the previous label, and {@code frequencies}, which predicts from the
 *     frequencies of the labels; for the other experts of an ensemble as {@link
 *     io.freshet.model.ensemble.EnsembleRule} says
 * @param learningRate learning rate of its parameters; NaN for an expert that has none
 * @param weight weight in the mixture, 0 to 1; the weights of all experts sum to 1
 * @param restarts number of restarts because a step of this expert was not finite
 * @param stackWeight weight in the stack, of any sign; NaN without an ensemble
 * @param correctionWeight weight in the stack on top of the mixture, of any sign; NaN without an
 *     ensemble
 * @param loss mean loss of its own predictions with exponential forgetting, nats; NaN before the
 *     first, and for a fixed learning rate
 */
public record Expert(
        String name,
        double learningRate,
        double weight,
        long restarts,
        double stackWeight,
        double correctionWeight,
        double loss) {}
