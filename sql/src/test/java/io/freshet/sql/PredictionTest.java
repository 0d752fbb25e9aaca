package io.freshet.sql;

import static org.assertj.core.api.Assertions.assertThat;

import io.freshet.classifier.Classification;
import io.freshet.classifier.Classifier;
import io.freshet.classifier.ClassifierReader;
import io.freshet.classifier.Snapshots;
import org.assertj.core.data.Offset;
import org.junit.jupiter.api.Test;

/** Test of the values of the output columns. */
class PredictionTest {
    private static final Offset<Float> ROUNDING = Offset.offset(1e-6f);

    private static float entropy(String activation, float... probabilities) throws Exception {
        Classifier model =
                ClassifierReader.of(new Snapshots(1, 2, 3, 3, activation, 1, false).records(100));
        Classification found = new Classification(0, "class 0", probabilities);
        return (float) new Prediction(model, found, null).value(OutputColumn.ENTROPY);
    }

    @Test
    void entropy_ofUniformProbabilities_isLogOfTheClasses() throws Exception {
        assertThat(entropy("softmax", 1 / 3f, 1 / 3f, 1 / 3f))
                .isCloseTo((float) Math.log(3), ROUNDING);
    }

    @Test
    void entropy_ofCertainty_isZero() throws Exception {
        assertThat(entropy("softmax", 1, 0, 0)).isZero();
        assertThat(entropy("sigmoid", 1, 0, 1)).isZero();
    }

    @Test
    void entropy_ofIndependentProbabilities_isTheSumOfTheirs() throws Exception {
        assertThat(entropy("sigmoid", 0.5f, 0.5f, 1)).isCloseTo((float) Math.log(4), ROUNDING);
    }
}
