package io.freshet.ingest;

import static org.assertj.core.api.Assertions.assertThat;

import io.freshet.model.example.Evaluation;
import io.freshet.model.example.Evaluation.Outcome;
import org.junit.jupiter.api.Test;

class OriginsTest {
    private static Origins origins(String topic, int... partitions) {
        Origins origins = new Origins();
        for (int i = 0; i < partitions.length; i++) {
            origins.add(100 + i, topic, partitions[i], 200 + i, 300 + i, i == 1 ? "id" : null);
        }
        return origins;
    }

    @Test
    void appendedRows_keepTheirSources_althoughTheIndexesOfTheSourcesDiffer() {
        Origins origins = origins("a", 0, 1);
        origins.addAll(origins("a", 1, 2, 1));
        origins.addFrom(origins("b", 7, 1), 1);

        assertThat(origins.size()).isEqualTo(6);
        for (int row : new int[] {1, 2, 4}) {
            assertThat(origins.source(row)).isEqualTo(new SourcePartition("a", 1));
            assertThat(origins.sourceIndex(row)).isEqualTo(origins.sourceIndex(1));
        }
        assertThat(origins.source(3)).isEqualTo(new SourcePartition("a", 2));
        assertThat(origins.source(5)).isEqualTo(new SourcePartition("b", 1));
        assertThat(origins.hash(4)).isEqualTo(102);
        assertThat(origins.offset(5)).isEqualTo(201);
        assertThat(origins.timestamp(3)).isEqualTo(301);
        assertThat(origins.id(3)).isEqualTo("id");
        assertThat(origins.id(4)).isEmpty();
    }

    @Test
    void pendingRows_areKeptInTheirOrder() {
        Origins origins = origins("a", 0, 1, 2, 3);
        Evaluation evaluation = new Evaluation(2);
        evaluation.begin(4, new int[4], new float[4]);
        evaluation.outcome(0, Outcome.TRAINED);
        evaluation.outcome(1, Outcome.PREDICTED);

        origins.retainPending(evaluation);

        assertThat(origins.size()).isEqualTo(2);
        assertThat(origins.source(0)).isEqualTo(new SourcePartition("a", 2));
        assertThat(origins.offset(1)).isEqualTo(203);
        assertThat(origins.id(0)).isEmpty();
    }

    @Test
    void copy_sharesNothing_andHasOnlyTheSourcesOfItsRows() {
        Origins origins = origins("a", 0, 1, 2, 3);
        Evaluation evaluation = new Evaluation(2);
        evaluation.begin(4, new int[4], new float[4]);
        evaluation.outcome(0, Outcome.TRAINED);
        evaluation.outcome(1, Outcome.TRAINED);
        origins.retainPending(evaluation);

        Origins copy = origins.copy();
        origins.clear();

        assertThat(copy.sources())
                .containsExactly(new SourcePartition("a", 2), new SourcePartition("a", 3));
        assertThat(copy.offset(0)).isEqualTo(202);
    }
}
