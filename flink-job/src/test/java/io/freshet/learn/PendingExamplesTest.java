package io.freshet.learn;

import static org.assertj.core.api.Assertions.assertThat;

import io.freshet.ingest.Blocks;
import io.freshet.ingest.ExampleBlock;
import io.freshet.model.example.Examples;
import io.freshet.model.example.SparseRows;
import java.util.Arrays;
import org.junit.jupiter.api.Test;

class PendingExamplesTest {
    @Test
    void sparseExamples_arePendingAsTheyCame() {
        LearnConfig dense = LearnerTest.config(8);
        LearnConfig sparse = LearnerTest.sparse(dense, 8);
        Examples examples = new Examples(dense.learner().numFeatures(), 0, 0, true);
        for (int row = 0; row < 3; row++) {
            examples.reserve();
            for (int k = 0; k < row; k++) {
                examples.requireSparse().add(k, row + k);
            }
            examples.addReserved(row, 1);
        }
        PendingExamples pending = new PendingExamples(sparse);

        pending.append(Blocks.block("m", examples, 0));
        pending.append(Blocks.block("m", examples, 3));
        ExampleBlock block = pending.toBlock("m");

        SparseRows rows = block.examples().requireSparse();
        assertThat(block.size()).isEqualTo(6);
        assertThat(Arrays.copyOf(rows.columns(), rows.numValues()))
                .containsExactly(0, 0, 1, 0, 0, 1);
        assertThat(Arrays.copyOf(rows.values(), rows.numValues()))
                .containsExactly(1, 2, 3, 1, 2, 3);
        assertThat(new PendingExamples(dense).examples().sparse()).isNull();
    }
}
