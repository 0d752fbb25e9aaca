package io.freshet.model;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.freshet.model.example.Evaluation;
import io.freshet.model.example.Evaluation.Outcome;
import io.freshet.model.example.Examples;
import java.util.Arrays;
import java.util.stream.IntStream;

/** What test-then-train found about the examples of a stream, in the order of the stream. */
final class RecordedEvaluation {
    final Outcome[] outcomes;
    final double[] losses;
    final int[] predictedClasses;
    final double[] confidences;

    /** Of the plain loop only: the learner does not write them. */
    final double[] labelProbabilities;

    final double[] briers;
    final int[] ranks;
    final double[][] probabilities;
    final long[] versions;

    RecordedEvaluation(int size) {
        this.outcomes = new Outcome[size];
        this.losses = new double[size];
        this.predictedClasses = new int[size];
        this.confidences = new double[size];
        this.labelProbabilities = new double[size];
        this.briers = new double[size];
        this.ranks = new int[size];
        this.probabilities = new double[size][];
        this.versions = new long[size];
    }

    /**
     * Hands a stream to a learner, and closes the last mini-batch.
     *
     * @param sizes of the calls, again and again
     */
    static RecordedEvaluation byCalls(SoftmaxLearner learner, Examples stream, int... sizes) {
        return byCalls(learner, stream, null, sizes);
    }

    static RecordedEvaluation byCalls(
            SoftmaxLearner learner, Examples stream, StepObserver observer, int... sizes) {
        RecordedEvaluation found = new RecordedEvaluation(stream.size());
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
            learner.learn(waiting, next == stream.size(), evaluation, observer);
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
        confidences[row] = evaluation.confidences()[at];
        briers[row] = evaluation.briers()[at];
        ranks[row] = evaluation.ranks()[at];
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
    RecordedEvaluation labelled(Examples stream) {
        int[] rows =
                IntStream.range(0, stream.size())
                        .filter(i -> stream.labels()[i] != Examples.UNLABELLED)
                        .toArray();
        RecordedEvaluation labelled = new RecordedEvaluation(rows.length);
        for (int i = 0; i < rows.length; i++) {
            labelled.outcomes[i] = outcomes[rows[i]];
            labelled.losses[i] = losses[rows[i]];
            labelled.predictedClasses[i] = predictedClasses[rows[i]];
            labelled.confidences[i] = confidences[rows[i]];
            labelled.briers[i] = briers[rows[i]];
            labelled.ranks[i] = ranks[rows[i]];
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
    void assertCloseTo(RecordedEvaluation expected, double tolerance) {
        double allowed = tolerance + 0x1p-24;
        assertThat(outcomes).isEqualTo(expected.outcomes);
        for (int i = 0; i < outcomes.length; i++) {
            if (outcomes[i] == Outcome.TRAINED) {
                double most = allowed * Math.max(1, Math.abs(expected.losses[i]));
                if (!(Math.abs(losses[i] - expected.losses[i]) <= most)) {
                    assertThat(losses[i]).as("loss of %d", i).isEqualTo(expected.losses[i]);
                }
                assertScoresCloseTo(expected, i, allowed);
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
                assertClose("confidence", i, confidences[i], expected.confidences[i], allowed);
            }
        }
    }

    /** The Brier score moves with every probability, by at most 8 times as much in all. */
    private void assertScoresCloseTo(RecordedEvaluation expected, int row, double allowed) {
        double ofLabel = expected.labelProbabilities[row];
        assertClose("Brier score", row, briers[row], expected.briers[row], 8 * allowed);
        if (expected.probabilities[row] == null) {
            return;
        }
        int ahead = 0;
        int level = -1;
        for (double probability : expected.probabilities[row]) {
            if (probability > ofLabel + 2 * allowed) {
                ahead++;
            } else if (probability >= ofLabel - 2 * allowed) {
                level++;
            }
        }
        if (ranks[row] < ahead || ranks[row] > ahead + level) {
            assertThat(ranks[row]).as("rank of %d", row).isEqualTo(expected.ranks[row]);
        }
    }

    private static void assertClose(
            String what, int row, double actual, double expected, double allowed) {
        if (!(Math.abs(actual - expected) <= allowed)) {
            assertThat(actual).as("%s of %d", what, row).isCloseTo(expected, within(allowed));
        }
    }

    /** Asserts that another run gave the same bits. */
    void assertSameBitsAs(RecordedEvaluation expected) {
        assertThat(outcomes).isEqualTo(expected.outcomes);
        assertThat(losses).isEqualTo(expected.losses);
        assertThat(predictedClasses).isEqualTo(expected.predictedClasses);
        assertThat(confidences).isEqualTo(expected.confidences);
        assertThat(briers).isEqualTo(expected.briers);
        assertThat(ranks).isEqualTo(expected.ranks);
        assertThat(probabilities).isDeepEqualTo(expected.probabilities);
        assertThat(versions).isEqualTo(expected.versions);
    }
}
