package io.freshet.monitor;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.data.Offset.offset;

import io.freshet.learn.StateMismatchException;
import io.freshet.model.GoldenCase;
import io.freshet.monitor.Monitors.Settings;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;

class TalliesTest {
    /** Tolerance for losses and confidences that are rounded to floats. */
    private static final double FLOAT = 1e-6;

    private static final double EXACT = 1e-12;

    static List<GoldenCase> cases() {
        return GoldenCase.read(TalliesTest.class, "scores.txt");
    }

    private static MonitorConfig config(GoldenCase golden) {
        return Settings.of((int) golden.number("classes"), Monitors.WINDOW)
                .with((int) golden.number("bins"), (int) golden.number("topK"))
                .config();
    }

    /** Returns the examples of a case with the baselines' predictions, as for a new model. */
    private static List<ScoredExample> examples(GoldenCase golden) {
        int[] labels = golden.integers("labels");
        int[] predicted = golden.integers("predicted");
        int[] ranks = golden.integers("ranks");
        double[] losses = golden.doubles("losses");
        double[] weights = golden.doubles("weights");
        double[] confidences = golden.doubles("confidences");
        double[] briers = golden.doubles("briers");
        long[] counts = new long[(int) golden.number("classes")];
        ScoredExample[] examples = new ScoredExample[labels.length];
        for (int i = 0; i < labels.length; i++) {
            int majority = 0;
            for (int k = 1; k < counts.length; k++) {
                if (counts[k] > counts[majority]) {
                    majority = k;
                }
            }
            examples[i] =
                    Monitors.example(
                            labels[i],
                            predicted[i],
                            i == 0 ? ScoredExample.NONE : labels[i - 1],
                            majority,
                            (float) losses[i],
                            (float) weights[i],
                            (float) confidences[i],
                            (float) briers[i],
                            ranks[i]);
            counts[labels[i]]++;
        }
        return List.of(examples);
    }

    private static Tallies tallies(MonitorConfig config, List<ScoredExample> examples) {
        Tallies tallies = new Tallies(config);
        examples.forEach(example -> tallies.add(example, 1));
        return tallies;
    }

    @ParameterizedTest
    @MethodSource("cases")
    void scores_equalThoseOfScikitLearn(GoldenCase golden) {
        List<ScoredExample> examples = examples(golden);
        Scores scores = Scores.of(tallies(config(golden), examples), examples.size());

        assertThat(scores.examples()).isEqualTo(examples.size());
        for (Score score : Score.values()) {
            assertThat(scores.get(score))
                    .as(score.fieldName())
                    .isCloseTo(golden.number(score.fieldName()), offset(FLOAT));
        }
    }

    @ParameterizedTest
    @MethodSource("cases")
    void classes_equalThoseOfScikitLearn(GoldenCase golden) {
        Tallies tallies = tallies(config(golden), examples(golden));
        double[] precision = golden.doubles("precision");
        double[] recall = golden.doubles("recall");
        double[] f1 = golden.doubles("f1");
        int[] support = golden.integers("support");
        for (int k = 0; k < support.length; k++) {
            ClassCounts counts = tallies.ofClass(k);
            assertThat(counts.labels()).isEqualTo(support[k]);
            assertRatio(counts.precision(), precision[k], counts.predictions());
            assertRatio(counts.recall(), recall[k], counts.labels());
            assertRatio(counts.f1(), f1[k], counts.labels() + counts.predictions());
        }
    }

    /** Compares a ratio; it must be null for 0 / 0, for which scikit-learn returns 0. */
    private static void assertRatio(Double ratio, double expected, long denominator) {
        if (denominator == 0) {
            assertThat(ratio).isNull();
        } else {
            assertThat(ratio).isCloseTo(expected, offset(EXACT));
        }
    }

    @ParameterizedTest
    @MethodSource("cases")
    void confusion_equalsThatOfScikitLearn(GoldenCase golden) {
        int numClasses = (int) golden.number("classes");
        Confusion confusion = new Confusion(numClasses);
        examples(golden).forEach(e -> confusion.add(e.label(), e.predictedClass(), 1));

        int[] matrix = new int[numClasses * numClasses];
        for (ConfusionCell cell : confusion.matrix(matrix.length).cells()) {
            matrix[cell.label() * numClasses + cell.predictedClass()] = (int) cell.count();
        }
        assertThat(matrix).containsExactly(golden.integers("confusion"));
    }

    @Test
    void mergedTallies_equalTheTalliesOfAllExamples() {
        MonitorConfig config = Settings.of(5, Monitors.WINDOW).config();
        List<ScoredExample> examples = Monitors.examples(1, 3000, 5);
        Tallies merged = tallies(config, examples.subList(0, 1100));
        merged.add(tallies(config, examples.subList(1100, 3000)));

        Tallies whole = tallies(config, examples);
        assertThat(merged.state()).containsExactly(whole.state(), offset(1e-9));
        for (Score score : Score.values()) {
            assertThat(score.of(merged)).isCloseTo(score.of(whole), offset(EXACT));
        }
    }

    @Test
    void countsOfRemovedExamples_areZero() {
        MonitorConfig config = Settings.of(5, Monitors.WINDOW).config();
        List<ScoredExample> examples = Monitors.examples(2, 2000, 5);
        Tallies tallies = tallies(config, examples);
        examples.forEach(example -> tallies.count(example, -1));
        tallies.clearSums();

        double[] state = tallies.state();
        assertThat(Arrays.copyOf(state, state.length - 1)).containsOnly(0);
        assertThat(Scores.of(tallies, 0)).isEqualTo(Scores.NONE);
    }

    @Test
    void fadingTallies_areSumsWithFadingWeights() {
        MonitorConfig config = Settings.of(4, Monitors.WINDOW).config();
        // So many examples that the weight 0.99^-30,000 would overflow a double.
        List<ScoredExample> examples = Monitors.examples(3, 30_000, 4);
        FadingTallies fading = new FadingTallies(config);
        examples.forEach(fading::add);

        Tallies expected = new Tallies(config);
        double weight = 1;
        for (int i = examples.size() - 1; i >= 0; i--) {
            expected.add(examples.get(i), weight);
            weight *= config.fadingFactor();
        }
        assertThat(fading.tallies().state()).containsExactly(expected.state(), offset(1e-9));
    }

    @Test
    void confidenceAtABinsUpperBound_isInThatBin() {
        MonitorConfig config = Settings.of(2, Monitors.WINDOW).with(4, 1).config();
        Tallies tallies = new Tallies(config);
        for (float confidence : new float[] {0, 0.25f, 0.5f, 0.75f, 1}) {
            tallies.add(Monitors.example(0, 0, 0, 0, 0, 1, confidence, 0, 0), 1);
        }
        assertThat(tallies.calibration())
                .extracting(CalibrationBin::examples)
                .containsExactly(2L, 1L, 1L, 1L);
    }

    /** Returns tallies of some examples that were saved with one configuration. */
    private static Tallies restored(
            Settings saved, Settings configured, List<ScoredExample> examples) {
        Tallies restored = new Tallies(configured.config());
        restored.restore(tallies(saved.config(), examples).state());
        return restored;
    }

    @Test
    void restoredTallies_areTheSameBitForBit() {
        Settings settings = Settings.of(5, Monitors.WINDOW);
        List<ScoredExample> examples = Monitors.examples(4, 300, 5);

        double[] state = tallies(settings.config(), examples).state();
        assertThat(restored(settings, settings, examples).state()).containsExactly(state);
        assertThat(state).hasSize(6 + 3 * 5 + 3 + 3 * 10 + 1);
    }

    @ParameterizedTest
    @CsvSource({"10, 3", "5, 2", "20, 2", "11, 1", "1, 4"})
    void otherBinsOrTopK_loseNoOtherScore(int bins, int topK) {
        Settings saved = Settings.of(5, Monitors.WINDOW);
        List<ScoredExample> examples = Monitors.examples(5, 300, 5);
        Scores before = Scores.of(tallies(saved.config(), examples), 300);
        Tallies changed = restored(saved, saved.with(bins, topK), examples);
        Scores after = Scores.of(changed, 300);

        for (Score score : Score.values()) {
            boolean begins =
                    (score == Score.TOP_K_ACCURACY && topK != 2)
                            || (score == Score.CALIBRATION_ERROR && bins != 10);
            if (begins) {
                assertThat(after.get(score)).as(score.fieldName()).isNull();
            } else {
                assertThat(after.get(score))
                        .as(score.fieldName())
                        .isCloseTo(before.get(score), offset(EXACT));
            }
        }
        // The same after another restore and more examples.
        List<ScoredExample> more = Monitors.examples(6, 200, 5);
        Tallies again = new Tallies(saved.with(bins, topK).config());
        again.restore(changed.state());
        more.forEach(example -> again.add(example, 1));
        List<ScoredExample> both = Stream.concat(examples.stream(), more.stream()).toList();
        Scores all = Scores.of(tallies(saved.config(), both), 500);
        for (Score score : Score.values()) {
            if (after.get(score) == null) {
                assertThat(score.of(again)).as(score.fieldName()).isNull();
            } else {
                assertThat(score.of(again))
                        .as(score.fieldName())
                        .isCloseTo(all.get(score), offset(EXACT));
            }
        }
    }

    @Test
    void fadingScoresWithOtherBinsAndTopK_comeBackWhenTheOldExamplesAreForgotten() {
        Settings saved = Settings.of(5, Monitors.WINDOW);
        MonitorConfig configured = saved.with(4, 3).config();
        FadingTallies old = new FadingTallies(saved.config());
        Monitors.examples(7, 3000, 5).forEach(old::add);
        FadingTallies restored = new FadingTallies(configured);
        restored.restore(old.state(), old.multiplicity());
        FadingTallies fresh = new FadingTallies(configured);
        int forgotten = (int) Math.ceil(Math.log(1e-6) / Math.log(0.99));

        List<ScoredExample> next = Monitors.examples(8, forgotten + 1, 5);
        for (int i = 0; i < next.size(); i++) {
            if (i == forgotten - 10) {
                assertThat(Score.TOP_K_ACCURACY.of(restored.tallies())).isNull();
                assertThat(Score.CALIBRATION_ERROR.of(restored.tallies())).isNull();
            }
            restored.add(next.get(i));
            fresh.add(next.get(i));
        }
        for (Score score : List.of(Score.TOP_K_ACCURACY, Score.CALIBRATION_ERROR)) {
            assertThat(score.of(restored.tallies()))
                    .isCloseTo(score.of(fresh.tallies()), offset(1e-9));
        }
    }

    @Test
    void stateWithAnotherNumberOfClasses_isRefused() {
        double[] state = new Tallies(Settings.of(3, Monitors.WINDOW).config()).state();
        for (int classes : new int[] {40, 1000}) {
            Tallies tallies = new Tallies(Settings.of(classes, Monitors.WINDOW).config());
            assertThatThrownBy(() -> tallies.restore(state))
                    .isInstanceOf(StateMismatchException.class)
                    .hasMessageContaining("another number of classes");
        }
    }
}
