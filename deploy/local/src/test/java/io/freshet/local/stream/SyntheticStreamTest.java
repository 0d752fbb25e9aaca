package io.freshet.local.stream;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class SyntheticStreamTest {
    private static List<LabelledStream.Example> all(SyntheticStream stream) {
        List<LabelledStream.Example> all = new ArrayList<>();
        try (LabelledStream.Items<LabelledStream.Example> examples = stream.examples()) {
            examples.forEachRemaining(all::add);
        }
        return all;
    }

    @Test
    void sameSeed_isTheSameStream_andAnotherIsNot() {
        List<LabelledStream.Example> one = all(new SyntheticStream(1, 500));
        List<LabelledStream.Example> same = all(new SyntheticStream(1, 500));
        List<LabelledStream.Example> other = all(new SyntheticStream(2, 500));

        assertThat(one).hasSize(500);
        for (int i = 0; i < 500; i++) {
            assertThat(same.get(i).label()).isEqualTo(one.get(i).label());
            assertThat(same.get(i).features()).containsExactly(one.get(i).features());
        }
        assertThat(other.get(0).features()).isNotEqualTo(one.get(0).features());
    }

    @Test
    void centres_jumpAtTheDrifts_andNowhereElse() {
        SyntheticStream stream = new SyntheticStream(1, 8_000);
        List<LabelledStream.Example> examples = all(stream);

        assertThat(stream.drifts()).containsExactly(2_000L, 4_000L, 6_000L);
        // In each feature, means of a class's 200 examples vary by 1.5 / sqrt(200) = 0.1, and two
        // centres differ by sqrt(2).
        assertThat(distance(mean(examples, 0, 1_000), mean(examples, 1_000, 2_000))).isLessThan(1);
        assertThat(distance(mean(examples, 1_000, 2_000), mean(examples, 2_000, 3_000)))
                .isGreaterThan(2);
    }

    private static double[] mean(List<LabelledStream.Example> examples, int from, int to) {
        double[] mean = new double[10];
        int count = 0;
        for (LabelledStream.Example example : examples.subList(from, to)) {
            if ("amber".equals(example.label())) {
                count++;
                for (int j = 0; j < 10; j++) {
                    mean[j] += example.features()[j];
                }
            }
        }
        for (int j = 0; j < 10; j++) {
            mean[j] /= count;
        }
        return mean;
    }

    private static double distance(double[] one, double[] other) {
        double sum = 0;
        for (int j = 0; j < one.length; j++) {
            sum += (one[j] - other[j]) * (one[j] - other[j]);
        }
        return Math.sqrt(sum);
    }
}
