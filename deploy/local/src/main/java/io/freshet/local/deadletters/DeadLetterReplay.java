package io.freshet.local.deadletters;

import io.freshet.local.cli.UserException;
import io.freshet.local.topic.RecordScan;
import io.freshet.pipeline.JobTopics;
import io.freshet.pipeline.KafkaConfig;
import io.freshet.schemas.Header;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.LongConsumer;
import java.util.stream.Collectors;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerConfig;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.errors.InvalidProducerEpochException;
import org.apache.kafka.common.errors.ProducerFencedException;
import org.apache.kafka.common.header.internals.RecordHeader;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.jspecify.annotations.Nullable;

/**
 * Replay of dead letters: their messages are sent to their input topic again, each exactly once,
 * even if the command is interrupted and run again.
 *
 * <p>A replayed message has the key, value and headers of the original, byte for byte, and the
 * header {@value #REPLAY_OF} with the original's place. These headers are the record of what has
 * been replayed. Before anything is sent, they are read back from the input topics: from the offset
 * after the oldest selected message, or from the time at which the oldest selected dead letter was
 * published, whichever comes first. Messages are sent in transactions, so an interrupted replay
 * leaves only whole ones. All replays of a job use one transactional id; initialising it aborts the
 * transaction of an interrupted replay, and stops one that runs at the same time.
 *
 * <p>What retention has removed from the input topic cannot be read back. A dead letter since whose
 * publication records have been removed is therefore unproven.
 */
public final class DeadLetterReplay implements AutoCloseable {
    /** Header that holds the place of the original message, as topic/partition/offset. */
    public static final String REPLAY_OF = "freshet.replay-of";

    private static final int TRANSACTION_MESSAGES = 500;
    private static final long TRANSACTION_BYTES = 8L << 20;
    private static final int MAX_REQUEST_BYTES = 128 << 20;
    private static final Duration CLOSE_TIMEOUT = Duration.ofSeconds(5);

    /** Allowance for the difference of two machines' clocks. */
    private static final long CLOCK_ALLOWANCE = Duration.ofHours(1).toMillis();

    private final JobTopics topics;
    private final @Nullable KafkaProducer<byte[], byte[]> producer;

    /**
     * Result of comparing the selected dead letters with the input topic.
     *
     * @param identities dead letters to send
     * @param replayed number of those that have been replayed already
     * @param unproven number of those of which this cannot be known
     * @param elsewhere number of those from other topics
     */
    public record Plan(
            Map<DeadLetterIdentity, Long> identities,
            long replayed,
            long unproven,
            long elsewhere) {}

    private DeadLetterReplay(JobTopics topics, @Nullable KafkaProducer<byte[], byte[]> producer) {
        this.topics = topics;
        this.producer = producer;
    }

    /** Begins a replay: aborts the transaction of an interrupted one. */
    public static DeadLetterReplay begin(JobTopics topics) {
        KafkaProducer<byte[], byte[]> producer = producer(topics.kafka());
        try {
            producer.initTransactions();
        } catch (RuntimeException e) {
            producer.close(CLOSE_TIMEOUT);
            throw e;
        }
        return new DeadLetterReplay(topics, producer);
    }

    /** Begins a replay that sends nothing. */
    public static DeadLetterReplay dryRun(JobTopics topics) {
        return new DeadLetterReplay(topics, null);
    }

    private static KafkaProducer<byte[], byte[]> producer(KafkaConfig kafka) {
        Properties properties = kafka.clientProperties();
        properties.put(ProducerConfig.TRANSACTIONAL_ID_CONFIG, transactionalId(kafka));
        properties.put(ProducerConfig.ACKS_CONFIG, "all");
        // What the topic has accepted once, it accepts again.
        properties.putIfAbsent(
                ProducerConfig.MAX_REQUEST_SIZE_CONFIG, Integer.toString(MAX_REQUEST_BYTES));
        return new KafkaProducer<>(
                properties, new ByteArraySerializer(), new ByteArraySerializer());
    }

    private boolean isInput(String topic) {
        return topics.kafka().input().selects(topic);
    }

    static String transactionalId(KafkaConfig kafka) {
        return kafka.transactionalIdPrefix() + "-replay";
    }

    /**
     * Compares the selected dead letters with the input topic.
     *
     * @param withUnproven whether to send those of which it cannot be known whether they have been
     *     replayed
     * @param limit maximum number to send, the oldest first
     */
    public Plan plan(DeadLetterFilter filter, boolean withUnproven, long limit) {
        Map<DeadLetterIdentity, Long> selected = new LinkedHashMap<>();
        long[] elsewhere = new long[1];
        new DeadLetterTopic(topics)
                .read(
                        filter,
                        letter -> {
                            if (isInput(letter.place().topic())) {
                                selected.putIfAbsent(
                                        DeadLetterIdentity.of(letter), letter.publishedAt());
                            } else {
                                elsewhere[0]++;
                            }
                        });
        long replayed = 0;
        long unproven = 0;
        Set<DeadLetterIdentity> left = new HashSet<>();
        for (String topic : topicsOf(selected)) {
            Map<DeadLetterIdentity, Long> ofTopic = new LinkedHashMap<>(selected);
            ofTopic.keySet().removeIf(each -> !each.place().topic().equals(topic));
            try (RecordScan scan = new RecordScan(topics.kafka(), topic)) {
                long all = ofTopic.size();
                removeReplayed(ofTopic, scan);
                replayed += all - ofTopic.size();
                if (!withUnproven) {
                    long before = ofTopic.size();
                    Map<TopicPartition, Retained> retained = retained(scan);
                    ofTopic.entrySet()
                            .removeIf(each -> !isProven(each.getKey(), each.getValue(), retained));
                    unproven += before - ofTopic.size();
                }
            }
            left.addAll(ofTopic.keySet());
        }
        selected.keySet().retainAll(left);
        List<DeadLetterIdentity> tooMany = selected.keySet().stream().skip(limit).toList();
        tooMany.forEach(selected::remove);
        return new Plan(selected, replayed, unproven, elsewhere[0]);
    }

    private static Set<String> topicsOf(Map<DeadLetterIdentity, Long> letters) {
        return letters.keySet().stream()
                .map(identity -> identity.place().topic())
                .collect(Collectors.toCollection(TreeSet::new));
    }

    /** Removes the dead letters whose replay is in the input topic. */
    private void removeReplayed(Map<DeadLetterIdentity, Long> selected, RecordScan scan) {
        long oldest = selected.values().stream().mapToLong(Long::longValue).min().orElse(0);
        Map<TopicPartition, Long> byTime = scan.offsetsFrom(oldest - CLOCK_ALLOWANCE);
        Map<TopicPartition, Long> ends = scan.ends();
        Map<TopicPartition, Long> starts = new HashMap<>(byTime);
        for (DeadLetterIdentity identity : selected.keySet()) {
            MessagePlace place = identity.place();
            starts.computeIfPresent(
                    new TopicPartition(place.topic(), place.partition()),
                    (partition, start) -> Math.min(start, place.offset() + 1));
        }
        Map<TopicPartition, Long> beginnings = scan.beginnings();
        starts.replaceAll(
                (partition, start) -> Math.max(start, beginnings.getOrDefault(partition, 0L)));
        scan.read(starts, ends, record -> removeOriginal(selected, record));
    }

    private static void removeOriginal(
            Map<DeadLetterIdentity, Long> selected, ConsumerRecord<byte[], byte[]> record) {
        org.apache.kafka.common.header.Header header = record.headers().lastHeader(REPLAY_OF);
        if (header != null && header.value() != null) {
            MessagePlace.find(new String(header.value(), StandardCharsets.UTF_8))
                    .ifPresent(
                            place ->
                                    selected.remove(
                                            DeadLetterIdentity.of(
                                                    place, record.key(), record.value())));
        }
    }

    /**
     * Part of a partition that retention has left.
     *
     * @param beginning first offset
     * @param firstTimestamp timestamp of the first record; {@link Long#MAX_VALUE} if there is none
     */
    private record Retained(long beginning, long firstTimestamp) {}

    private static Map<TopicPartition, Retained> retained(RecordScan scan) {
        Map<TopicPartition, Long> beginnings = scan.beginnings();
        Map<TopicPartition, Long> ends = scan.ends();
        Map<TopicPartition, Retained> retained = new HashMap<>();
        beginnings.forEach(
                (partition, beginning) -> {
                    long[] first = {Long.MAX_VALUE};
                    if (beginning > 0) {
                        scan.read(
                                Map.of(partition, beginning),
                                Map.of(
                                        partition,
                                        Math.min(beginning + 1, ends.getOrDefault(partition, 0L))),
                                record -> first[0] = record.timestamp());
                    }
                    retained.put(partition, new Retained(beginning, first[0]));
                });
        return retained;
    }

    /** Returns whether all records since a dead letter's publication are still in the topic. */
    private static boolean isProven(
            DeadLetterIdentity identity, long publishedAt, Map<TopicPartition, Retained> retained) {
        MessagePlace place = identity.place();
        Retained left = retained.get(new TopicPartition(place.topic(), place.partition()));
        return left == null
                || left.beginning() <= place.offset() + 1
                || left.firstTimestamp() < publishedAt - CLOCK_ALLOWANCE;
    }

    /**
     * Sends the dead letters of a plan.
     *
     * @param sent receives the number of messages sent, after each transaction
     * @return number of messages sent
     * @throws UserException if another replay of this job was begun in the meantime
     */
    public long send(Plan plan, DeadLetterFilter filter, LongConsumer sent) {
        if (producer == null) {
            throw new IllegalStateException("a dry run sends nothing");
        }
        try {
            Batch batch = new Batch(producer, numPartitions(topicsOf(plan.identities())), sent);
            Map<DeadLetterIdentity, Long> left = new HashMap<>(plan.identities());
            new DeadLetterTopic(topics)
                    .read(
                            filter,
                            letter -> {
                                if (left.remove(DeadLetterIdentity.of(letter)) != null) {
                                    batch.send(letter);
                                }
                            });
            batch.commit();
            return batch.sent;
        } catch (ProducerFencedException | InvalidProducerEpochException e) {
            throw new UserException(
                    "another replay of this job has been begun, which continues instead of this"
                            + " one",
                    e);
        }
    }

    private Map<String, Integer> numPartitions(Set<String> names) {
        Map<String, Integer> numbers = new HashMap<>();
        for (String topic : names) {
            try (RecordScan scan = new RecordScan(topics.kafka(), topic)) {
                numbers.put(topic, scan.partitions().size());
            }
        }
        return numbers;
    }

    /** Transactions of at most {@value #TRANSACTION_MESSAGES} messages. */
    private static final class Batch {
        private final KafkaProducer<byte[], byte[]> to;
        private final Map<String, Integer> numPartitions;
        private final LongConsumer progress;
        private int messages;
        private long bytes;
        private long sent;

        Batch(
                KafkaProducer<byte[], byte[]> to,
                Map<String, Integer> numPartitions,
                LongConsumer progress) {
            this.to = to;
            this.numPartitions = numPartitions;
            this.progress = progress;
        }

        @SuppressWarnings("FutureReturnValueIgnored") // commit() throws if a message was not sent
        void send(StoredDeadLetter letter) {
            if (messages == 0) {
                to.beginTransaction();
            }
            byte @Nullable [] value = letter.value();
            to.send(message(letter, numPartitions.getOrDefault(letter.place().topic(), 0)));
            messages++;
            bytes += value == null ? 0 : value.length;
            if (messages == TRANSACTION_MESSAGES || bytes >= TRANSACTION_BYTES) {
                commit();
            }
        }

        void commit() {
            if (messages > 0) {
                to.commitTransaction();
                sent += messages;
                messages = 0;
                bytes = 0;
                progress.accept(sent);
            }
        }
    }

    /** Returns the message, for the partition that it came from if there is one. */
    private static ProducerRecord<byte[], byte[]> message(
            StoredDeadLetter letter, int numPartitions) {
        MessagePlace place = letter.place();
        List<org.apache.kafka.common.header.Header> headers = new ArrayList<>();
        for (Header header : letter.event().getHeaders()) {
            headers.add(
                    new RecordHeader(header.getKey(), StoredDeadLetter.bytes(header.getValue())));
        }
        headers.add(new RecordHeader(REPLAY_OF, place.toString().getBytes(StandardCharsets.UTF_8)));
        return new ProducerRecord<>(
                place.topic(),
                place.partition() < numPartitions ? place.partition() : null,
                letter.key(),
                letter.value(),
                headers);
    }

    @Override
    public void close() {
        if (producer != null) {
            producer.close(CLOSE_TIMEOUT);
        }
    }
}
