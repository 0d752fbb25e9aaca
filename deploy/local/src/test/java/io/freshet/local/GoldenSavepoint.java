package io.freshet.local;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.freshet.local.audit.AuditReader;
import io.freshet.local.audit.TopicReader;
import io.freshet.local.cluster.EmbeddedKafka;
import io.freshet.local.cluster.LocalCluster;
import io.freshet.local.cluster.SourceProgress;
import io.freshet.local.cluster.Topics;
import io.freshet.pipeline.JobCheckpoint;
import io.freshet.pipeline.JobConfig;
import io.freshet.pipeline.JobStart;
import io.freshet.pipeline.StartOptions;
import io.freshet.publish.Topic;
import io.freshet.schemas.EventReader;
import io.freshet.schemas.PredictionEvent;
import java.io.DataInputStream;
import java.io.IOException;
import java.io.Reader;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import java.util.TreeMap;
import java.util.stream.Stream;
import org.apache.avro.specific.SpecificRecordBase;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.jspecify.annotations.Nullable;

/**
 * Savepoint that a release of the job has written, with what the same release published when it
 * continued from it. {@link GoldenSavepointWriter} writes the files:
 *
 * <ul>
 *   <li>{@code savepoint/}: the savepoint;
 *   <li>{@code job.properties}: every key of the job;
 *   <li>{@code about.properties}: the number of events before the savepoint, and the kernels of
 *       OpenBLAS that computed the results;
 *   <li>{@code events.bin}: the events after the savepoint, each with its length before it;
 *   <li>{@code results.jsonl}: the records that the job publishes after the savepoint, one per
 *       line;
 *   <li>{@code state.txt}: every value of the models' state ({@code io.freshet.learn.GoldenState}
 *       among the job's tests writes it).
 * </ul>
 *
 * @param directory directory with these files
 */
record GoldenSavepoint(Path directory) {
    /** Directory of the savepoints of all releases, relative to this module. */
    static final Path RELEASES = Path.of("src", "test", "resources", "golden");

    static final String EVENTS_BEFORE = "events-before";
    static final String KERNELS = "kernels";
    static final ObjectMapper JSON = new ObjectMapper();

    /** Fields that depend on when the job runs and on its release. */
    private static final List<String> VARYING =
            List.of("attempt", "toldAt", "throughput", "eventTimeLag");

    private static final String LABELLED_EVENTS = "topics.labelled-events";

    /** Starts a broker that keeps records of any age. */
    static EmbeddedKafka startKafka() throws IOException {
        return EmbeddedKafka.start(Map.of("log.retention.ms", "-1"));
    }

    /** Returns the savepoints of all releases. */
    static List<GoldenSavepoint> all() throws IOException {
        try (Stream<Path> directories = Files.walk(RELEASES, 2)) {
            return directories
                    .filter(path -> Files.exists(path.resolve("job.properties")))
                    .sorted()
                    .map(GoldenSavepoint::new)
                    .toList();
        }
    }

    Path savepoint() {
        return directory.resolve("savepoint");
    }

    Map<String, String> settings() throws IOException {
        return properties("job.properties");
    }

    /** Returns a property of the file {@code about.properties}. */
    String about(String property) throws IOException {
        String value = properties("about.properties").get(property);
        if (value == null) {
            throw new IOException(property + " is missing in " + directory);
        }
        return value;
    }

    private Map<String, String> properties(String file) throws IOException {
        Properties properties = new Properties();
        try (Reader reader = Files.newBufferedReader(directory.resolve(file))) {
            properties.load(reader);
        }
        Map<String, String> values = new TreeMap<>();
        properties.forEach((key, value) -> values.put((String) key, (String) value));
        return values;
    }

    /** Returns the events after the savepoint. */
    List<byte[]> events() throws IOException {
        List<byte[]> events = new ArrayList<>();
        try (DataInputStream in =
                new DataInputStream(Files.newInputStream(directory.resolve("events.bin")))) {
            for (int left = in.readInt(); left > 0; left--) {
                events.add(in.readNBytes(in.readInt()));
            }
        }
        return events;
    }

    /** Returns the records that the release published after the savepoint, in order. */
    List<JsonNode> results() throws IOException {
        List<JsonNode> results = new ArrayList<>();
        for (String line : Files.readAllLines(directory.resolve("results.jsonl"))) {
            results.add(JSON.readTree(line));
        }
        return results;
    }

    /**
     * Returns the configuration of the job on a broker, without anything by which the time would
     * decide where a block or a metrics record ends.
     */
    JobConfig config(EmbeddedKafka kafka) throws IOException {
        Map<String, String> settings = new HashMap<>(settings());
        // Before there was the key, every learner was linear; an upgrade has to set it.
        settings.putIfAbsent("learner.type", "softmax");
        settings.put("kafka.bootstrap.servers", kafka.bootstrapServers());
        settings.put("checkpoint.interval", "10 min");
        settings.put("block.max-wait", "1 h");
        settings.put("metrics.max-interval", "1 h");
        settings.put("block.size", "16");
        settings.put("metrics.every", "40");
        settings.put("models.max", "2");
        return JobConfig.parse(settings);
    }

    /**
     * Creates the job's topics, and sends as many records as the release had read before the
     * savepoint, and its events after it. The offsets are then as they were.
     */
    void createTopics(JobConfig config) throws Exception {
        Topics.create(config.topics(), 1);
        byte[][] before = new byte[Integer.parseInt(about(EVENTS_BEFORE))][0];
        send(config, Arrays.asList(before));
        send(config, events());
    }

    /** Sends values in order, with their indices as Kafka's timestamps. */
    @SuppressWarnings("FutureReturnValueIgnored") // close() waits; the results show a loss
    static void send(JobConfig config, List<byte @Nullable []> values) {
        Map<String, Object> properties = new HashMap<>(config.kafka().client());
        String topic = config.kafka().labelledEvents();
        try (KafkaProducer<byte[], byte[]> producer =
                new KafkaProducer<>(
                        properties, new ByteArraySerializer(), new ByteArraySerializer())) {
            for (int i = 0; i < values.size(); i++) {
                producer.send(new ProducerRecord<>(topic, 0, (long) i, null, values.get(i)));
            }
        }
    }

    /**
     * Decides how the job starts from a copy of the savepoint, as {@code freshet run} does.
     *
     * @param copy directory for the copy, which Flink may delete
     * @param accepted keys whose new values are accepted
     */
    JobStart start(JobConfig config, Path copy, String... accepted) throws Exception {
        if (!Files.exists(copy)) {
            copy(savepoint(), copy);
        }
        return JobStart.decide(
                config,
                new StartOptions(false, false, List.of(accepted)),
                JobCheckpoint.read(copy.toUri().toString()),
                line -> {});
    }

    private static void copy(Path from, Path to) throws IOException {
        Files.createDirectories(to);
        try (Stream<Path> files = Files.list(from)) {
            for (Path file : files.toList()) {
                Files.copy(file, to.resolve(file.getFileName()));
            }
        }
    }

    /**
     * Continues the job from the savepoint until it has read every event, and returns the records
     * that it publishes. The input topic must be {@linkplain #createTopics filled}; its id differs
     * from the one in the state, which the start accepts.
     *
     * @param copy directory for a copy of the savepoint
     */
    List<JsonNode> resume(JobConfig config, Path copy) throws Exception {
        JobStart start = start(config, copy, LABELLED_EVENTS);
        try (LocalCluster cluster =
                LocalCluster.start(config, start, null, LocalCluster.ANY_PORT)) {
            cluster.awaitRunning();
            SourceProgress progress = SourceProgress.toCurrentEnd(config, cluster.sourceOffsets());
            JobOnKafka.await(
                    "the source to read everything",
                    () -> hasFailed(cluster) || progress.isComplete());
            if (hasFailed(cluster)) {
                throw new AssertionError("the job has failed: " + cluster.failure());
            }
            cluster.stopWithDrain();
        }
        List<JsonNode> results = new ArrayList<>();
        for (Topic topic : Topic.values()) {
            try (TopicReader reader =
                    new TopicReader(config.kafka().client(), config.publish().topic(topic))) {
                reader.readToEnd(record -> results.add(json(topic, record)));
            }
        }
        return results;
    }

    private static boolean hasFailed(LocalCluster cluster) {
        try {
            return cluster.status().isGloballyTerminalState();
        } catch (Exception e) {
            throw new IllegalStateException(e);
        }
    }

    private static JsonNode json(Topic topic, ConsumerRecord<byte[], byte[]> record) {
        ObjectNode line = JSON.createObjectNode();
        line.put("topic", topic.key().name());
        line.put(
                "key",
                record.key() == null ? null : new String(record.key(), StandardCharsets.UTF_8));
        ObjectNode value = line.putObject("value");
        try {
            value.setAll((ObjectNode) JSON.readTree(decode(topic, record).toString()));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        value.remove(VARYING);
        value.findParents("jobVersion")
                .forEach(provenance -> ((ObjectNode) provenance).remove("jobVersion"));
        value.findParents("topicId")
                .forEach(partition -> ((ObjectNode) partition).remove("topicId"));
        return line;
    }

    private static SpecificRecordBase decode(Topic topic, ConsumerRecord<byte[], byte[]> record) {
        return switch (topic) {
            case METRICS -> AuditReader.read(AuditReader.METRICS, record);
            case DRIFT_ALERTS -> AuditReader.read(AuditReader.DRIFT_ALERTS, record);
            case PREDICTIONS -> AuditReader.read(EventReader.of(PredictionEvent.class), record);
            case MODELS, MODEL_HISTORY -> AuditReader.read(AuditReader.SNAPSHOTS, record);
            case DEAD_LETTERS -> AuditReader.read(AuditReader.DEAD_LETTERS, record);
        };
    }

    @Override
    public String toString() {
        return RELEASES.relativize(directory).toString();
    }
}
