package io.freshet.local;

import io.freshet.local.audit.AuditReader;
import io.freshet.local.audit.TopicAudit;
import io.freshet.local.audit.TopicReader;
import io.freshet.local.cluster.EmbeddedKafka;
import io.freshet.local.cluster.LocalCluster;
import io.freshet.local.cluster.SourceProgress;
import io.freshet.local.cluster.Topics;
import io.freshet.pipeline.JobConfig;
import io.freshet.publish.Topic;
import io.freshet.schemas.Audit;
import io.freshet.schemas.DenseFeatures;
import io.freshet.schemas.LabelledEvent;
import io.freshet.schemas.MetricsEvent;
import io.freshet.schemas.ModelSnapshotEvent;
import io.freshet.schemas.PredictionEvent;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.jspecify.annotations.Nullable;

/** Job on a real broker, with its own topics, for tests. */
public final class JobOnKafka implements AutoCloseable {
    /** Default names of a job's topics. */
    static final List<String> TOPICS =
            List.of(
                    "labelled-events",
                    "metrics",
                    "drift-alerts",
                    "predictions",
                    "models",
                    "model-history",
                    "dead-letters");

    /** Settings of a job that restarts immediately after a failure. */
    static final Map<String, String> RESTARTS =
            Map.of(
                    "flink.restart-strategy.type", "fixed-delay",
                    "flink.restart-strategy.fixed-delay.attempts", "100",
                    "flink.restart-strategy.fixed-delay.delay", "50 ms");

    private static final long TIMEOUT_NANOS = TimeUnit.SECONDS.toNanos(120);

    private final JobConfig config;
    private final LocalCluster cluster;

    private JobOnKafka(JobConfig config, LocalCluster cluster) {
        this.config = config;
        this.cluster = cluster;
    }

    /** Returns settings of a job, with a prefix for its topics. */
    public static Map<String, String> settings(
            EmbeddedKafka kafka, String name, int numFeatures, String classes) {
        Map<String, String> settings = new HashMap<>();
        settings.put("kafka.bootstrap.servers", kafka.bootstrapServers());
        settings.put("num-features", Integer.toString(numFeatures));
        settings.put("classes", classes);
        settings.put("checkpoint.interval", "200 ms");
        settings.put("source.group-id", name);
        settings.put("sink.transactional-id-prefix", name);
        for (String topic : TOPICS) {
            settings.put("topics." + topic, name + "-" + topic);
        }
        return settings;
    }

    /** Creates the topics of a job, and starts it. */
    public static JobOnKafka start(Map<String, String> settings) throws Exception {
        JobConfig config = JobConfig.parse(settings);
        Topics.create(config.topics(), 1);
        LocalCluster cluster = LocalCluster.start(config, LocalCluster.ANY_PORT);
        cluster.awaitRunning();
        return new JobOnKafka(config, cluster);
    }

    /** Returns the job's configuration. */
    public JobConfig config() {
        return config;
    }

    LocalCluster cluster() {
        return cluster;
    }

    /** Sends values in order, including null values. */
    public void send(List<byte @Nullable []> values) {
        send(config, values);
    }

    /** Sends values in order, including null values, to a job's topic of labelled events. */
    static void send(JobConfig config, List<byte @Nullable []> values) {
        send(config, config.kafka().labelledEvents(), values);
    }

    /** Sends values in order to another topic than that of labelled events. */
    public void send(String topic, List<byte[]> values) {
        send(config, topic, values);
    }

    @SuppressWarnings("FutureReturnValueIgnored") // close() waits, and the audit detects losses
    private static void send(JobConfig config, String topic, List<byte @Nullable []> values) {
        Map<String, Object> properties = new HashMap<>(config.kafka().client());
        properties.put("max.request.size", 2 << 20);
        try (KafkaProducer<byte[], byte[]> producer =
                new KafkaProducer<>(
                        properties, new ByteArraySerializer(), new ByteArraySerializer())) {
            for (byte[] value : values) {
                producer.send(new ProducerRecord<>(topic, value));
            }
        }
    }

    /** Stops the job after it has read everything, and audits its topics. */
    public TopicAudit finish() throws Exception {
        SourceProgress progress = SourceProgress.toCurrentEnd(config, cluster.sourceOffsets());
        await("the source to read everything", progress::isComplete);
        cluster.stopWithDrain();
        return AuditReader.read(config);
    }

    /** Waits until a condition holds, for at most two minutes. */
    public static void await(String what, BooleanSupplier condition) {
        long deadline = System.nanoTime() + TIMEOUT_NANOS;
        while (!condition.getAsBoolean()) {
            if (System.nanoTime() > deadline) {
                throw new AssertionError("waited two minutes for " + what);
            }
            LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(20));
        }
    }

    /** Waits until a job has published metrics. */
    static void awaitMetrics(JobConfig config) {
        try (TopicReader metrics =
                new TopicReader(config.kafka().client(), config.publish().topic(Topic.METRICS))) {
            await(
                    "the job's metrics",
                    () -> metrics.poll(Duration.ofMillis(100)).iterator().hasNext());
        }
    }

    /** Returns the newest snapshot of each model; all have a single chunk. */
    public Map<String, ModelSnapshotEvent> models() {
        Map<String, ModelSnapshotEvent> models = new TreeMap<>();
        try (TopicReader reader =
                new TopicReader(config.kafka().client(), config.publish().topic(Topic.MODELS))) {
            reader.readToEnd(
                    record -> {
                        ModelSnapshotEvent event = AuditReader.read(AuditReader.SNAPSHOTS, record);
                        models.put(event.getModelId(), event);
                    });
        }
        return models;
    }

    /** Returns all published predictions in the order of their topic's partitions. */
    public List<PredictionEvent> predictions() {
        return predictions(config);
    }

    /** Returns all published predictions of a job. */
    static List<PredictionEvent> predictions(JobConfig config) {
        List<PredictionEvent> predictions = new ArrayList<>();
        try (TopicReader reader =
                new TopicReader(
                        config.kafka().client(), config.publish().topic(Topic.PREDICTIONS))) {
            reader.readToEnd(
                    record -> predictions.add(AuditReader.read(AuditReader.PREDICTIONS, record)));
        }
        return predictions;
    }

    @Override
    public void close() throws IOException {
        cluster.close();
    }

    /** Returns a seeded stream of labelled events of several models, one in ten without a label. */
    public static List<LabelledEvent> events(
            long seed, int count, int numFeatures, int numClasses, String... modelIds) {
        Random random = new Random(seed);
        List<LabelledEvent> events = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            int label = random.nextInt(numClasses);
            List<Float> features = new ArrayList<>();
            for (int j = 0; j < numFeatures; j++) {
                double centre = j % numClasses == label ? 1 : 0;
                features.add((float) ((random.nextGaussian() + centre) * (j + 1)));
            }
            events.add(
                    LabelledEvent.newBuilder()
                            .setId(Integer.toString(i))
                            .setModelId(modelIds[random.nextInt(modelIds.length)])
                            .setTimestamp(Instant.ofEpochMilli(i))
                            .setFeatures(new DenseFeatures(features))
                            .setLabel(random.nextInt(10) == 0 ? null : label)
                            .setWeight(0.5f + random.nextInt(4) * 0.5f)
                            .build());
        }
        return events;
    }

    /** Returns the number of events whose outcome a metrics record counts. */
    static long outcomes(MetricsEvent event) {
        Audit audit = event.getAudit();
        return audit.getAccepted().getCount()
                + audit.getUnlabelled().getCount()
                + audit.getIgnored().getCount()
                + audit.getDeadLetters().getCount();
    }

    /** Returns the bytes of a record's field; null if it has none. */
    static byte @Nullable [] bytes(@Nullable ByteBuffer buffer) {
        if (buffer == null) {
            return null;
        }
        byte[] bytes = new byte[buffer.remaining()];
        buffer.duplicate().get(bytes);
        return bytes;
    }

    /** Returns an event in Avro's single-object encoding. */
    public static byte[] bytes(LabelledEvent event) {
        try {
            ByteBuffer encoded = event.toByteBuffer();
            byte[] bytes = new byte[encoded.remaining()];
            encoded.get(bytes);
            return bytes;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
