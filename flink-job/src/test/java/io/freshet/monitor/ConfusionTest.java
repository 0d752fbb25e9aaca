package io.freshet.monitor;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class ConfusionTest {
    @ParameterizedTest
    @ValueSource(ints = {Confusion.DENSE_CLASSES, Confusion.DENSE_CLASSES + 1})
    void cells_areSortedByCount_andEmptyOnesAreOmitted(int numClasses) {
        Confusion confusion = new Confusion(numClasses);
        confusion.add(1, 2, 1);
        confusion.add(0, 7, 1);
        confusion.add(0, 7, 1);
        confusion.add(3, 3, 1);
        confusion.add(3, 3, -1);

        ConfusionMatrix matrix = confusion.matrix(10);
        assertThat(matrix.cells())
                .containsExactly(new ConfusionCell(0, 7, 2), new ConfusionCell(1, 2, 1));
        assertThat(matrix.otherCells()).isZero();
        assertThat(matrix.otherExamples()).isZero();
    }

    @Test
    void withManyClasses_cellsBeyondTheLimitAreCounted() {
        Confusion confusion = new Confusion(1000);
        for (ScoredExample example : Monitors.examples(4, 5000, 1000)) {
            confusion.add(example.label(), example.predictedClass(), 1);
        }
        ConfusionMatrix all = confusion.matrix(1_000_000);
        ConfusionMatrix some = confusion.matrix(7);

        assertThat(some.cells()).containsExactly(Arrays.copyOf(all.cells(), 7));
        assertThat(some.otherCells()).isEqualTo(all.cells().length - 7);
        assertThat(some.otherExamples() + examples(List.of(some.cells()))).isEqualTo(5000);
    }

    @Test
    void withFewClasses_everyCellIsIncluded_regardlessOfTheLimit() {
        Confusion confusion = new Confusion(3);
        for (ScoredExample example : Monitors.examples(5, 500, 3)) {
            confusion.add(example.label(), example.predictedClass(), 1);
        }
        assertThat(confusion.matrix(1).cells()).hasSize(9);
    }

    private static long examples(List<ConfusionCell> cells) {
        return cells.stream().mapToLong(ConfusionCell::count).sum();
    }
}
