package io.freshet.local.inspect;

import com.fasterxml.jackson.core.JsonProcessingException;
import io.freshet.config.Key;
import io.freshet.ingest.ForeignFormat;
import io.freshet.ingest.RawMessage;
import io.freshet.ingest.SourceFormat;
import io.freshet.ingest.mapping.FieldSource;
import io.freshet.local.cli.JsonProblems;
import io.freshet.local.cli.UserException;
import io.freshet.local.message.AvroMessages;
import io.freshet.local.table.JsonRows;
import io.freshet.local.table.NumberStyle;
import io.freshet.local.table.Row;
import io.freshet.pipeline.JobTopics;
import io.freshet.pipeline.KafkaConfig;
import io.freshet.pipeline.KafkaPreflight;
import io.freshet.pipeline.PollLoop;
import io.freshet.pipeline.PreflightException;
import io.freshet.pipeline.RawMessages;
import io.freshet.registry.RegistryRefusedException;
import io.freshet.registry.SchemaRegistry;
import io.freshet.schemas.EventSchemas;
import io.freshet.schemas.LabelledEvent;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Properties;
import java.util.Set;
import org.apache.avro.Schema;
import org.apache.kafka.clients.consumer.ConsumerConfig;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.common.PartitionInfo;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.errors.TimeoutException;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.jspecify.annotations.Nullable;

/** Summary of the newest messages of topics, taken evenly from their partitions. */
public final class TopicSample {
    /** Bytes of messages that are kept for a trial. */
    private static final long MAX_KEPT_BYTES = 64 << 20;

    private static final int SINGLE_OBJECT_HEADER = 10;

    private final DataProfile profile =
            new DataProfile(Set.of(NumberStyle.PLAIN), NumberStyle.PLAIN);
    private final List<RawMessage> messages = new ArrayList<>();
    private final JobTopics topics;
    private final Duration wait;
    private long keptBytes;
    private long read;
    private long empty;
    private byte @Nullable [] firstUnreadable;
    private String firstProblem = "";
    private boolean complete;

    private TopicSample(JobTopics topics, Duration wait) {
        this.topics = topics;
        this.wait = wait;
    }

    /**
     * Reads messages.
     *
     * @param topics brokers, topics and format; the mapping may be incomplete
     * @param count number of messages to read at most
     * @param wait time without an answer or a message after which this gives up
     * @throws UserException if there is no message in the format
     * @throws PreflightException if the brokers do not answer, or a topic does not exist
     */
    public static TopicSample read(JobTopics topics, int count, Duration wait)
            throws PreflightException, InterruptedException {
        TopicSample sample = new TopicSample(topics, wait);
        Set<String> names = KafkaPreflight.requireInput(topics.kafka());
        sample.requireRegistry();
        try (AvroMessages avro = new AvroMessages(topics)) {
            sample.read(names, count, avro);
        } catch (TimeoutException e) {
            throw new UserException(
                    "the brokers did not answer within "
                            + wait.toSeconds()
                            + " s: "
                            + e.getMessage(),
                    e);
        }
        if (sample.profile.rows() == 0) {
            throw new UserException("topic " + topics.kafka().labelled() + sample.emptiness());
        }
        sample.profile.end();
        return sample;
    }

    private void requireRegistry() throws InterruptedException {
        try (SchemaRegistry registry = topics.openRegistry()) {
            if (registry != null) {
                Optional<String> outage = registry.outage();
                if (outage.isPresent()) {
                    throw new UserException(outage.get());
                }
            }
        } catch (RegistryRefusedException e) {
            throw new UserException(String.valueOf(e.getMessage()), e);
        }
    }

    private void read(Set<String> names, int count, AvroMessages avro) {
        KafkaConfig kafka = topics.kafka();
        Properties properties = kafka.clientProperties();
        properties.put(ConsumerConfig.ISOLATION_LEVEL_CONFIG, "read_committed");
        properties.put(ConsumerConfig.ALLOW_AUTO_CREATE_TOPICS_CONFIG, "false");
        properties.putIfAbsent(
                ConsumerConfig.DEFAULT_API_TIMEOUT_MS_CONFIG, Long.toString(wait.toMillis()));
        try (KafkaConsumer<byte[], byte[]> consumer =
                new KafkaConsumer<>(
                        properties, new ByteArrayDeserializer(), new ByteArrayDeserializer())) {
            List<TopicPartition> partitions = new ArrayList<>();
            for (String topic : names) {
                for (PartitionInfo partition : consumer.partitionsFor(topic)) {
                    partitions.add(new TopicPartition(partition.topic(), partition.partition()));
                }
            }
            consumer.assign(partitions);
            Map<TopicPartition, Long> ends = consumer.endOffsets(partitions);
            Map<TopicPartition, Long> starts = new HashMap<>(consumer.beginningOffsets(partitions));
            long each = Math.max(1, count / partitions.size());
            for (TopicPartition partition : partitions) {
                long first =
                        Math.max(
                                starts.getOrDefault(partition, 0L),
                                ends.getOrDefault(partition, 0L) - each);
                consumer.seek(partition, first);
            }
            complete =
                    PollLoop.readBefore(
                            consumer, ends, wait, record -> add(RawMessages.of(record), avro));
        }
    }

    private void add(RawMessage message, AvroMessages avro) {
        read++;
        byte[] value = message.value();
        if (keptBytes < MAX_KEPT_BYTES) {
            messages.add(message);
            keptBytes += value == null ? 0 : value.length;
        }
        if (value == null || value.length == 0) {
            empty++;
            return;
        }
        try {
            profile.add(row(value, avro));
        } catch (UserException e) {
            throw e;
        } catch (JsonProcessingException e) {
            addUnreadable(value, JsonProblems.describe(e));
        } catch (IOException | RuntimeException | StackOverflowError e) {
            addUnreadable(value, e.getMessage()); // the trial counts it as a dead letter
        }
        for (FieldSource source : topics.source().mapping().sources().values()) {
            if (source.path() == null) {
                byte[] bytes =
                        source.header() == null ? message.key() : message.header(source.header());
                profile.addOutside(
                        source, bytes == null ? null : new String(bytes, StandardCharsets.UTF_8));
            }
        }
    }

    private Row row(byte[] value, AvroMessages avro) throws IOException {
        return topics.source().format() == SourceFormat.JSON
                ? JsonRows.row(profile.rows(), value)
                : AvroRows.row(profile.rows(), avro.read(value));
    }

    private void addUnreadable(byte[] value, @Nullable String problem) {
        if (firstUnreadable == null) {
            firstUnreadable = value;
            firstProblem = problem == null ? "they are malformed" : problem;
        }
    }

    /**
     * Returns why there is nothing to inspect: the end of a sentence that begins with the topic.
     */
    private String emptiness() {
        byte[] value = firstUnreadable;
        if (value != null) {
            return " has no " + described() + " in its newest messages: " + looks(value);
        }
        if (empty > 0) {
            return " has only messages without a value among its newest";
        }
        return complete
                ? " has no committed messages"
                : " gave no message within " + wait.toSeconds() + " s";
    }

    private String described() {
        return topics.source().format() == SourceFormat.JSON
                ? "JSON objects"
                : "records in " + Key.kebab(topics.source().format());
    }

    /** Returns what a message looks like, and the setting for it. */
    private String looks(byte[] value) {
        ForeignFormat found = ForeignFormat.of(value);
        SourceFormat format = topics.source().format();
        if (found == null) {
            return format == SourceFormat.JSON
                    ? "they may be bare Avro: set source.format=avro, source.avro-encoding=bare and"
                            + " source.avro-schemas"
                    : firstProblem;
        }
        if (found == ForeignFormat.SINGLE_OBJECT && isFreshets(value)) {
            return "they are in Freshet's own schema, which needs no mapping";
        }
        String guess = ForeignFormat.guess(value);
        return switch (found) {
            case REGISTRY ->
                    format == SourceFormat.CONFLUENT_AVRO
                            ? firstProblem
                            : guess + ": set source.format=confluent-avro and schema.registry.url";
            case SINGLE_OBJECT ->
                    format == SourceFormat.AVRO
                            ? firstProblem
                            : guess + ": set source.format=avro and source.avro-schemas";
            case JSON ->
                    format == SourceFormat.JSON ? firstProblem : guess + ": set source.format=json";
            case JSON_CUT_OFF, AVRO_FILE, GZIP, TEXT -> String.valueOf(guess);
        };
    }

    private static boolean isFreshets(byte[] value) {
        if (value.length < SINGLE_OBJECT_HEADER) {
            return false;
        }
        Schema schema =
                EventSchemas.store()
                        .findByFingerprint(Long.reverseBytes(ByteBuffer.wrap(value).getLong(2)));
        return schema != null && schema.getFullName().equals(LabelledEvent.class.getName());
    }

    /** Returns the summary of the messages that have the format. */
    public DataProfile profile() {
        return profile;
    }

    /** Returns the messages that were read, the first {@link #MAX_KEPT_BYTES} bytes of them. */
    public List<RawMessage> messages() {
        return List.copyOf(messages);
    }

    /**
     * Returns what a person should know about the sample, a sentence each without its full stop.
     */
    public List<String> notes() {
        List<String> notes = new ArrayList<>();
        if (!complete) {
            notes.add("after " + read + " messages nothing came for " + wait.toSeconds() + " s");
        }
        if (messages.size() < read) {
            notes.add("dead letters are those of the first " + messages.size() + " messages");
        }
        return notes;
    }
}
