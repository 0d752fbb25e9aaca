package io.freshet.model.ensemble;

import io.freshet.ensemble.Combination;
import io.freshet.model.mixture.Mixture;
import io.freshet.model.mixture.MixtureWeights;
import java.util.Arrays;
import java.util.stream.IntStream;

/**
 * The published part of an ensemble's state: all that predictions need, beside the linear models
 * and the weights of the mixture of experts.
 *
 * @param ferns (cells, experts, numClasses) logits of the ferns
 * @param points (examples, dimensions) projected examples of the window, oldest first
 * @param labels (examples) classes of these examples
 * @param featureWeights (numFeatures) weights of the features in distances
 * @param labelPredictions (label experts, numClasses) probabilities that the label experts predict
 *     now; empty without them
 * @param stack (numExperts) weights of the stack of the experts
 * @param correction (numExperts) weights of the stack on top of the mixture
 * @param answers (3) weights of the mixture, the stack and the stack on top of the mixture
 */
@SuppressWarnings("ArrayRecordComponent") // never compared
public record EnsembleParameters(
        float[] ferns,
        float[] points,
        int[] labels,
        float[] featureWeights,
        float[] labelPredictions,
        double[] stack,
        double[] correction,
        double[] answers) {
    /**
     * Returns the part of a state that predicts, in new arrays.
     *
     * @param numExperts number of all experts
     */
    public static EnsembleParameters of(EnsembleState state, int numExperts) {
        return new EnsembleParameters(
                logits(state),
                points(state),
                labels(state),
                state.featureWeights(),
                labelPredictions(state),
                Arrays.copyOf(state.stack(), numExperts),
                Arrays.copyOf(state.correction(), numExperts),
                answers(state.answers()));
    }

    private static float[] logits(EnsembleState state) {
        int classes = state.numClasses();
        float[] logits = new float[state.ferns().length / (classes + 1) * classes];
        for (int half = 0; half * classes < logits.length; half++) {
            System.arraycopy(state.ferns(), half * (classes + 1), logits, half * classes, classes);
        }
        return logits;
    }

    private static int numExamples(EnsembleState state) {
        return (int) Math.min(state.seen(), NearestExamples.WINDOW);
    }

    /** Returns the place of an example in the ring, by its age; 0 is the oldest. */
    private static int place(EnsembleState state, int index) {
        return (int) ((state.seen() - numExamples(state) + index) % NearestExamples.WINDOW);
    }

    private static float[] points(EnsembleState state) {
        int dimensions = state.points().length / NearestExamples.WINDOW;
        float[] points = new float[numExamples(state) * dimensions];
        for (int at = 0; at < points.length; at++) {
            int place = place(state, at / dimensions);
            points[at] = state.points()[at % dimensions * NearestExamples.WINDOW + place];
        }
        return points;
    }

    private static int[] labels(EnsembleState state) {
        return IntStream.range(0, numExamples(state))
                .map(index -> state.labels()[place(state, index)])
                .toArray();
    }

    private static float[] labelPredictions(EnsembleState state) {
        if (state.labelCounts().length == 0) {
            return new float[0];
        }
        LabelExperts experts = new LabelExperts(state.numClasses());
        experts.set(state.labelCounts(), state.lastLabel());
        double[] probabilities = new double[LabelExperts.EXPERTS * state.numClasses()];
        experts.predict(probabilities, new double[probabilities.length], 0);
        float[] predictions = new float[probabilities.length];
        for (int i = 0; i < predictions.length; i++) {
            predictions[i] = (float) probabilities[i];
        }
        return predictions;
    }

    private static double[] answers(double[] state) {
        MixtureWeights weights =
                new MixtureWeights(Combination.ANSWERS, Mixture.DEFAULT_SWITCHING_RATES, state);
        double[] answers = new double[Combination.ANSWERS];
        Arrays.setAll(answers, weights::weight);
        return answers;
    }
}
