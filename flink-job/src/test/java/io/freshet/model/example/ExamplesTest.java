package io.freshet.model.example;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.freshet.model.example.Evaluation.Outcome;
import java.util.Arrays;
import org.junit.jupiter.api.Test;

class ExamplesTest {
    @Test
    void examples_areCopied_howeverMany() {
        Examples examples = new Examples(2, 3);
        float[] features = {9, 0, 0};
        float[] targets = {9, 9, 0, 0, 0};
        for (int i = 0; i < 100; i++) {
            features[1] = i;
            features[2] = -i;
            targets[4] = i / 100f;
            examples.add(features, 1, i % 3, targets, 2, i);
        }
        features[1] = 7;
        assertThat(examples.size()).isEqualTo(100);
        for (int i = 0; i < 100; i++) {
            assertThat(Arrays.copyOfRange(examples.features(), 2 * i, 2 * i + 2))
                    .containsExactly(i, -i);
            assertThat(Arrays.copyOfRange(examples.targets(), 3 * i, 3 * i + 3))
                    .containsExactly(0, 0, i / 100f);
            assertThat(examples.labels()[i]).isEqualTo(i % 3);
            assertThat(examples.weights()[i]).isEqualTo(i);
        }
        examples.clear();
        assertThat(examples.size()).isZero();
    }

    @Test
    void pendingExamples_areKeptInTheirOrder() {
        Examples examples = new Examples(1, 1);
        Evaluation evaluation = new Evaluation(2);
        for (int i = 0; i < 6; i++) {
            examples.add(new float[] {i}, 0, i % 2, new float[] {10 * i}, 0, 100 * i);
        }
        evaluation.begin(6, examples.labels(), examples.weights());
        evaluation.outcome(0, Outcome.TRAINED);
        evaluation.outcome(2, Outcome.PREDICTED);
        evaluation.outcome(3, Outcome.SKIPPED_LOSS);

        examples.retainPending(evaluation);

        assertThat(examples.size()).isEqualTo(3);
        assertThat(examples.features()).startsWith(1, 4, 5);
        assertThat(examples.labels()).startsWith(1, 0, 1);
        assertThat(examples.targets()).startsWith(10, 40, 50);
        assertThat(examples.weights()).startsWith(100, 400, 500);
    }

    @Test
    void sparseExamples_areCopiedAndKept_asDenseOnesAre() {
        Examples examples = new Examples(1 << 24, 0, 0, true);
        for (int row = 0; row < 100; row++) {
            examples.reserve();
            examples.requireSparse().add(7, -1);
            // A row that is given up, as that of a dead letter, leaves nothing behind.
            examples.reserve();
            for (int k = 0; k < row; k++) {
                examples.requireSparse().add(k * row, row + k / 1000f);
            }
            examples.addReserved(row % 3, row);
        }
        Examples copies = new Examples(1 << 24, 0, 0, true);
        copies.addFrom(examples, 50);
        copies.addAll(examples);
        Evaluation evaluation = new Evaluation(3);
        evaluation.begin(101, copies.labels(), copies.weights());
        for (int row = 0; row < 101; row++) {
            evaluation.outcome(row, row % 10 == 1 ? Outcome.PENDING : Outcome.TRAINED);
        }
        copies.retainPending(evaluation);

        SparseRows rows = copies.copy().requireSparse();
        assertThat(copies.size()).isEqualTo(10);
        assertThat(copies.features()).isEmpty();
        assertThat(rows.size()).isEqualTo(10);
        for (int kept = 0; kept < 10; kept++) {
            int row = 10 * kept;
            assertThat(copies.weights()[kept]).isEqualTo(row);
            assertThat(rows.end(kept) - rows.start(kept)).isEqualTo(row);
            for (int k = 0; k < row; k++) {
                assertThat(rows.columns()[rows.start(kept) + k]).isEqualTo(k * row);
                assertThat(rows.values()[rows.start(kept) + k]).isEqualTo(row + k / 1000f);
            }
        }
    }

    @Test
    void shapesWithoutFeatures_areRefused() {
        assertThatThrownBy(() -> new Examples(0)).hasMessageContaining("are 0 and 0");
        assertThatThrownBy(() -> new Examples(2, -1)).hasMessageContaining("are 2 and -1");
    }
}
