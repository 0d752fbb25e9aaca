package io.freshet.model.ensemble;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.freshet.ensemble.Projection;
import io.freshet.ensemble.WindowDistances;
import io.freshet.model.linalg.Precision;
import java.util.Random;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Tests that {@link NearestExamples} does not depend on how rows are divided into blocks. */
class NearestExamplesTest {
    private static final int CLASSES = 3;
    private static final int ROWS = 1_200;
    private final Random random = new Random(1);

    private float[] rows(int numFeatures) {
        float[] rows = new float[ROWS * numFeatures];
        for (int i = 0; i < rows.length; i++) {
            rows[i] = (float) random.nextGaussian();
        }
        return rows;
    }

    /**
     * Returns the predictions of all rows.
     *
     * @param block number of rows of a block
     * @param batch number of rows that are predicted before the first of them is learnt
     */
    private static double[] predictions(float[] rows, int numFeatures, int block, int batch) {
        int dimensions = Projection.dimensions(numFeatures);
        NearestExamples nearest = new NearestExamples(numFeatures, CLASSES);
        float[][] points = new float[batch][dimensions];
        double[] predictions = new double[ROWS * 2 * CLASSES];
        double[] logs = new double[predictions.length];
        try (BlockDistances distances = new BlockDistances(numFeatures, block, Precision.FLOAT)) {
            float[] inputs = new float[block * numFeatures];
            for (int begin = 0; begin < ROWS; begin += block) {
                System.arraycopy(rows, begin * numFeatures, inputs, 0, inputs.length);
                nearest.project(distances, inputs, numFeatures, block);
                for (int row = 0; row < block; row++) {
                    int index = begin + row;
                    nearest.predict(
                            distances,
                            row,
                            points[index % batch],
                            predictions,
                            logs,
                            index * 2 * CLASSES);
                    if (index % batch == batch - 1) {
                        for (int i = 0; i < batch; i++) {
                            nearest.learn(points[i], (index - batch + 1 + i) % CLASSES);
                        }
                    }
                }
            }
        }
        return predictions;
    }

    @ParameterizedTest
    @CsvSource({"5, 1", "5, 6", "54, 1", "54, 3"})
    void blocks_doNotChangePredictions(int numFeatures, int batch) {
        float[] rows = rows(numFeatures);
        double[] expected = predictions(rows, numFeatures, 1, batch);

        assertThat(predictions(rows, numFeatures, 30, batch)).isEqualTo(expected);
        assertThat(predictions(rows, numFeatures, 25, batch)).isEqualTo(expected);
    }

    /** A matrix product may round otherwise where it has another number of rows. */
    @ParameterizedTest
    @CsvSource({"65, 1", "200, 1", "200, 4"})
    void blocks_changeProjectedPredictionsByRoundingOnly(int numFeatures, int batch) {
        float[] rows = rows(numFeatures);
        double[] expected = predictions(rows, numFeatures, 1, batch);

        assertThat(predictions(rows, numFeatures, 30, batch))
                .containsExactly(expected, within(1e-5));
    }

    @ParameterizedTest
    @CsvSource({"5", "54", "200"})
    void points_areThoseOfTheProjection(int numFeatures) {
        float[] rows = rows(numFeatures);
        float[] weights = new float[numFeatures];
        for (int f = 0; f < numFeatures; f++) {
            weights[f] = random.nextFloat();
        }
        Projection projection = new Projection(numFeatures);
        float[] expected = new float[projection.dimensions()];
        try (BlockDistances distances = new BlockDistances(numFeatures, 8, Precision.FLOAT)) {
            distances.project(rows, numFeatures, 8, weights);
            for (int row = 0; row < 8; row++) {
                projection.project(rows, row * numFeatures, weights, expected);
                float[] point = distances.point(row);
                assertThat(point).hasSize(WindowDistances.padded(expected.length));
                for (int d = 0; d < point.length; d++) {
                    float value = d < expected.length ? expected[d] : 0;
                    assertThat(point[d]).isCloseTo(value, within(1e-5f));
                }
            }
        }
    }
}
