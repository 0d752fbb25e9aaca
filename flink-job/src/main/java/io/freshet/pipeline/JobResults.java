package io.freshet.pipeline;

import io.freshet.monitor.MetricsDelivery;
import io.freshet.publish.Topic;
import io.freshet.schemas.EventReader;
import java.io.IOException;
import java.time.Duration;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;
import java.util.stream.Collectors;
import org.apache.avro.generic.GenericRecord;
import org.apache.avro.specific.SpecificData;
import org.apache.kafka.clients.consumer.ConsumerConfig;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.errors.TimeoutException;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Results that a job has already published, found at the ends of its output topics.
 *
 * @param epoch highest epoch of the job's records; 0 if they are of a release without epochs
 * @param topic topic in which they were found
 * @param examplesSeen number of examples that the models were trained on in that epoch, according
 *     to the newest metrics that were found
 * @param lastOffsets offset of the last event of which these results tell, by partition of the
 *     input; without those results that are delivered at least once, which may be ahead of all
 *     checkpoints
 */
record JobResults(
        long epoch, String topic, long examplesSeen, Map<TopicPartition, Long> lastOffsets) {
    /** No results. */
    static final JobResults NONE = new JobResults(-1, "", 0, Map.of());

    private static final Logger LOG = LoggerFactory.getLogger(JobResults.class);

    /** Number of offsets at the end of each partition that are read. */
    private static final long TAIL = 500;

    private static final Duration TIMEOUT = Duration.ofSeconds(30);

    /** Topics to look at. */
    private static final List<Topic> TOPICS =
            List.of(Topic.METRICS, Topic.DEAD_LETTERS, Topic.PREDICTIONS, Topic.MODELS);

    /** Returns the names of the topics in which results are searched. */
    static Set<String> topics(JobConfig config) {
        return TOPICS.stream()
                .map(topic -> config.publish().topic(topic))
                .collect(Collectors.toSet());
    }

    /** Returns whether there are none. */
    boolean isEmpty() {
        return epoch < 0;
    }

    /**
     * Searches the output topics of a job for its results. Records of a release that did not write
     * the job's name count as results of this job.
     *
     * <p>The search runs in a thread of its own that ends with it: Avro keeps its decoders in
     * thread-locals, which would keep the job's class loader in a thread of a Flink cluster.
     *
     * @throws KafkaException if the topics cannot be read
     * @throws InterruptedException if the thread is interrupted while it waits
     */
    static JobResults find(JobConfig config) throws InterruptedException {
        FutureTask<JobResults> search = new FutureTask<>(() -> search(config));
        new Thread(search, "freshet-job-results").start();
        try {
            return search.get();
        } catch (ExecutionException e) {
            if (e.getCause() instanceof RuntimeException failure) {
                throw failure;
            }
            throw new IllegalStateException(e.getCause());
        }
    }

    private static JobResults search(JobConfig config) {
        Properties properties = config.kafka().clientProperties();
        properties.put(ConsumerConfig.ISOLATION_LEVEL_CONFIG, "read_committed");
        properties.put(ConsumerConfig.AUTO_OFFSET_RESET_CONFIG, "earliest");
        properties.put(ConsumerConfig.ENABLE_AUTO_COMMIT_CONFIG, "false");
        JobResults found = NONE;
        try (KafkaConsumer<byte[], byte[]> consumer =
                new KafkaConsumer<>(
                        properties, new ByteArrayDeserializer(), new ByteArrayDeserializer())) {
            for (Topic topic : TOPICS) {
                found = newer(found, new Search(config, topic).run(consumer));
            }
        }
        return found;
    }

    private static JobResults newer(JobResults a, JobResults b) {
        if (a.epoch != b.epoch) {
            return b.epoch > a.epoch ? b : a;
        }
        Map<TopicPartition, Long> offsets = new HashMap<>(a.lastOffsets);
        b.lastOffsets.forEach((partition, offset) -> offsets.merge(partition, offset, Math::max));
        return new JobResults(a.epoch, a.topic, a.examplesSeen, offsets);
    }

    /** Search in the last records of one topic. */
    private static final class Search {
        private final String jobName;
        private final String topic;
        private final boolean atLeastOnce;
        private final boolean countsExamples;
        private final EventReader<GenericRecord> reader;
        private final Map<String, Long> examplesByModel = new TreeMap<>();
        private final Map<TopicPartition, Long> lastOffsets = new HashMap<>();
        private long epoch = -1;

        Search(JobConfig config, Topic topic) {
            jobName = config.jobName();
            this.topic = config.publish().topic(topic);
            atLeastOnce =
                    topic == Topic.METRICS
                            && config.monitor().delivery() == MetricsDelivery.AT_LEAST_ONCE;
            countsExamples = topic == Topic.METRICS;
            reader = EventReader.generic(SpecificData.get().getSchema(topic.event()));
        }

        JobResults run(KafkaConsumer<byte[], byte[]> consumer) {
            List<TopicPartition> partitions =
                    consumer.partitionsFor(topic).stream()
                            .map(info -> new TopicPartition(topic, info.partition()))
                            .toList();
            Map<TopicPartition, Long> ends = new HashMap<>(consumer.endOffsets(partitions));
            Map<TopicPartition, Long> starts = consumer.beginningOffsets(partitions);
            consumer.assign(partitions);
            for (TopicPartition partition : partitions) {
                long first = starts.getOrDefault(partition, 0L);
                consumer.seek(partition, Math.max(first, ends.getOrDefault(partition, 0L) - TAIL));
            }
            if (!PollLoop.readTo(consumer, ends, TIMEOUT, this::add)) {
                throw new TimeoutException("topic " + topic + " could not be read to its end");
            }
            return epoch < 0
                    ? NONE
                    : new JobResults(
                            epoch,
                            topic,
                            examplesByModel.values().stream().mapToLong(n -> n).sum(),
                            lastOffsets);
        }

        private void add(ConsumerRecord<byte[], byte[]> record) {
            if (record.value() == null) {
                return;
            }
            GenericRecord event;
            try {
                event = ResultRecord.read(reader, record);
            } catch (IOException e) {
                LOG.info(
                        "Topic {} has a record that is no result of Freshet: partition {}, offset"
                                + " {}",
                        topic,
                        record.partition(),
                        record.offset(),
                        e);
                return;
            }
            String writer = event.get("job").toString();
            if (!writer.equals(jobName) && !writer.isEmpty()) {
                return;
            }
            long recordEpoch = (long) event.get("epoch");
            if (recordEpoch > epoch) {
                epoch = recordEpoch;
                examplesByModel.clear();
                lastOffsets.clear();
            }
            if (recordEpoch != epoch) {
                return;
            }
            if (countsExamples) {
                examplesByModel.put(
                        event.get("modelId").toString(), (long) event.get("examplesSeen"));
            }
            if (!atLeastOnce) {
                addOffsets(event);
            }
        }

        /** Adds the positions of the events that a result of any topic is about. */
        private void addOffsets(GenericRecord event) {
            if (event.hasField("partitions")) { // metrics, and the provenance of a snapshot
                for (Object partition : (Collection<?>) event.get("partitions")) {
                    addOffset((GenericRecord) partition, "lastOffset");
                }
            } else if (event.hasField("provenance")) {
                if (event.get("provenance") instanceof GenericRecord provenance) {
                    addOffsets(provenance);
                }
            } else if (event.hasField("source")) { // a prediction
                addOffset((GenericRecord) event.get("source"), "offset");
            } else { // a dead letter
                addOffset(event, "offset");
            }
        }

        private void addOffset(GenericRecord position, String offset) {
            lastOffsets.merge(
                    new TopicPartition(
                            position.get("topic").toString(), (int) position.get("partition")),
                    (long) position.get(offset),
                    Math::max);
        }
    }
}
