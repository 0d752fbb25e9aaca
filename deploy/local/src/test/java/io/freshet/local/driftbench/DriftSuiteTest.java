package io.freshet.local.driftbench;

import static org.assertj.core.api.Assertions.assertThat;

import io.freshet.local.stream.LabelledStream;
import java.util.ArrayList;
import java.util.List;
import java.util.function.IntToDoubleFunction;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class DriftSuiteTest {
    private static final int SEEDS = 10;

    @Test
    void levels_riseAtADrift_andNowhereElse() {
        for (int seed = 0; seed < SEEDS; seed++) {
            for (DriftKind kind : DriftKind.values()) {
                int span = kind == DriftKind.BRIEF ? 8 : 1_500;
                assertRises(DriftingLevels.errors(kind, seed), span, 0.02);
                assertRises(DriftingLevels.losses(kind, seed), span, 0.01);
            }
        }
    }

    /** Checks that the mean of {@code span} examples is higher after each drift than before it. */
    private static void assertRises(LossStream stream, int span, double least) {
        IntToDoubleFunction level =
                from ->
                        IntStream.range(from, from + span)
                                .mapToDouble(
                                        i ->
                                                stream.family().equals("errors")
                                                        ? (stream.errors()[i] ? 1 : 0)
                                                        : stream.losses()[i])
                                .average()
                                .orElseThrow();
        for (DriftPlan.Change drift : stream.drifts()) {
            assertThat(level.applyAsDouble(drift.at() + drift.width()))
                    .isGreaterThan(level.applyAsDouble(drift.at() - span) + least);
        }
        if (stream.kind() == DriftKind.STATIONARY) {
            assertThat(stream.drifts()).isEmpty();
        } else {
            assertThat(stream.drifts()).hasSize(stream.kind() == DriftKind.RECURRING ? 2 : 1);
        }
    }

    @Test
    void levelsOfABriefDrift_fallBack() {
        for (int seed = 0; seed < SEEDS; seed++) {
            LossStream stream = DriftingLevels.errors(DriftKind.BRIEF, seed);
            int from = stream.drifts().get(0).at() + 200;
            assertThat(IntStream.range(from, from + 1_000).filter(i -> stream.errors()[i]).count())
                    .isLessThan(50);
        }
    }

    @Test
    void abruptChangeOfClasses_movesEachToTheNext() {
        DriftingClasses stream = new DriftingClasses(DriftKind.ABRUPT, 3);
        DriftPlan.Change drift = stream.plan().changes().get(0);
        List<LabelledStream.Example> examples = all(stream);
        int classes = stream.classes().size();
        for (int c = 0; c < classes; c++) {
            double[] before = mean(examples.subList(0, drift.at()), (c + 1) % classes);
            double[] after = mean(examples.subList(drift.at(), examples.size()), c);
            for (int j = 0; j < before.length; j++) {
                // Means of about 1,000 examples vary by at most 0.06, and wrong labels move them.
                assertThat(Math.abs(after[j] - before[j])).isLessThan(0.3);
            }
        }
    }

    @Test
    void sameSeed_isTheSameStream_andAnotherIsNot() {
        for (DriftKind kind : DriftKind.values()) {
            assertThat(DriftingLevels.losses(kind, 7).losses())
                    .containsExactly(DriftingLevels.losses(kind, 7).losses())
                    .isNotEqualTo(DriftingLevels.losses(kind, 8).losses());
            List<LabelledStream.Example> one = all(new DriftingClasses(kind, 7));
            List<LabelledStream.Example> same = all(new DriftingClasses(kind, 7));
            List<LabelledStream.Example> other = all(new DriftingClasses(kind, 8));
            assertThat(same.get(3_000).features()).containsExactly(one.get(3_000).features());
            assertThat(other.get(3_000).features()).isNotEqualTo(one.get(3_000).features());
        }
    }

    private static List<LabelledStream.Example> all(LabelledStream stream) {
        List<LabelledStream.Example> all = new ArrayList<>();
        try (LabelledStream.Items<LabelledStream.Example> examples = stream.examples()) {
            examples.forEachRemaining(all::add);
        }
        return all;
    }

    private static double[] mean(List<LabelledStream.Example> examples, int label) {
        List<float[]> features =
                examples.stream()
                        .filter(example -> Integer.toString(label).equals(example.label()))
                        .map(LabelledStream.Example::features)
                        .toList();
        return IntStream.range(0, features.get(0).length)
                .mapToDouble(j -> features.stream().mapToDouble(f -> f[j]).average().orElseThrow())
                .toArray();
    }
}
