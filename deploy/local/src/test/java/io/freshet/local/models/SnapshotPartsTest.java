package io.freshet.local.models;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.freshet.classifier.InvalidSnapshotException;
import io.freshet.classifier.ModelContent;
import io.freshet.classifier.SnapshotRecord;
import io.freshet.schemas.ModelSnapshotEvent;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class SnapshotPartsTest {
    private static final int BYTES = 10;

    private final SnapshotParts parts = new SnapshotParts();

    /** Returns a snapshot in two records. */
    private static List<ModelSnapshotEvent> snapshot(long version) {
        ModelContent model = RandomModels.dense().get(0).getPayload();
        ModelSnapshotEvent first = SnapshotRecord.of(model, "test");
        first.setModelVersion(version);
        first.setChunks(2);
        List<Float> all = first.getParameters();
        ModelSnapshotEvent second = ModelSnapshotEvent.newBuilder(first).build();
        second.setChunk(1);
        second.setParameterOffset(4);
        second.setParameters(new ArrayList<>(all.subList(4, all.size())));
        first.setParameters(new ArrayList<>(all.subList(0, 4)));
        return List.of(first, second);
    }

    private List<Long> add(ModelSnapshotEvent... records) throws Exception {
        List<Long> versions = new ArrayList<>();
        for (ModelSnapshotEvent record : records) {
            parts.add(record, BYTES, 7)
                    .ifPresent(
                            snapshot -> {
                                assertThat(snapshot.records()).hasSize(2);
                                assertThat(snapshot.bytes()).isEqualTo(2 * BYTES);
                                assertThat(snapshot.publishedAt()).isEqualTo(7);
                                assertThat(snapshot.content().parameters()).hasSize(30);
                                versions.add(snapshot.info().version());
                            });
        }
        return versions;
    }

    /** The chunks of a snapshot may be in several partitions, and so come in any order. */
    @Test
    void recordsOfTwoVersions_interleaved_makeBoth() throws Exception {
        List<ModelSnapshotEvent> one = snapshot(1);
        List<ModelSnapshotEvent> two = snapshot(2);

        assertThat(add(two.get(1), one.get(0), two.get(0), one.get(1))).containsExactly(2L);
        assertThat(parts.problems()).isEmpty();
        List<ModelSnapshotEvent> three = snapshot(3);
        List<ModelSnapshotEvent> four = snapshot(4);
        assertThat(add(three.get(0), four.get(1), three.get(1), four.get(0)))
                .containsExactly(3L, 4L);
        assertThat(parts.problems()).isEmpty();
    }

    @Test
    void newestWithoutARecord_isAProblem_butNoOlderOne() throws Exception {
        assertThat(add(snapshot(1).get(1))).isEmpty();
        assertThat(parts.problems()).hasSize(1);

        assertThat(add(snapshot(2).toArray(new ModelSnapshotEvent[0]))).containsExactly(2L);
        assertThat(parts.problems()).isEmpty();

        assertThat(add(snapshot(3).get(0))).isEmpty();
        assertThat(parts.problems())
                .containsExactly(
                        "Version 3 of model \"naïve 𝔐\" cannot be used: chunk 1 of 2 is missing.");
    }

    @Test
    void damagedRecord_isRefused() {
        List<ModelSnapshotEvent> damaged = snapshot(1);
        damaged.get(1).getParameters().set(0, 5f);

        assertThatThrownBy(() -> add(damaged.toArray(new ModelSnapshotEvent[0])))
                .isInstanceOf(InvalidSnapshotException.class)
                .hasMessageContaining("its content has the hash ");
        assertThat(parts.problems()).isEmpty();
    }
}
