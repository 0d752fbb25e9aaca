package io.freshet.pipeline;

import java.io.DataInputStream;
import java.io.IOException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import org.apache.flink.connector.kafka.source.enumerator.KafkaSourceEnumStateSerializer;
import org.apache.flink.connector.kafka.source.split.KafkaPartitionSplit;
import org.apache.flink.connector.kafka.source.split.KafkaPartitionSplitSerializer;
import org.apache.flink.core.fs.CloseableRegistry;
import org.apache.flink.core.fs.FileStatus;
import org.apache.flink.core.fs.Path;
import org.apache.flink.core.io.SimpleVersionedSerialization;
import org.apache.flink.runtime.checkpoint.Checkpoints;
import org.apache.flink.runtime.checkpoint.OperatorState;
import org.apache.flink.runtime.checkpoint.OperatorSubtaskState;
import org.apache.flink.runtime.checkpoint.metadata.CheckpointMetadata;
import org.apache.flink.runtime.state.CompletedCheckpointStorageLocation;
import org.apache.flink.runtime.state.OperatorStateHandle;
import org.apache.flink.runtime.state.OperatorStateRestoreOperation;
import org.apache.flink.runtime.state.PartitionableListState;
import org.apache.flink.runtime.state.filesystem.AbstractFsCheckpointStorageAccess;
import org.apache.flink.runtime.state.memory.ByteStreamStateHandle;
import org.apache.kafka.common.TopicPartition;
import org.jspecify.annotations.Nullable;

/**
 * A complete checkpoint or savepoint of a job, as far as it says who wrote it and up to where the
 * input was read. It is read from the checkpoint's files, without a running job.
 *
 * @param path directory of the checkpoint
 * @param id number of the checkpoint, which rises from one to the next
 * @param completed when it was completed
 * @param job the job that wrote it; null if the release did not save it
 * @param topics topics whose partitions have been found
 * @param nextOffsets offset of the next event to read, by partition; partitions of which nothing is
 *     assigned to a reader yet are left out
 */
public record JobCheckpoint(
        String path,
        long id,
        Instant completed,
        @Nullable SavedJob job,
        Set<String> topics,
        Map<TopicPartition, Long> nextOffsets) {
    /** Name of the state in which Flink keeps the splits of a source's reader. */
    private static final String READER_STATE = "SourceReaderState";

    /**
     * Reads a checkpoint.
     *
     * @param path its directory, or its file {@code _metadata}
     * @throws IOException if it is not a complete checkpoint of this job
     */
    public static JobCheckpoint read(String path) throws IOException {
        CompletedCheckpointStorageLocation location =
                AbstractFsCheckpointStorageAccess.resolveCheckpointPointer(path);
        ClassLoader classLoader = JobCheckpoint.class.getClassLoader();
        CheckpointMetadata metadata;
        try (DataInputStream in =
                new DataInputStream(location.getMetadataHandle().openInputStream())) {
            metadata =
                    Checkpoints.loadCheckpointMetadata(
                            in, classLoader, location.getExternalPointer());
        }
        Path directory = new Path(location.getExternalPointer());
        FileStatus file =
                directory
                        .getFileSystem()
                        .getFileStatus(
                                new Path(
                                        directory,
                                        AbstractFsCheckpointStorageAccess.METADATA_FILE_NAME));
        JobCheckpoint found = null;
        for (OperatorState operator : metadata.getOperatorStates()) {
            // Sources are the only operators with a coordinator that has state.
            ByteStreamStateHandle coordinator = operator.getCoordinatorState();
            if (coordinator == null) {
                continue;
            }
            SourceState state = sourceState(coordinator);
            // A job that only predicts has a second source, of models, which does not save the job.
            if (found == null || state.job() != null) {
                found =
                        new JobCheckpoint(
                                location.getExternalPointer(),
                                metadata.getCheckpointId(),
                                Instant.ofEpochMilli(file.getModificationTime()),
                                state.job(),
                                state.topics(),
                                offsets(operator, classLoader));
            }
        }
        if (found == null) {
            throw new IOException(path + " is not a checkpoint of this job: it has no source");
        }
        return found;
    }

    /** Returns the epoch of the job that wrote the checkpoint; 1 if it is unknown. */
    public long epoch() {
        return job == null ? 1 : job.identity().epoch();
    }

    /** Reads the state of the source's enumerator from what Flink's SourceCoordinator wrote. */
    private static SourceState sourceState(ByteStreamStateHandle coordinator) throws IOException {
        try (DataInputStream in = new DataInputStream(coordinator.openInputStream())) {
            in.readInt(); // version of the coordinator's own format
            int version = in.readInt();
            byte[] state = in.readNBytes(in.readInt());
            return new SourceStateSerializer(new KafkaSourceEnumStateSerializer())
                    .deserialize(version, state);
        }
    }

    private static Map<TopicPartition, Long> offsets(OperatorState source, ClassLoader classLoader)
            throws IOException {
        List<OperatorStateHandle> handles = new ArrayList<>();
        for (OperatorSubtaskState subtask : source.getStates()) {
            handles.addAll(subtask.getManagedOperatorState());
        }
        Map<TopicPartition, Long> offsets = new HashMap<>();
        for (byte[] serialized : readerState(handles, classLoader)) {
            KafkaPartitionSplit split =
                    SimpleVersionedSerialization.readVersionAndDeSerialize(
                            new KafkaPartitionSplitSerializer(), serialized);
            if (split.getStartingOffset() >= 0) {
                offsets.put(split.getTopicPartition(), split.getStartingOffset());
            }
        }
        return offsets;
    }

    @SuppressWarnings("unchecked") // SourceOperator registers this state with byte arrays
    private static Iterable<byte[]> readerState(
            Collection<OperatorStateHandle> handles, ClassLoader classLoader) throws IOException {
        Map<String, PartitionableListState<?>> states = new TreeMap<>();
        try {
            new OperatorStateRestoreOperation(
                            new CloseableRegistry(), classLoader, states, new TreeMap<>(), handles)
                    .restore();
        } catch (IOException e) {
            throw e;
        } catch (Exception e) {
            throw new IOException("the offsets in the checkpoint cannot be read", e);
        }
        PartitionableListState<?> state = states.get(READER_STATE);
        return state == null ? List.of() : ((PartitionableListState<byte[]>) state).get();
    }
}
