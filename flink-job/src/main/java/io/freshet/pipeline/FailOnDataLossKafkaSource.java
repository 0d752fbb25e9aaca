package io.freshet.pipeline;

import io.freshet.publish.JobIdentity;
import java.io.IOException;
import java.time.Duration;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.UUID;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BiConsumer;
import java.util.stream.Collectors;
import org.apache.flink.api.common.typeinfo.TypeInformation;
import org.apache.flink.api.connector.source.Boundedness;
import org.apache.flink.api.connector.source.ReaderInfo;
import org.apache.flink.api.connector.source.ReaderOutput;
import org.apache.flink.api.connector.source.Source;
import org.apache.flink.api.connector.source.SourceEvent;
import org.apache.flink.api.connector.source.SourceReader;
import org.apache.flink.api.connector.source.SourceReaderContext;
import org.apache.flink.api.connector.source.SplitEnumerator;
import org.apache.flink.api.connector.source.SplitEnumeratorContext;
import org.apache.flink.api.connector.source.SplitsAssignment;
import org.apache.flink.api.java.typeutils.ResultTypeQueryable;
import org.apache.flink.connector.kafka.source.KafkaSource;
import org.apache.flink.connector.kafka.source.split.KafkaPartitionSplit;
import org.apache.flink.core.io.InputStatus;
import org.apache.flink.core.io.SimpleVersionedSerializer;
import org.apache.flink.metrics.groups.SplitEnumeratorMetricGroup;
import org.apache.flink.runtime.execution.SuppressRestartsException;
import org.apache.flink.util.ExceptionUtils;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.consumer.OffsetOutOfRangeException;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.errors.InterruptException;
import org.apache.kafka.common.errors.UnknownTopicOrPartitionException;

/**
 * Kafka source that fails the job permanently if one of its topics or a saved offset no longer
 * exists, and whose checkpoints contain the job that wrote them ({@link JobEnumerator}).
 *
 * <p>A restart would not bring the records back. The failures of {@code KafkaSource}
 * (flink-connector-kafka 5.0.0) let Flink restart the job, which would then restart forever. The
 * offsets initializer of the wrapped source must make Kafka report missing offsets, as {@link
 * KafkaConnectors} does.
 *
 * @param <T> type of the records
 */
final class FailOnDataLossKafkaSource<T>
        implements Source<T, KafkaPartitionSplit, SourceState>, ResultTypeQueryable<T> {
    private static final long serialVersionUID = 1;

    /** Time to wait for an unknown topic: brokers that have just started may not know it yet. */
    private static final Duration UNKNOWN_TOPIC_TIMEOUT = Duration.ofSeconds(30);

    private static final Duration RETRY_INTERVAL = Duration.ofMillis(500);

    private final KafkaSource<T> source;
    private final KafkaConfig kafka;
    private final SavedJob job;
    private final Set<String> accepted;

    /** Id of this submission of the job, which stays the same after restarts and failovers. */
    private final String submission = UUID.randomUUID().toString();

    /**
     * @param job the job, which is saved in every checkpoint
     * @param accepted names of keys whose values may differ from those in a restored checkpoint
     */
    FailOnDataLossKafkaSource(
            KafkaSource<T> source, KafkaConfig kafka, SavedJob job, Set<String> accepted) {
        this.source = source;
        this.kafka = kafka;
        this.job = job;
        this.accepted = new TreeSet<>(accepted);
    }

    @Override
    public Boundedness getBoundedness() {
        return source.getBoundedness();
    }

    @Override
    public TypeInformation<T> getProducedType() {
        return source.getProducedType();
    }

    @Override
    public SourceReader<T, KafkaPartitionSplit> createReader(SourceReaderContext context)
            throws Exception {
        return new Reader<>(source.createReader(context), kafka, job.identity());
    }

    @Override
    public SplitEnumerator<KafkaPartitionSplit, SourceState> createEnumerator(
            SplitEnumeratorContext<KafkaPartitionSplit> context) {
        EnumeratorContext retrying = new EnumeratorContext(context, kafka.input());
        return new JobEnumerator(
                source.createEnumerator(retrying), context, submission, job, accepted, kafka, null);
    }

    @Override
    public SplitEnumerator<KafkaPartitionSplit, SourceState> restoreEnumerator(
            SplitEnumeratorContext<KafkaPartitionSplit> context, SourceState state)
            throws IOException {
        EnumeratorContext retrying = new EnumeratorContext(context, kafka.input());
        return new JobEnumerator(
                source.restoreEnumerator(retrying, state.kafka(kafka.input())),
                context,
                submission,
                job,
                accepted,
                kafka,
                state);
    }

    @Override
    public SimpleVersionedSerializer<KafkaPartitionSplit> getSplitSerializer() {
        return source.getSplitSerializer();
    }

    @Override
    public SimpleVersionedSerializer<SourceState> getEnumeratorCheckpointSerializer() {
        return new SourceStateSerializer(source.getEnumeratorCheckpointSerializer());
    }

    /** Returns an exception that prevents restarts if an offset is missing, else the failure. */
    private static RuntimeException classify(RuntimeException failure, KafkaConfig kafka)
            throws InterruptedException {
        Optional<OffsetOutOfRangeException> missingOffset =
                ExceptionUtils.findThrowable(failure, OffsetOutOfRangeException.class);
        if (missingOffset.isEmpty()) {
            return failure;
        }
        return new SuppressRestartsException(
                new IllegalStateException(
                        "Kafka no longer has "
                                + offsets(missingOffset.get())
                                + ", from which the job has to continue: events were deleted"
                                + " before the job read them"
                                + gap(missingOffset.get(), kafka),
                        failure));
    }

    /** Returns which offsets are missing; if Kafka does not answer, why they are not known. */
    private static String gap(OffsetOutOfRangeException missingOffset, KafkaConfig kafka)
            throws InterruptedException {
        try (Admin admin = KafkaAdmin.create(kafka)) {
            return InputTopics.missing(admin, missingOffset.offsetOutOfRangePartitions())
                    .map(missing -> " (" + missing + ")")
                    .orElse("");
        } catch (ExecutionException | KafkaException e) {
            return " (how many is not known: " + KafkaFailure.reason(e, kafka) + ")";
        }
    }

    /**
     * Fails permanently if an input topic is not the one that the job has read.
     *
     * @throws KafkaException if Kafka does not answer
     */
    private static void requireSameTopics(KafkaConfig kafka, JobIdentity job) {
        try (Admin admin = KafkaAdmin.create(kafka)) {
            Optional<String> recreated =
                    InputTopics.recreated(
                            job, InputTopics.idsOfExisting(admin, job.topicIds().keySet()));
            if (recreated.isPresent()) {
                throw new SuppressRestartsException(new IllegalStateException(recreated.get()));
            }
        } catch (ExecutionException e) {
            throw new KafkaException("the ids of the input topics cannot be read", e.getCause());
        } catch (InterruptedException e) {
            throw new InterruptException(e);
        }
    }

    /**
     * Returns partitions with offsets in place of the marker for the earliest one, which Flink uses
     * for partitions that it finds later. A job that is restored with the marker would begin at
     * what is the earliest offset then.
     *
     * @throws KafkaException if Kafka does not answer
     */
    private static List<KafkaPartitionSplit> fromOffsets(
            List<KafkaPartitionSplit> splits, KafkaConfig kafka) {
        List<TopicPartition> marked =
                splits.stream()
                        .filter(FailOnDataLossKafkaSource::isMarked)
                        .map(KafkaPartitionSplit::getTopicPartition)
                        .toList();
        if (marked.isEmpty()) {
            return splits;
        }
        try (Admin admin = KafkaAdmin.create(kafka)) {
            Map<TopicPartition, Long> beginnings = InputTopics.beginnings(admin, marked);
            return splits.stream()
                    .map(
                            split ->
                                    isMarked(split)
                                            ? new KafkaPartitionSplit(
                                                    split.getTopicPartition(),
                                                    beginnings.getOrDefault(
                                                            split.getTopicPartition(), 0L))
                                            : split)
                    .toList();
        } catch (ExecutionException e) {
            throw new KafkaException("the offsets of new partitions are unknown", e.getCause());
        } catch (InterruptedException e) {
            throw new InterruptException(e);
        }
    }

    private static boolean isMarked(KafkaPartitionSplit split) {
        return split.getStartingOffset() == KafkaPartitionSplit.EARLIEST_OFFSET;
    }

    private static String offsets(OffsetOutOfRangeException missingOffset) {
        return missingOffset.offsetOutOfRangePartitions().entrySet().stream()
                .map(
                        entry ->
                                "offset "
                                        + entry.getValue()
                                        + " of topic "
                                        + entry.getKey().topic()
                                        + ", partition "
                                        + entry.getKey().partition())
                .sorted()
                .collect(Collectors.joining(", and "));
    }

    /** A reader that fails the job permanently on a missing offset, and closes without throwing. */
    private record Reader<T>(
            SourceReader<T, KafkaPartitionSplit> reader, KafkaConfig kafka, JobIdentity job)
            implements SourceReader<T, KafkaPartitionSplit> {
        @Override
        public void start() {
            requireSameTopics(kafka, job);
            reader.start();
        }

        @Override
        public InputStatus pollNext(ReaderOutput<T> output) throws Exception {
            try {
                return reader.pollNext(output);
            } catch (RuntimeException e) {
                throw classify(e, kafka);
            }
        }

        @Override
        public List<KafkaPartitionSplit> snapshotState(long checkpointId) {
            return reader.snapshotState(checkpointId);
        }

        @Override
        public CompletableFuture<Void> isAvailable() {
            return reader.isAvailable();
        }

        /** Adds the partitions of selected topics; others were given up when the job resumed. */
        @Override
        public void addSplits(List<KafkaPartitionSplit> splits) {
            reader.addSplits(
                    fromOffsets(
                            splits.stream()
                                    .filter(split -> kafka.input().selects(split.getTopic()))
                                    .toList(),
                            kafka));
        }

        @Override
        public void notifyNoMoreSplits() {
            reader.notifyNoMoreSplits();
        }

        @Override
        public void handleSourceEvents(SourceEvent event) {
            reader.handleSourceEvents(event);
        }

        @Override
        public void notifyCheckpointComplete(long checkpointId) throws Exception {
            reader.notifyCheckpointComplete(checkpointId);
        }

        @Override
        public void notifyCheckpointAborted(long checkpointId) throws Exception {
            reader.notifyCheckpointAborted(checkpointId);
        }

        @Override
        public void pauseOrResumeSplits(Collection<String> toPause, Collection<String> toResume) {
            reader.pauseOrResumeSplits(toPause, toResume);
        }

        @Override
        public void close() {
            Closeables.closeQuietly(reader, "Kafka's reader");
        }
    }

    /**
     * An enumerator context that retries for {@link #UNKNOWN_TOPIC_TIMEOUT} while a topic is
     * unknown, and then fails the job permanently.
     */
    private record EnumeratorContext(
            SplitEnumeratorContext<KafkaPartitionSplit> context, TopicSelection input)
            implements SplitEnumeratorContext<KafkaPartitionSplit> {
        @Override
        public <T> void callAsync(Callable<T> callable, BiConsumer<T, Throwable> handler) {
            context.callAsync(() -> call(callable), handler);
        }

        @Override
        public <T> void callAsync(
                Callable<T> callable,
                BiConsumer<T, Throwable> handler,
                long initialDelayMillis,
                long periodMillis) {
            context.callAsync(() -> call(callable), handler, initialDelayMillis, periodMillis);
        }

        private <T> T call(Callable<T> callable) throws Exception {
            long deadline = System.nanoTime() + UNKNOWN_TOPIC_TIMEOUT.toNanos();
            while (true) {
                try {
                    return callable.call();
                } catch (RuntimeException e) {
                    if (ExceptionUtils.findThrowable(e, UnknownTopicOrPartitionException.class)
                            .isEmpty()) {
                        throw e;
                    }
                    if (System.nanoTime() - deadline > 0) {
                        throw new SuppressRestartsException(
                                new IllegalStateException(
                                        (input.names().size() == 1
                                                        ? "topic "
                                                        : "one of the topics ")
                                                + input
                                                + ", which the job reads, no longer exists",
                                        e));
                    }
                    LockSupport.parkNanos(RETRY_INTERVAL.toNanos());
                }
            }
        }

        @Override
        public SplitEnumeratorMetricGroup metricGroup() {
            return context.metricGroup();
        }

        @Override
        public void sendEventToSourceReader(int subtask, SourceEvent event) {
            context.sendEventToSourceReader(subtask, event);
        }

        @Override
        public void sendEventToSourceReader(int subtask, int attempt, SourceEvent event) {
            context.sendEventToSourceReader(subtask, attempt, event);
        }

        @Override
        public int currentParallelism() {
            return context.currentParallelism();
        }

        @Override
        public Map<Integer, ReaderInfo> registeredReaders() {
            return context.registeredReaders();
        }

        @Override
        public Map<Integer, Map<Integer, ReaderInfo>> registeredReadersOfAttempts() {
            return context.registeredReadersOfAttempts();
        }

        @Override
        public void assignSplits(SplitsAssignment<KafkaPartitionSplit> assignment) {
            context.assignSplits(assignment);
        }

        @Override
        public void assignSplit(KafkaPartitionSplit split, int subtask) {
            context.assignSplit(split, subtask);
        }

        @Override
        public void signalNoMoreSplits(int subtask) {
            context.signalNoMoreSplits(subtask);
        }

        @Override
        public void runInCoordinatorThread(Runnable action) {
            context.runInCoordinatorThread(action);
        }

        @Override
        public void setIsProcessingBacklog(boolean isProcessingBacklog) {
            context.setIsProcessingBacklog(isProcessingBacklog);
        }
    }
}
