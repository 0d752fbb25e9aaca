package io.freshet.model;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;
import static org.assertj.core.api.Assertions.withinPercentage;

import io.freshet.model.contract.ExampleStream;
import io.freshet.model.example.Evaluation;
import io.freshet.model.example.Examples;
import io.freshet.model.loss.MiniBatchReduction;
import io.freshet.model.mixture.Mixture;
import java.util.Random;
import org.junit.jupiter.api.Test;

class ClassFrequenciesTest {
    /**
     * scikit-learn: {@code compute_class_weight("balanced", classes=[0, 1, 2], y=[0, 0, 1, 0, 2, 0,
     * 0, 1])} is {@code [0.53333333, 1.33333333, 2.66666667]}. Fading by 0.9999 changes them by
     * less than 0.1 %.
     */
    @Test
    void weight_isScikitLearns_whereNothingHasFaded() {
        ClassFrequencies frequencies = new ClassFrequencies(new double[4]);
        for (int label : new int[] {0, 0, 1, 0, 2, 0, 0}) {
            frequencies.countAndWeigh(label, 1);
        }
        assertThat(frequencies.countAndWeigh(1, 1)).isCloseTo(8 / 6.0, withinPercentage(0.1));
        // The next examples of the other classes count themselves, too.
        assertThat(frequencies.countAndWeigh(0, 1)).isCloseTo(9 / 18.0, withinPercentage(0.1));
        assertThat(frequencies.countAndWeigh(2, 1)).isCloseTo(10 / 6.0, withinPercentage(0.1));
        // The fourth class takes part from its first example on.
        assertThat(frequencies.countAndWeigh(3, 1)).isCloseTo(11 / 4.0, withinPercentage(0.1));
    }

    @Test
    void exampleOfWeightTwo_countsLikeTwo_andOneOfWeightZeroNot() {
        ClassFrequencies frequencies = new ClassFrequencies(new double[2]);
        assertThat(frequencies.countAndWeigh(0, 0)).isEqualTo(1);
        assertThat(frequencies.countAndWeigh(0, 2)).isEqualTo(1);
        assertThat(frequencies.countAndWeigh(1, 1)).isCloseTo(3 / 2.0, withinPercentage(0.1));
        double[] counts = frequencies.counts();
        assertThat(frequencies.countAndWeigh(1, 0)).isEqualTo(1);
        assertThat(frequencies.counts()).containsExactly(counts);
    }

    @Test
    void weights_followAChangeOfTheFrequencies() {
        ClassFrequencies frequencies = new ClassFrequencies(new double[2]);
        double rare = 0;
        for (int i = 0; i < 50_000; i++) {
            double weight = frequencies.countAndWeigh(i % 10 == 0 ? 1 : 0, 1);
            rare = i % 10 == 0 ? weight : rare;
        }
        assertThat(rare).isCloseTo(5, within(0.1));
        for (int i = 0; i < 50_000; i++) {
            double weight = frequencies.countAndWeigh(i % 10 == 0 ? 0 : 1, 1);
            rare = i % 10 == 0 ? rare : weight;
        }
        assertThat(rare).isCloseTo(0.5 / 0.9, within(0.02));
    }

    @Test
    void weight_hasAMaximum() {
        ClassFrequencies frequencies = new ClassFrequencies(new double[] {5000, 0});
        assertThat(frequencies.countAndWeigh(1, 1)).isEqualTo(50);
        frequencies = new ClassFrequencies(new double[] {0, 98});
        assertThat(frequencies.countAndWeigh(0, 1)).isCloseTo(49.5, withinPercentage(0.1));
    }

    /**
     * Of 200 examples one is of the second class, in which five features are larger by 1.2 standard
     * deviations. The best classifier that treats both classes alike recognises Φ(0.6 √5) = 0.91 of
     * each; one for the smallest number of errors recognises hardly any of the second.
     */
    @Test
    void rareClass_isRecognised_ifClassesAreBalanced() {
        Mixture mixture =
                new Mixture(Mixture.DEFAULT_RATES, Mixture.DEFAULT_SWITCHING_RATES, false);
        LearnerFixture fixture = LearnerFixture.of(5, 2).sgd(1, 0).mixture(mixture);
        Random random = new Random(1);
        Examples stream = new Examples(5);
        float[] features = new float[5];
        for (int i = 0; i < 60_000; i++) {
            int label = random.nextInt(200) == 0 ? 1 : 0;
            for (int f = 0; f < 5; f++) {
                features[f] = (float) (1.2 * label + random.nextGaussian());
            }
            stream.add(features, 0, label, 1);
        }
        double[] plain = recalls(fixture, stream);
        double[] balanced = recalls(fixture.balanced(), stream);

        assertThat(plain[0]).isGreaterThan(0.99);
        assertThat(plain[1]).isLessThan(0.3);
        assertThat(balanced[0]).isGreaterThan(0.9);
        assertThat(balanced[1]).isGreaterThan(0.7);
    }

    /** Returns the recall of each class over the second half of a stream of two classes. */
    private static double[] recalls(LearnerFixture fixture, Examples stream) {
        int[] seen = new int[2];
        int[] recognised = new int[2];
        try (SoftmaxLearner learner = fixture.start()) {
            Evaluation evaluation = new Evaluation(2);
            learner.learn(stream, true, evaluation);
            for (int i = stream.size() / 2; i < stream.size(); i++) {
                int label = stream.labels()[i];
                seen[label]++;
                recognised[label] += evaluation.predictedClasses()[i] == label ? 1 : 0;
            }
        }
        return new double[] {recognised[0] / (double) seen[0], recognised[1] / (double) seen[1]};
    }

    /**
     * Mini-batches of weight 0 are no steps: those before a block that waits do not wait with it.
     */
    @Test
    void miniBatchesOfWeightZero_doNotCount_howeverTheStreamIsCut() {
        LearnerFixture fixture =
                LearnerFixture.of(3, 2)
                        .balanced()
                        .sgd(0.05, 0)
                        .miniBatch(2)
                        .reduction(MiniBatchReduction.WEIGHTS);
        Examples stream = new ExampleStream(fixture.settings(), 3).take(400);
        for (int i = 0; i < stream.size(); i++) {
            stream.weights()[i] = i / 2 % 3 == 0 ? 0 : 1 + i % 3;
        }
        LearnerState expected = fullBlocks(fixture, stream, stream.size());
        for (int piece : new int[] {1, 7, 150}) {
            StateAssertions.assertSameBits(fullBlocks(fixture, stream, piece), expected);
        }
    }

    private static LearnerState fullBlocks(LearnerFixture fixture, Examples stream, int piece) {
        Evaluation evaluation = new Evaluation(2);
        Examples pending = new Examples(stream.numFeatures());
        try (SoftmaxLearner learner = fixture.start()) {
            for (int from = 0; from < stream.size(); from += piece) {
                int end = Math.min(from + piece, stream.size());
                pending.addAll(ExampleStream.rows(stream, from, end));
                learner.learnFullBlocks(pending, evaluation, null);
                pending.retainPending(evaluation);
            }
            return learner.state();
        }
    }

    @Test
    void undo_returnsToTheCountsThatWereKept() {
        ClassFrequencies frequencies = new ClassFrequencies(new double[] {3, 0});
        frequencies.countAndWeigh(1, 1);
        frequencies.keep();
        double[] kept = frequencies.counts();
        double next = frequencies.countAndWeigh(0, 1);
        frequencies.undo();
        assertThat(frequencies.counts()).containsExactly(kept);
        assertThat(frequencies.countAndWeigh(0, 1)).isEqualTo(next);
    }
}
