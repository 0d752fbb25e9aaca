package io.freshet.local.watch;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import org.apache.kafka.clients.consumer.OffsetAndMetadata;
import org.junit.jupiter.api.Test;

class StopNoteTest {
    private static OffsetAndMetadata committed(String metadata) {
        return new OffsetAndMetadata(7, metadata);
    }

    @Test
    void jobIsStopped_ifEveryPartitionHasTheNote() {
        OffsetAndMetadata noted = committed("stopped 2026-11-29T14:00:00.250Z");
        OffsetAndMetadata later = committed("stopped 2026-11-29T14:00:01Z");

        assertThat(StopNote.read(List.of(noted, later))).hasValue(1_795_960_801_000L);
        assertThat(StopNote.read(List.of(noted, committed("")))).isEmpty();
        assertThat(StopNote.read(List.of())).isEmpty();
    }

    @Test
    void otherMetadata_isNoNote() {
        assertThat(StopNote.read(List.of(committed("stopped for lunch")))).isEmpty();
        assertThat(StopNote.read(List.of(committed("2026-11-29T14:00:00Z")))).isEmpty();
    }
}
