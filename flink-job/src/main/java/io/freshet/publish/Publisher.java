package io.freshet.publish;

import io.freshet.classifier.SnapshotHash;
import io.freshet.ingest.DeadLetter;
import io.freshet.ingest.RawMessage;
import io.freshet.learn.Expert;
import io.freshet.learn.LearnConfig;
import io.freshet.learn.ModelProgress;
import io.freshet.learn.ModelSnapshot;
import io.freshet.learn.Prediction;
import io.freshet.learn.drift.DriftAlert;
import io.freshet.model.ensemble.EnsembleParameters;
import io.freshet.model.scale.ScalerRule;
import io.freshet.model.sparse.SparseParameters;
import io.freshet.monitor.MonitorConfig;
import io.freshet.monitor.RollingMetrics;
import io.freshet.registry.RegistryHealth;
import io.freshet.registry.RegistryRefusedException;
import io.freshet.registry.SchemaRegistry;
import io.freshet.schemas.DeadLetterEvent;
import io.freshet.schemas.DriftAlertEvent;
import io.freshet.schemas.EventSchemas;
import io.freshet.schemas.Header;
import io.freshet.schemas.MetricsEvent;
import io.freshet.schemas.ModelSnapshotEvent;
import io.freshet.schemas.PredictionEvent;
import io.freshet.schemas.Provenance;
import io.freshet.schemas.ScalerSnapshot;
import java.io.IOException;
import java.io.InputStream;
import java.io.Serializable;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collection;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import java.util.function.Consumer;
import java.util.function.UnaryOperator;
import org.apache.avro.specific.SpecificData;
import org.apache.avro.specific.SpecificRecordBase;
import org.jspecify.annotations.Nullable;

/**
 * Encoder of the job's results as events in the configured format.
 *
 * <p>Not thread-safe. The publisher is serialised in the job graph, which the JobManager
 * deserialises in threads that outlive the job. Avro's thread-local objects would keep the job's
 * class loader alive there, so that this class must not initialise Avro before a task opens it.
 */
public final class Publisher implements Serializable {
    private static final long serialVersionUID = 1;

    private static final List<Topic> SNAPSHOTS = List.of(Topic.MODELS, Topic.MODEL_HISTORY);

    private final PublishConfig config;
    private final LearnConfig learn;
    private final MonitorConfig monitor;
    private final JobIdentity job;
    private transient @Nullable EventEncoder encoder;

    /**
     * @param learn class names and hyper-parameters for snapshots
     * @param monitor window sizes and other settings for metrics
     * @param job identity of the job in its records
     */
    public Publisher(
            PublishConfig config, LearnConfig learn, MonitorConfig monitor, JobIdentity job) {
        this.config = config;
        this.learn = learn;
        this.monitor = monitor;
        this.job = job;
    }

    /**
     * Prepares to encode events. If their format needs a schema registry, this asks it for the ids
     * of their schemas, registers those that it does not have, and waits while it does not answer.
     *
     * @param topics topics of the events
     * @param secrets function that replaces references to secrets in a text by what they refer to
     * @param health receives what becomes of the requests
     * @throws RegistryRefusedException if the registry rejects the login or a schema
     * @throws InterruptedException if the thread is interrupted while it waits
     */
    void open(Collection<Topic> topics, UnaryOperator<String> secrets, RegistryHealth health)
            throws RegistryRefusedException, InterruptedException {
        Map<Topic, Integer> ids = new EnumMap<>(Topic.class);
        if (config.registry() != null) {
            try (SchemaRegistry registry = new SchemaRegistry(config.registry(), secrets, health)) {
                for (Topic topic : topics) {
                    ids.put(topic, registry.register(config.subject(topic), text(topic)));
                }
            }
        }
        encoder = config.format().encoder(ids);
    }

    /** Returns whether events are encoded with the ids of a schema registry. */
    boolean needsRegistry() {
        return config.registry() != null;
    }

    /** Returns the text of the schema of a topic's events, as it was released. */
    private static String text(Topic topic) {
        long fingerprint = EventSchemas.fingerprint(SpecificData.get().getSchema(topic.event()));
        return EventSchemas.store().findByFingerprint(fingerprint).toString();
    }

    /** Encodes rolling metrics as a {@code MetricsEvent}. */
    public Publication metrics(RollingMetrics metrics) {
        MetricsEvent event = MetricsFields.event(metrics, monitor, job);
        return publication(Topic.METRICS, utf8(metrics.modelId()), event);
    }

    /** Encodes a detected drift as a {@code DriftAlertEvent}. */
    public Publication driftAlert(DriftAlert alert) {
        DriftAlertEvent event = DriftFields.event(alert, job);
        return publication(Topic.DRIFT_ALERTS, utf8(alert.modelId()), event);
    }

    /** Encodes a prediction as a {@code PredictionEvent}. */
    public Publication prediction(Prediction prediction) {
        PredictionEvent event =
                PredictionFields.event(prediction, learn.labelType(), config.topK(), job);
        return publication(Topic.PREDICTIONS, utf8(prediction.modelId()), event);
    }

    /**
     * Encodes a snapshot as {@code ModelSnapshotEvent}s, each for both topics of snapshots. How
     * many parameters each has depends on {@code models.chunk-size} and the format.
     */
    public void snapshot(ModelSnapshot snapshot, Consumer<Publication> publications) {
        SnapshotChunks chunks = SnapshotChunks.of(snapshot, config, learn.featureSettings());
        String contentHash = contentHash(snapshot, chunks.dense());
        for (int chunk = 0; chunk < chunks.count(); chunk++) {
            boolean first = chunk == 0;
            ModelSnapshotEvent.Builder event =
                    ModelSnapshotEvent.newBuilder()
                            .setModelId(snapshot.modelId())
                            .setModelVersion(snapshot.progress().modelVersion())
                            .setTimestamp(ProgressFields.timestamp(snapshot.progress()))
                            .setChunk(chunk)
                            .setChunks(chunks.count())
                            .setContentHash(contentHash)
                            .setNumFeatures(learn.learner().numFeatures())
                            .setClasses(
                                    first
                                            ? snapshot.progress().classes(learn.classes())
                                            : List.of())
                            .setScaler(first ? scaler(snapshot) : null)
                            .setProvenance(first ? provenance(snapshot.progress()) : null)
                            .setExperts(
                                    first ? ProgressFields.experts(snapshot.progress()) : List.of())
                            .setActivation(snapshot.activation())
                            .setNumOutputs(snapshot.numOutputs())
                            .setJob(job.name())
                            .setEpoch(job.epoch())
                            .setScaleLimit(scaleLimit(snapshot))
                            .setEnsemble(
                                    first
                                            ? EnsembleFields.snapshot(
                                                    snapshot.ensemble(), snapshot.numOutputs())
                                            : null);
            chunks.write(chunk, event);
            byte[] key = utf8(snapshot.modelId() + "/" + chunk);
            encode(key, event.build(), SNAPSHOTS).forEach(publications);
        }
    }

    private static String contentHash(ModelSnapshot snapshot, float[] dense) {
        SnapshotHash hash = new SnapshotHash();
        SparseParameters sparse = snapshot.sparse();
        if (sparse == null) {
            hash.add(dense);
        } else {
            hash.addRows(sparse.columns(), sparse.scales(), sparse.parameters());
        }
        double[] mean = snapshot.scalerMean();
        double[] variance = snapshot.scalerVariance();
        float[] limit = snapshot.scalerLimit();
        if (mean != null && variance != null && limit != null) {
            hash.add(mean);
            hash.add(variance);
            hash.add(limit);
        }
        Expert[] experts = snapshot.progress().experts();
        if (experts.length > 1) {
            hash.add(Arrays.stream(experts).mapToDouble(Expert::weight).toArray());
        }
        EnsembleParameters ensemble = snapshot.ensemble();
        if (ensemble != null) {
            EnsembleFields.addTo(hash, ensemble);
        }
        return hash.hexadecimal();
    }

    private float scaleLimit(ModelSnapshot snapshot) {
        ScalerRule scaler = learn.learner().scaler();
        return snapshot.sparse() == null || scaler == null ? 0 : (float) scaler.clip();
    }

    /** Encodes a dead letter as a {@code DeadLetterEvent}. */
    public Publication deadLetter(DeadLetter letter) {
        RawMessage message = letter.message();
        List<Header> headers = new ArrayList<>();
        for (int i = 0; i < message.headerKeys().length; i++) {
            headers.add(new Header(message.headerKeys()[i], buffer(message.headerValues()[i])));
        }
        DeadLetterEvent event =
                DeadLetterEvent.newBuilder()
                        .setTopic(message.topic())
                        .setPartition(message.partition())
                        .setOffset(message.offset())
                        .setTimestamp(Instant.ofEpochMilli(message.timestamp()))
                        .setKey(buffer(message.key()))
                        .setValue(buffer(message.value()))
                        .setHeaders(headers)
                        .setModelId(letter.modelId())
                        .setReason(letter.reason().name())
                        .setDetail(letter.detail())
                        .setJob(job.name())
                        .setEpoch(job.epoch())
                        .build();
        return publication(Topic.DEAD_LETTERS, message.key(), event);
    }

    private static @Nullable ScalerSnapshot scaler(ModelSnapshot snapshot) {
        double[] mean = snapshot.scalerMean();
        double[] variance = snapshot.scalerVariance();
        float[] limit = snapshot.scalerLimit();
        if (mean == null || variance == null || limit == null) {
            return null;
        }
        return new ScalerSnapshot(
                snapshot.scalerCount(),
                Arrays.stream(mean).boxed().toList(),
                Arrays.stream(variance).boxed().toList(),
                SnapshotChunks.list(limit, 0, limit.length));
    }

    private Provenance provenance(ModelProgress progress) {
        return new Provenance(
                JobVersion.INSTANCE,
                progress.examplesSeen(),
                ProgressFields.audit(progress.audit()),
                ProgressFields.offsets(progress),
                learn.hyperParameters(),
                ProgressFields.partitions(progress, job));
    }

    private static byte[] utf8(String text) {
        return text.getBytes(StandardCharsets.UTF_8);
    }

    private static @Nullable ByteBuffer buffer(byte @Nullable [] bytes) {
        return bytes == null ? null : ByteBuffer.wrap(bytes);
    }

    private Publication publication(Topic topic, byte @Nullable [] key, SpecificRecordBase event) {
        return encode(key, event, List.of(topic)).get(0);
    }

    private List<Publication> encode(
            byte @Nullable [] key, SpecificRecordBase event, List<Topic> topics) {
        if (encoder == null) {
            throw new IllegalStateException("the publisher is not open");
        }
        return encoder.encode(key, event, topics);
    }

    /** Returns the version of the job, which the build sets. */
    public static String jobVersion() {
        return JobVersion.INSTANCE;
    }

    /** Version of the job, set at build time. */
    private static final class JobVersion {
        static final String INSTANCE = read();

        private JobVersion() {}

        private static String read() {
            try (InputStream in = Publisher.class.getResourceAsStream("version.properties")) {
                Properties properties = new Properties();
                properties.load(in);
                return properties.getProperty("version");
            } catch (IOException e) {
                throw new UncheckedIOException("version.properties cannot be read", e);
            }
        }
    }
}
