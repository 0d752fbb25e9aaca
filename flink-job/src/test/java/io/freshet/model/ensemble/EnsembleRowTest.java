package io.freshet.model.ensemble;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.util.Arrays;
import java.util.Random;
import org.junit.jupiter.api.Test;

class EnsembleRowTest {
    private static final int CLASSES = 3;
    private static final int EXPERTS = 5;

    /** Returns a row of one linear expert with random predictions. */
    private static Ensemble.Row row() {
        Ensemble.Row row = new Ensemble.Row(new EnsembleRule(false, false), 4, CLASSES, 1);
        Random random = new Random(5);
        Arrays.setAll(row.logs, i -> -3 * random.nextDouble());
        for (double[] answer : row.answers) {
            Arrays.setAll(answer, c -> random.nextDouble());
        }
        return row;
    }

    private static double[] losses(Ensemble.Row row, int label) {
        double[] losses = new double[EXPERTS + 3];
        row.writeLosses(label, losses);
        return losses;
    }

    @Test
    void lossesOfALabel_areThoseOfEachExpert_thenOfEachCombination() {
        Ensemble.Row row = row();
        double[] losses = losses(row, 2);

        for (int e = 0; e < EXPERTS; e++) {
            assertThat(losses[e]).isEqualTo(-row.logs[e * CLASSES + 2]);
        }
        for (int k = 0; k < 3; k++) {
            assertThat(Math.exp(-losses[EXPERTS + k])).isCloseTo(row.answers[k][2], within(1e-15));
        }
    }

    @Test
    void lossesOfTargets_areTheMeansOfThoseOfTheLabels() {
        Ensemble.Row row = row();
        double[] losses = new double[EXPERTS + 3];
        Arrays.fill(losses, 9);
        row.writeLosses(new float[] {7, 0.25f, 0, 0.75f}, 1, losses);

        for (int k = 0; k < losses.length; k++) {
            assertThat(losses[k])
                    .isCloseTo(0.25 * losses(row, 0)[k] + 0.75 * losses(row, 2)[k], within(1e-14));
        }
    }

    @Test
    void probabilityOfZero_hasAFiniteLoss() {
        Ensemble.Row row = row();
        row.answers[1][0] = 0;

        assertThat(losses(row, 0)[EXPERTS + 1]).isBetween(708.0, 709.0);
    }
}
