package io.freshet.model.ensemble;

import io.freshet.ensemble.Combination;
import io.freshet.ensemble.FernTests;
import io.freshet.ensemble.Projection;
import io.freshet.model.mixture.Mixture;
import io.freshet.model.mixture.MixtureWeights;
import java.util.Arrays;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/**
 * The published part of an ensemble's state: all that predictions need, beside the linear models
 * and the weights of the mixture of experts, and what a learner needs to go on from it.
 *
 * @param ferns (cells, experts, numClasses) logits of the ferns
 * @param testFeatures (tests) features of the tests of the ferns; empty for the random ones
 * @param testThresholds (tests) thresholds of the tests; empty for the random ones
 * @param points (examples, dimensions) projected examples of the window, oldest first
 * @param labels (examples) classes of these examples
 * @param featureWeights (numFeatures) weights of the features in distances
 * @param labelPredictions (label experts, numClasses) probabilities that the label experts predict
 *     now; empty without them
 * @param stack (numExperts) weights of the stack of the experts
 * @param correction (numExperts) weights of the stack on top of the mixture
 * @param answers (3) weights of the mixture, the stack and the stack on top of the mixture
 * @param training what only a learner needs; null if there is nothing but what predicts
 */
@SuppressWarnings("ArrayRecordComponent") // never compared
public record EnsembleParameters(
        float[] ferns,
        int[] testFeatures,
        float[] testThresholds,
        float[] points,
        int[] labels,
        float[] featureWeights,
        float[] labelPredictions,
        double[] stack,
        double[] correction,
        double[] answers,
        @Nullable EnsembleTraining training) {
    /** Largest number of examples in the window. */
    public static final int WINDOW = NearestExamples.WINDOW;

    /**
     * Returns what is published of a state. Some arrays are those of the state. Of sparse features,
     * of which no model begins with a snapshot, it is only what predicts.
     *
     * @param numExperts number of all experts
     * @param mixture state of the weights of the mixture of experts. Kept.
     */
    public static EnsembleParameters of(EnsembleState state, int numExperts, double[] mixture) {
        return new EnsembleParameters(
                logits(state),
                state.ferns().testFeatures(),
                state.ferns().testThresholds(),
                points(state),
                labels(state),
                state.featureWeights(),
                labelPredictions(state),
                Arrays.copyOf(state.stack(), numExperts),
                Arrays.copyOf(state.correction(), numExperts),
                answers(state.answers()),
                state.ferns().table().length == 0
                        ? null
                        : EnsembleTraining.of(state, numExperts, mixture));
    }

    /**
     * Returns the state that these parameters were published of, in new arrays where theirs are
     * others. It counts no restarts.
     *
     * @throws IllegalStateException if there is nothing but what predicts
     */
    public EnsembleState state() {
        if (training == null) {
            throw new IllegalStateException("these parameters have no state of the training");
        }
        long seen = training.seen();
        int dimensions = Projection.dimensions(featureWeights.length);
        float[] ring = new float[dimensions * NearestExamples.WINDOW];
        int[] classes = new int[NearestExamples.WINDOW];
        for (int index = 0; index < labels.length; index++) {
            int place = place(seen, index);
            classes[place] = labels[index];
            for (int d = 0; d < dimensions; d++) {
                ring[d * NearestExamples.WINDOW + place] = points[index * dimensions + d];
            }
        }
        return new EnsembleState(
                ferns.length / training.fernSums().length,
                new FernState(
                        table(training.fernSums()),
                        testFeatures,
                        testThresholds,
                        new float[0],
                        new int[0]),
                ring,
                classes,
                featureWeights,
                seen,
                training.nextRefresh(),
                joined(stack, training.stackCovariance()),
                joined(correction, training.correctionCovariance()),
                training.answers(),
                training.labelCounts(),
                training.lastLabel(),
                0);
    }

    /** Returns the table of the ferns, in which a sum follows the logits that it belongs to. */
    private float[] table(float[] sums) {
        int classes = ferns.length / sums.length;
        float[] table = new float[ferns.length + sums.length];
        for (int half = 0; half < sums.length; half++) {
            System.arraycopy(ferns, half * classes, table, half * (classes + 1), classes);
            table[half * (classes + 1) + classes] = sums[half];
        }
        return table;
    }

    private static double[] joined(double[] weights, double[] covariance) {
        double[] joined = Arrays.copyOf(weights, weights.length + covariance.length);
        System.arraycopy(covariance, 0, joined, weights.length, covariance.length);
        return joined;
    }

    /** Returns the largest number of floats of ferns, points and training. */
    public static long maxLargeFloats(EnsembleRule rule, int numFeatures, int numClasses) {
        long cells = (long) FernTests.numFerns(numClasses) * FernTests.CELLS;
        if (rule.isSparse()) {
            return 0;
        }
        return cells * Ferns.EXPERTS * (numClasses + 1)
                + (long) WINDOW * Projection.dimensions(numFeatures)
                + (rule.labelExperts() ? LabelExperts.numCounts(numClasses) : 0);
    }

    /** Returns the number of all other floats. */
    public static int numSmallFloats(EnsembleRule rule, int numFeatures, int numClasses) {
        int tests = rule.isSparse() ? 0 : FernTests.numFerns(numClasses) * FernTests.TESTS;
        return 2 * tests
                + (rule.isSparse() ? 0 : numFeatures)
                + (rule.labelExperts() ? LabelExperts.EXPERTS * numClasses : 0);
    }

    /**
     * Returns the number of doubles, with those of the training.
     *
     * @param numExperts number of all experts
     * @param numShares number of switching rates of the mixture of experts
     */
    public static int numDoubles(int numExperts, int numShares) {
        return 2 * numExperts * (numExperts + 1)
                + Combination.ANSWERS
                + numShares * (numExperts + 1)
                + Mixture.DEFAULT_SWITCHING_RATES.size() * (Combination.ANSWERS + 1);
    }

    private static float[] logits(EnsembleState state) {
        int classes = state.numClasses();
        float[] logits = new float[state.ferns().table().length / (classes + 1) * classes];
        for (int half = 0; half * classes < logits.length; half++) {
            System.arraycopy(
                    state.ferns().table(), half * (classes + 1), logits, half * classes, classes);
        }
        return logits;
    }

    private static int numExamples(long seen) {
        return (int) Math.min(seen, NearestExamples.WINDOW);
    }

    /** Returns the place of an example in the ring, by its age; 0 is the oldest. */
    private static int place(long seen, int index) {
        return (int) ((seen - numExamples(seen) + index) % NearestExamples.WINDOW);
    }

    private static float[] points(EnsembleState state) {
        int dimensions = state.points().length / NearestExamples.WINDOW;
        float[] points = new float[numExamples(state.seen()) * dimensions];
        for (int at = 0; at < points.length; at++) {
            int place = place(state.seen(), at / dimensions);
            points[at] = state.points()[at % dimensions * NearestExamples.WINDOW + place];
        }
        return points;
    }

    private static int[] labels(EnsembleState state) {
        return IntStream.range(0, numExamples(state.seen()))
                .map(index -> state.labels()[place(state.seen(), index)])
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
