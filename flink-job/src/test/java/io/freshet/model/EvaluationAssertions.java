package io.freshet.model;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.freshet.model.contract.RecordedEvaluation;
import io.freshet.model.example.Evaluation.Outcome;
import java.util.Arrays;

/** Assertions about the results of test-then-train. */
final class EvaluationAssertions {
    private EvaluationAssertions() {}

    /**
     * Asserts that results are close to those of the plain loop. Losses and probabilities were
     * rounded to float, so half a unit in the last place of a float is allowed in addition.
     *
     * @param tolerance absolute for values up to 1, relative for larger ones
     */
    static void assertCloseTo(
            RecordedEvaluation actual, RecordedEvaluation expected, double tolerance) {
        double allowed = tolerance + 0x1p-24;
        assertThat(actual.outcomes).isEqualTo(expected.outcomes);
        for (int i = 0; i < actual.outcomes.length; i++) {
            if (actual.outcomes[i] == Outcome.TRAINED) {
                double allowedError = allowed * Math.max(1, Math.abs(expected.losses[i]));
                if (!(Math.abs(actual.losses[i] - expected.losses[i]) <= allowedError)) {
                    assertThat(actual.losses[i]).as("loss of %d", i).isEqualTo(expected.losses[i]);
                }
                assertScoresCloseTo(actual, expected, i, allowed);
            }
            if (actual.outcomes[i] == Outcome.PREDICTED) {
                assertThat(actual.versions[i])
                        .as("version of %d", i)
                        .isEqualTo(expected.versions[i]);
                for (int c = 0; c < actual.probabilities[i].length; c++) {
                    double difference = actual.probabilities[i][c] - expected.probabilities[i][c];
                    if (!(Math.abs(difference) <= allowed)) {
                        assertThat(actual.probabilities[i])
                                .as("probabilities of %d", i)
                                .isEqualTo(expected.probabilities[i]);
                    }
                }
            }
            double[] row = expected.probabilities[i];
            if (row != null) {
                double largest = Arrays.stream(row).max().getAsDouble();
                assertThat(largest - row[actual.predictedClasses[i]])
                        .as("probability missed by the predicted class of %d", i)
                        .isLessThanOrEqualTo(2 * allowed);
                assertClose(
                        "confidence", i, actual.confidences[i], expected.confidences[i], allowed);
            }
        }
    }

    /**
     * Asserts that the scores of a row are close. If every probability is wrong by the allowed
     * error, the Brier score is wrong by at most 8 times as much.
     */
    private static void assertScoresCloseTo(
            RecordedEvaluation actual, RecordedEvaluation expected, int row, double allowed) {
        double labelProbability = expected.labelProbabilities[row];
        assertClose("Brier score", row, actual.briers[row], expected.briers[row], 8 * allowed);
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
        if (actual.ranks[row] < ahead || actual.ranks[row] > ahead + tied) {
            assertThat(actual.ranks[row]).as("rank of %d", row).isEqualTo(expected.ranks[row]);
        }
    }

    private static void assertClose(
            String name, int row, double actual, double expected, double allowed) {
        if (!(Math.abs(actual - expected) <= allowed)) {
            assertThat(actual).as("%s of %d", name, row).isCloseTo(expected, within(allowed));
        }
    }

    /** Asserts that results equal those of another run bit for bit. */
    static void assertSameBitsAs(RecordedEvaluation actual, RecordedEvaluation expected) {
        assertThat(actual.outcomes).isEqualTo(expected.outcomes);
        assertThat(actual.losses).isEqualTo(expected.losses);
        assertThat(actual.predictedClasses).isEqualTo(expected.predictedClasses);
        assertThat(actual.confidences).isEqualTo(expected.confidences);
        assertThat(actual.briers).isEqualTo(expected.briers);
        assertThat(actual.ranks).isEqualTo(expected.ranks);
        assertThat(actual.probabilities).isDeepEqualTo(expected.probabilities);
        assertThat(actual.versions).isEqualTo(expected.versions);
    }
}
