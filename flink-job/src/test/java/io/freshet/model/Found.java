package io.freshet.model;

import static org.assertj.core.api.Assertions.assertThat;

import io.freshet.model.Evaluation.Outcome;
import java.util.Arrays;
import java.util.stream.IntStream;

/** What test-then-train found about the examples of a stream, in the order of the stream. */
final class Found {
    final Outcome[] outcomes;
    final double[] losses;
    final int[] predictedClasses;
    final double[][] probabilities;
    final long[] versions;

    Found(int size) {
        this.outcomes = new Outcome[size];
        this.losses = new double[size];
        this.predictedClasses = new int[size];
        this.probabilities = new double[size][];
        this.versions = new long[size];
    }

    /**
     * Hands a stream to a learner, and closes the last mini-batch.
     *
     * @param sizes of the calls, again and again
     */
    static Found byCalls(SoftmaxLearner learner, Examples stream, int... sizes) {
        return byCalls(learner, stream, true, sizes);
    }

    static Found byCalls(SoftmaxLearner learner, Examples stream, boolean close, int... sizes) {
        Found found = new Found(stream.size());
        int numClasses = learner.settings().numClasses();
        Examples waiting = new Examples(stream.numFeatures(), stream.numTargets());
        Evaluation evaluation = new Evaluation(numClasses);
        int[] origins = new int[stream.size()];
        int call = 0;
        int next = 0;
        while (next < stream.size()) {
            int end = Math.min(stream.size(), next + sizes[call++ % sizes.length]);
            for (; next < end; next++) {
                origins[waiting.size()] = next;
                ExampleStream.append(stream, next, waiting);
            }
            learner.learn(waiting, close && next == stream.size(), evaluation);
            int open = 0;
            for (int i = 0; i < waiting.size(); i++) {
                found.take(origins[i], evaluation, i, numClasses);
                if (evaluation.outcome(i) == Outcome.OPEN) {
                    origins[open++] = origins[i];
                }
            }
            waiting.retainOpen(evaluation);
        }
        return found;
    }

    private void take(int row, Evaluation evaluation, int at, int numClasses) {
        outcomes[row] = evaluation.outcome(at);
        losses[row] = evaluation.losses()[at];
        predictedClasses[row] = evaluation.predictedClasses()[at];
        if (outcomes[row] == Outcome.ANSWERED) {
            versions[row] = evaluation.modelVersion(at);
            probabilities[row] = new double[numClasses];
            float[] answer = evaluation.probabilities(at);
            for (int c = 0; c < numClasses; c++) {
                probabilities[row][c] = answer[c];
            }
        }
    }

    /** Returns what was found about the examples with a label. */
    Found labelled(Examples stream) {
        int[] rows =
                IntStream.range(0, stream.size())
                        .filter(i -> stream.labels()[i] != Examples.UNLABELLED)
                        .toArray();
        Found labelled = new Found(rows.length);
        for (int i = 0; i < rows.length; i++) {
            labelled.outcomes[i] = outcomes[rows[i]];
            labelled.losses[i] = losses[rows[i]];
            labelled.predictedClasses[i] = predictedClasses[rows[i]];
            labelled.probabilities[i] = probabilities[rows[i]];
        }
        return labelled;
    }

    double totalLoss() {
        return Arrays.stream(losses).sum();
    }

    /**
     * Asserts that a learner found what the plain loop did. Losses and probabilities went through a
     * float, so that half a unit of its last place is allowed on top.
     *
     * @param tolerance absolute, below 1; above it, relative
     */
    void assertCloseTo(Found expected, double tolerance) {
        double allowed = tolerance + 0x1p-24;
        assertThat(outcomes).isEqualTo(expected.outcomes);
        for (int i = 0; i < outcomes.length; i++) {
            if (outcomes[i] == Outcome.TRAINED) {
                double most = allowed * Math.max(1, Math.abs(expected.losses[i]));
                if (!(Math.abs(losses[i] - expected.losses[i]) <= most)) {
                    assertThat(losses[i]).as("loss of %d", i).isEqualTo(expected.losses[i]);
                }
            }
            if (outcomes[i] == Outcome.ANSWERED) {
                assertThat(versions[i]).as("version of %d", i).isEqualTo(expected.versions[i]);
                for (int c = 0; c < probabilities[i].length; c++) {
                    double difference = probabilities[i][c] - expected.probabilities[i][c];
                    if (!(Math.abs(difference) <= allowed)) {
                        assertThat(probabilities[i])
                                .as("probabilities of %d", i)
                                .isEqualTo(expected.probabilities[i]);
                    }
                }
            }
            double[] row = expected.probabilities[i];
            if (row != null) {
                double largest = Arrays.stream(row).max().getAsDouble();
                assertThat(largest - row[predictedClasses[i]])
                        .as("what the class predicted of %d lacks of the most probable", i)
                        .isLessThanOrEqualTo(2 * allowed);
            }
        }
    }

    /** Asserts that another run gave the same bits. */
    void assertSameBitsAs(Found expected) {
        assertThat(outcomes).isEqualTo(expected.outcomes);
        assertThat(losses).isEqualTo(expected.losses);
        assertThat(predictedClasses).isEqualTo(expected.predictedClasses);
        assertThat(probabilities).isDeepEqualTo(expected.probabilities);
        assertThat(versions).isEqualTo(expected.versions);
    }
}
