package io.freshet.classifier;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.freshet.schemas.ModelSnapshotEvent;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;

class SnapshotCollectorTest {
    private final SnapshotCollector collector = new SnapshotCollector();

    private static List<ModelSnapshotEvent> records(long version) {
        return new Snapshots(version, 5, 3, 3, "softmax", 1, false).version(version).records(7);
    }

    private long add(ModelSnapshotEvent record) throws InvalidSnapshotException {
        Optional<Classifier> classifier = collector.add(record);
        return classifier.map(found -> found.info().version()).orElse(-1L);
    }

    @Test
    void snapshot_isReturned_onceAllItsRecordsAreThere() throws Exception {
        List<ModelSnapshotEvent> records = records(1);
        assertThat(records).hasSize(3);
        assertThat(add(records.get(2))).isEqualTo(-1);
        assertThat(add(records.get(0))).isEqualTo(-1);
        assertThat(add(records.get(1))).isEqualTo(1);
        assertThat(add(records.get(1))).isEqualTo(-1);
    }

    @Test
    void interleavedSnapshots_areToldApart() throws Exception {
        List<ModelSnapshotEvent> one = records(1);
        List<ModelSnapshotEvent> two = records(2);
        add(one.get(0));
        add(two.get(0));
        add(two.get(1));
        add(one.get(1));
        assertThat(add(one.get(2))).isEqualTo(1);
        assertThat(add(two.get(2))).isEqualTo(2);
    }

    @Test
    void olderSnapshot_isNotReturned_afterANewerOne() throws Exception {
        List<ModelSnapshotEvent> one = records(1);
        List<ModelSnapshotEvent> two = records(2);
        add(one.get(0));
        add(one.get(1));
        add(two.get(0));
        add(two.get(1));
        assertThat(add(two.get(2))).isEqualTo(2);
        assertThat(add(one.get(2))).isEqualTo(-1);
    }

    /** A job that begins again without its state counts versions from 1. */
    @Test
    void smallerVersion_isNewer_ifItsFirstChunkCameLater() throws Exception {
        for (ModelSnapshotEvent record : records(9)) {
            add(record);
        }
        List<ModelSnapshotEvent> again = records(1);
        add(again.get(0));
        add(again.get(1));
        assertThat(add(again.get(2))).isEqualTo(1);
    }

    /** What compaction leaves of older versions is never whole. */
    @Test
    void remainsOfOlderVersions_areDropped() throws Exception {
        for (long version = 1; version < 100; version++) {
            add(records(version).get(1));
        }
        List<ModelSnapshotEvent> newest = records(100);
        add(newest.get(0));
        add(newest.get(1));
        assertThat(add(newest.get(2))).isEqualTo(100);
    }

    @Test
    void invalidSnapshot_isRefused_andTheNextOneReturned() throws Exception {
        List<ModelSnapshotEvent> broken = records(1);
        broken.get(1).getParameters().set(0, 1f);
        add(broken.get(0));
        add(broken.get(1));
        assertThatThrownBy(() -> add(broken.get(2)))
                .isInstanceOf(InvalidSnapshotException.class)
                .hasMessageContaining("its content has the hash");
        List<ModelSnapshotEvent> next = records(2);
        add(next.get(0));
        add(next.get(1));
        assertThat(add(next.get(2))).isEqualTo(2);
    }

    private String incomplete() {
        return collector.incomplete("m").map(Throwable::getMessage).orElse("none");
    }

    @Test
    void incompleteSnapshot_isNamed_untilItIsWholeOrReplaced() throws Exception {
        List<ModelSnapshotEvent> one = records(1);
        assertThat(incomplete()).isEqualTo("none");
        add(one.get(1));
        assertThat(incomplete()).contains("Version 1 of model").contains("chunk 0 of 3 is missing");
        add(one.get(0));
        assertThat(incomplete()).contains("chunk 2 of 3 is missing");
        add(one.get(2));
        assertThat(incomplete()).isEqualTo("none");

        add(records(2).get(0));
        assertThat(incomplete()).contains("Version 2 of model").contains("chunk 1 of 3 is missing");
        for (ModelSnapshotEvent record : records(3)) {
            add(record);
        }
        assertThat(incomplete()).isEqualTo("none");
        add(records(4).get(2));
        assertThat(incomplete()).contains("Version 4 of model").contains("chunk 0 of 3 is missing");
    }

    /** What compaction left of an older version is no problem. */
    @Test
    void remainsOfAnOlderVersion_areNotIncomplete() throws Exception {
        add(records(1).get(2));
        for (ModelSnapshotEvent record : records(2)) {
            add(record);
        }
        assertThat(incomplete()).isEqualTo("none");
    }

    @Test
    void removedModel_beginsAnew() throws Exception {
        List<ModelSnapshotEvent> records = records(1);
        add(records.get(0));
        collector.remove("m");
        assertThat(incomplete()).isEqualTo("none");
        add(records.get(1));
        assertThat(add(records.get(2))).isEqualTo(-1);
        assertThat(add(records.get(0))).isEqualTo(1);
    }

    @Test
    void declaredNumberOfChunks_takesNoMemory() throws Exception {
        ModelSnapshotEvent record = records(1).get(0);
        record.setChunks(Integer.MAX_VALUE);
        assertThat(add(record)).isEqualTo(-1);
        assertThat(incomplete()).contains("chunk 1 of 2147483647 is missing");
    }
}
