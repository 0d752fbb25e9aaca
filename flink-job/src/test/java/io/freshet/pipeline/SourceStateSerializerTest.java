package io.freshet.pipeline;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.freshet.publish.JobIdentity;
import java.io.IOException;
import java.util.Map;
import java.util.Set;
import org.apache.flink.connector.kafka.source.enumerator.AssignmentStatus;
import org.apache.flink.connector.kafka.source.enumerator.KafkaSourceEnumState;
import org.apache.flink.connector.kafka.source.enumerator.KafkaSourceEnumStateSerializer;
import org.apache.flink.connector.kafka.source.enumerator.SplitAndAssignmentStatus;
import org.apache.flink.connector.kafka.source.split.KafkaPartitionSplit;
import org.apache.kafka.common.TopicPartition;
import org.junit.jupiter.api.Test;

class SourceStateSerializerTest {
    private static final KafkaSourceEnumState SPLITS =
            new KafkaSourceEnumState(
                    Set.of(
                            new SplitAndAssignmentStatus(
                                    new KafkaPartitionSplit(new TopicPartition("t", 2), 7),
                                    AssignmentStatus.ASSIGNED)),
                    true);

    private static final SavedJob JOB =
            new SavedJob(
                    new JobIdentity("Aufträge", 2, Map.of("t", "id")),
                    Map.of("classes", "x".repeat(100_000), "b", ""));

    private final SourceStateSerializer serializer =
            new SourceStateSerializer(new KafkaSourceEnumStateSerializer());

    @Test
    void state_isReadAsWritten() throws IOException {
        byte[] written = serializer.serialize(new SourceState(SPLITS, JOB));

        SourceState read = serializer.deserialize(serializer.getVersion(), written);

        assertThat(read.job()).isEqualTo(JOB);
        assertSameSplits(read.kafka());
        assertThat(read.kafka().initialDiscoveryFinished()).isTrue();
    }

    @Test
    void stateOfTheKafkaSourceAlone_isRead_withoutAJob() throws IOException {
        KafkaSourceEnumStateSerializer kafka = new KafkaSourceEnumStateSerializer();

        SourceState read = serializer.deserialize(kafka.getVersion(), kafka.serialize(SPLITS));

        assertThat(read.job()).isNull();
        assertSameSplits(read.kafka());
    }

    @Test
    void stateOfALaterRelease_isRefused() throws IOException {
        byte[] written = serializer.serialize(new SourceState(SPLITS, JOB));

        assertThatThrownBy(() -> serializer.deserialize(serializer.getVersion() + 1, written))
                .isInstanceOf(IOException.class)
                .hasMessageContaining("a later release");
    }

    private static void assertSameSplits(KafkaSourceEnumState read) {
        assertThat(read.splits())
                .singleElement()
                .satisfies(
                        split -> {
                            SplitAndAssignmentStatus expected = SPLITS.splits().iterator().next();
                            assertThat(split.split()).isEqualTo(expected.split());
                            assertThat(split.assignmentStatus())
                                    .isEqualTo(expected.assignmentStatus());
                        });
    }
}
