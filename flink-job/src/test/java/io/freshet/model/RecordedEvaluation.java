package io.freshet.model;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.freshet.model.example.Evaluation;
import io.freshet.model.example.Evaluation.Outcome;
import io.freshet.model.example.Examples;
import java.util.Arrays;
import java.util.stream.IntStream;

/** Results of test-then-train for all examples of a stream, in the order of the stream. */
final class RecordedEvaluation {
    final Outcome[] outcomes;
    final double[] losses;
    final int[] predictedClasses;
    final double[] confidences;

    /** Probabilities of the labels, recorded for the plain loop only. */
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
     * Trains a learner on a stream in several calls, the last of which closes the last mini-batch.
     *
     * @param sizes numbers of new examples of the calls, used cyclically
     */
    static RecordedEvaluation byCalls(SoftmaxLearner learner, Examples stream, int... sizes) {
        return byCalls(learner, stream, null, sizes);
    }

    static RecordedEvaluation byCalls(
            SoftmaxLearner learner, Examples stream, StepObserver observer, int... sizes) {
        RecordedEvaluation recorded = new RecordedEvaluation(stream.size());
        int numClasses = learner.settings().numClasses();
        Examples pending = new Examples(stream.numFeatures(), stream.numTargets());
        Evaluation evaluation = new Evaluation(numClasses);
        int[] origins = new int[stream.size()];
        int call = 0;
        int next = 0;
        while (next < stream.size()) {
            int end = Math.min(stream.size(), next + sizes[call++ % sizes.length]);
            for (; next < end; next++) {
                origins[pending.size()] = next;
                ExampleStream.append(stream, next, pending);
            }
            learner.learn(pending, next == stream.size(), evaluation, observer);
            int kept = 0;
            for (int i = 0; i < pending.size(); i++) {
                recorded.record(origins[i], evaluation, i, numClasses);
                if (evaluation.outcome(i) == Outcome.PENDING) {
                    origins[kept++] = origins[i];
                }
            }
            pending.retainPending(evaluation);
        }
        return recorded;
    }

    private void record(int row, Evaluation evaluation, int index, int numClasses) {
        outcomes[row] = evaluation.outcome(index);
        losses[row] = evaluation.losses()[index];
        predictedClasses[row] = evaluation.predictedClasses()[index];
        confidences[row] = evaluation.confidences()[index];
        briers[row] = evaluation.briers()[index];
        ranks[row] = evaluation.ranks()[index];
        if (outcomes[row] == Outcome.PREDICTED) {
            versions[row] = evaluation.modelVersion(index);
            probabilities[row] = new double[numClasses];
            float[] predicted = evaluation.probabilities(index);
            for (int c = 0; c < numClasses; c++) {
                probabilities[row][c] = predicted[c];
            }
        }
    }

    /** Returns the results of the labelled examples. */
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
     * Asserts that these results are close to those of the plain loop. Losses and probabilities
     * were rounded to float, so half a unit in the last place of a float is allowed in addition.
     *
     * @param tolerance absolute for values up to 1, relative for larger ones
     */
    void assertCloseTo(RecordedEvaluation expected, double tolerance) {
        double allowed = tolerance + 0x1p-24;
        assertThat(outcomes).isEqualTo(expected.outcomes);
        for (int i = 0; i < outcomes.length; i++) {
            if (outcomes[i] == Outcome.TRAINED) {
                double allowedError = allowed * Math.max(1, Math.abs(expected.losses[i]));
                if (!(Math.abs(losses[i] - expected.losses[i]) <= allowedError)) {
                    assertThat(losses[i]).as("loss of %d", i).isEqualTo(expected.losses[i]);
                }
                assertScoresCloseTo(expected, i, allowed);
            }
            if (outcomes[i] == Outcome.PREDICTED) {
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
                        .as("probability missed by the predicted class of %d", i)
                        .isLessThanOrEqualTo(2 * allowed);
                assertClose("confidence", i, confidences[i], expected.confidences[i], allowed);
            }
        }
    }

    /**
     * Asserts that the scores of a row are close. If every probability is wrong by the allowed
     * error, the Brier score is wrong by at most 8 times as much.
     */
    private void assertScoresCloseTo(RecordedEvaluation expected, int row, double allowed) {
        double labelProbability = expected.labelProbabilities[row];
        assertClose("Brier score", row, briers[row], expected.briers[row], 8 * allowed);
        if (expected.probabilities[row] == null) {
            return;
        }
        int ahead = 0;
        int tied = -1;
        for (double probability : expected.probabilities[row]) {
            if (probability > labelProbability + 2 * allowed) {
                ahead++;
            } else if (probability >= labelProbability - 2 * allowed) {
                tied++;
            }
        }
        if (ranks[row] < ahead || ranks[row] > ahead + tied) {
            assertThat(ranks[row]).as("rank of %d", row).isEqualTo(expected.ranks[row]);
        }
    }

    private static void assertClose(
            String name, int row, double actual, double expected, double allowed) {
        if (!(Math.abs(actual - expected) <= allowed)) {
            assertThat(actual).as("%s of %d", name, row).isCloseTo(expected, within(allowed));
        }
    }

    /** Asserts that these results equal those of another run bit for bit. */
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
