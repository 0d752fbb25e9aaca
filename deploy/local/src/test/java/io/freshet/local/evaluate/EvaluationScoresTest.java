package io.freshet.local.evaluate;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.entry;
import static org.assertj.core.api.Assertions.within;

import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class EvaluationScoresTest {
    private static EvaluationScores scores() {
        EvaluationScores scores = new EvaluationScores(List.of("a", "b", "c"));
        scores.add("a", new Prediction(new float[] {0.5f, 0.25f, 0.25f}, null));
        scores.add("a", new Prediction(new float[] {0.25f, 0.5f, 0.25f}, null));
        scores.add("b", new Prediction(new float[] {0.25f, 0.5f, 0.25f}, null));
        scores.add("b", new Prediction(new float[] {1, 0, 0}, null));
        return scores;
    }

    @Test
    void scores_areThoseOfTheConfusionMatrix() {
        EvaluationScores scores = scores();

        assertThat(scores.examples()).isEqualTo(4);
        assertThat(scores.hits()).isEqualTo(2);
        assertThat(scores.accuracy()).isEqualTo(0.5);
        assertThat(scores.balancedAccuracy()).isEqualTo(0.5);
        assertThat(scores.count(0, 1)).isEqualTo(1);
        assertThat(scores.labels(1)).isEqualTo(2);
        assertThat(scores.precision(1)).isEqualTo(0.5);
        assertThat(scores.recall(1)).isEqualTo(0.5);
        assertThat(scores.f1(1)).isEqualTo(0.5);
        assertThat(scores.precision(2)).isNaN();
        assertThat(scores.recall(2)).isNaN();
    }

    @Test
    void loss_countsAProbabilityOfZeroAsTheSmallestFloat() {
        double impossible = -Math.log(Float.MIN_VALUE);

        assertThat(scores().impossible()).isEqualTo(1);
        assertThat(scores().loss())
                .isCloseTo((2 * Math.log(2) + Math.log(4) + impossible) / 4, within(1e-12));
        assertThat(impossible).isCloseTo(103.28, within(0.01));
    }

    @Test
    void examplesThatCannotCount_areLeftOutByReason() {
        EvaluationScores scores = scores();
        scores.add(null, new Prediction(new float[] {1, 0, 0}, null));
        scores.add("z", new Prediction(new float[] {1, 0, 0}, null));
        scores.add("z", new Prediction(new float[] {1, 0, 0}, null));
        scores.add("a", new Prediction(null, "feature 1 is NaN"));

        assertThat(scores.examples()).isEqualTo(4);
        assertThat(scores.leftOut())
                .containsOnly(
                        entry("the label is missing", 1L),
                        entry("the model has no class \"z\"", 2L),
                        entry("the model refuses it: feature 1 is NaN", 1L));
        assertThat(EvaluationText.lines(scores))
                .startsWith(
                        "  1 left out: the label is missing",
                        "  2 left out: the model has no class \"z\"",
                        "  1 left out: the model refuses it: feature 1 is NaN",
                        "")
                .contains(
                        "  labels with the probability 0, which count as 103 nats: 1",
                        "  c                                0          –          –          –",
                        "  a                1     1     0")
                .allMatch(line -> line.length() <= 80);
    }

    @Test
    void manyClasses_areShownByTheirLargestConfusions() {
        List<String> names = IntStream.range(0, 60).mapToObj(i -> "class " + i).toList();
        EvaluationScores scores = new EvaluationScores(names);
        float[] second = new float[60];
        second[1] = 1;
        scores.add("class 0", new Prediction(second, null));
        scores.add("class 0", new Prediction(second, null));
        scores.add("class 2", new Prediction(second, null));

        assertThat(EvaluationText.lines(scores))
                .contains("  … and 10 more", "  confused most often: the class, the prediction")
                .endsWith(
                        "  class 0                 class 1                         2",
                        "  class 2                 class 1                         1");
    }
}
