package io.freshet.pipeline;

import java.io.IOException;
import java.time.Duration;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
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
import org.apache.flink.connector.kafka.source.enumerator.KafkaSourceEnumState;
import org.apache.flink.connector.kafka.source.split.KafkaPartitionSplit;
import org.apache.flink.core.io.InputStatus;
import org.apache.flink.core.io.SimpleVersionedSerializer;
import org.apache.flink.metrics.groups.SplitEnumeratorMetricGroup;
import org.apache.flink.runtime.execution.SuppressRestartsException;
import org.apache.flink.util.ExceptionUtils;
import org.apache.kafka.clients.consumer.OffsetOutOfRangeException;
import org.apache.kafka.common.errors.UnknownTopicOrPartitionException;

/**
 * Kafka source that fails the job permanently if its topic or a saved offset no longer exists.
 *
 * <p>A restart would not bring the records back. The failures of {@code KafkaSource}
 * (flink-connector-kafka 5.0.0) let Flink restart the job, which would then restart forever. The
 * offsets initializer of the wrapped source must make Kafka report missing offsets, as {@link
 * KafkaConnectors} does.
 *
 * @param <T> type of the records
 */
final class FailOnDataLossKafkaSource<T>
        implements Source<T, KafkaPartitionSplit, KafkaSourceEnumState>, ResultTypeQueryable<T> {
    private static final long serialVersionUID = 1;

    /** Time to wait for an unknown topic: brokers that have just started may not know it yet. */
    private static final Duration UNKNOWN_TOPIC_TIMEOUT = Duration.ofSeconds(30);

    private static final Duration RETRY_INTERVAL = Duration.ofMillis(500);

    private final KafkaSource<T> source;
    private final String topic;

    FailOnDataLossKafkaSource(KafkaSource<T> source, String topic) {
        this.source = source;
        this.topic = topic;
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
        return new Reader<>(source.createReader(context));
    }

    @Override
    public SplitEnumerator<KafkaPartitionSplit, KafkaSourceEnumState> createEnumerator(
            SplitEnumeratorContext<KafkaPartitionSplit> context) {
        return source.createEnumerator(new EnumeratorContext(context, topic));
    }

    @Override
    public SplitEnumerator<KafkaPartitionSplit, KafkaSourceEnumState> restoreEnumerator(
            SplitEnumeratorContext<KafkaPartitionSplit> context, KafkaSourceEnumState state)
            throws IOException {
        return source.restoreEnumerator(new EnumeratorContext(context, topic), state);
    }

    @Override
    public SimpleVersionedSerializer<KafkaPartitionSplit> getSplitSerializer() {
        return source.getSplitSerializer();
    }

    @Override
    public SimpleVersionedSerializer<KafkaSourceEnumState> getEnumeratorCheckpointSerializer() {
        return source.getEnumeratorCheckpointSerializer();
    }

    /** Returns an exception that prevents restarts if an offset is missing, else the failure. */
    private static RuntimeException classify(RuntimeException failure) {
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
                                + " before the job read them, or the topic was recreated",
                        failure));
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
    private record Reader<T>(SourceReader<T, KafkaPartitionSplit> reader)
            implements SourceReader<T, KafkaPartitionSplit> {
        @Override
        public void start() {
            reader.start();
        }

        @Override
        public InputStatus pollNext(ReaderOutput<T> output) throws Exception {
            try {
                return reader.pollNext(output);
            } catch (RuntimeException e) {
                throw classify(e);
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

        @Override
        public void addSplits(List<KafkaPartitionSplit> splits) {
            reader.addSplits(splits);
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
     * An enumerator context that retries for {@link #UNKNOWN_TOPIC_TIMEOUT} while the topic is
     * unknown, and then fails the job permanently.
     */
    private record EnumeratorContext(
            SplitEnumeratorContext<KafkaPartitionSplit> context, String topic)
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
                                        "topic "
                                                + topic
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
