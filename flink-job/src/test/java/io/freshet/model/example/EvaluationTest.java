package io.freshet.model.example;

import static org.assertj.core.api.Assertions.assertThat;

import io.freshet.model.example.Evaluation.Outcome;
import org.junit.jupiter.api.Test;

class EvaluationTest {
    @Test
    void predictions_takeMemoryForUnlabelledExamplesOnly() {
        // Probabilities for all 5,000 examples would fill 20 GB.
        int numClasses = 1_000_000;
        double[] first = new double[numClasses];
        double[] second = new double[numClasses];
        first[1] = 1;
        second[999_999] = 0.75;
        second[3] = 0.25;
        Evaluation evaluation = new Evaluation(numClasses);
        evaluation.begin(5_000, new int[5_000], new float[5_000]);
        evaluation.predict(4_321, first, 0, 7);
        evaluation.predict(17, second, 0, 8);

        assertThat(evaluation.outcome(4_321)).isEqualTo(Outcome.PREDICTED);
        assertThat(evaluation.outcome(17)).isEqualTo(Outcome.PREDICTED);
        assertThat(evaluation.outcome(18)).isEqualTo(Outcome.PENDING);
        assertThat(evaluation.modelVersion(4_321)).isEqualTo(7);
        assertThat(evaluation.modelVersion(17)).isEqualTo(8);
        assertThat(evaluation.predictedClasses()[4_321]).isEqualTo(1);
        assertThat(evaluation.predictedClasses()[17]).isEqualTo(999_999);
        assertThat(evaluation.probabilities(4_321)[1]).isEqualTo(1);
        assertThat(evaluation.probabilities(17)[3]).isEqualTo(0.25f);
        assertThat(evaluation.probabilities(17)[999_999]).isEqualTo(0.75f);
    }

    @Test
    void predictions_areThoseOfTheLatestCall() {
        Evaluation evaluation = new Evaluation(2);
        for (int call = 0; call < 3; call++) {
            evaluation.begin(100, new int[100], new float[100]);
            for (int i = 0; i < 100; i++) {
                evaluation.predict(i, new double[] {0, i, call}, 1, 1000 * call + i);
            }
            for (int i = 0; i < 100; i++) {
                assertThat(evaluation.modelVersion(i)).isEqualTo(1000 * call + i);
                assertThat(evaluation.probabilities(i)).containsExactly(i, call);
            }
        }
    }
}
