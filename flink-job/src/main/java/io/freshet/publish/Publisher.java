package io.freshet.publish;

import io.freshet.ingest.DeadLetter;
import io.freshet.ingest.RawMessage;
import io.freshet.learn.LearnConfig;
import io.freshet.learn.ModelProgress;
import io.freshet.learn.ModelSnapshot;
import io.freshet.learn.Prediction;
import io.freshet.learn.drift.DriftAlert;
import io.freshet.monitor.MonitorConfig;
import io.freshet.monitor.RollingMetrics;
import io.freshet.schemas.DeadLetterEvent;
import io.freshet.schemas.DriftAlertEvent;
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
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.Properties;
import java.util.function.Consumer;
import org.apache.avro.specific.SpecificRecordBase;
import org.jspecify.annotations.Nullable;

/**
 * Encoder of the job's results as events in the configured format.
 *
 * <p>Not thread-safe. The publisher is serialised in the job graph, which the JobManager
 * deserialises in threads that outlive the job. Avro's thread-local objects would keep the job's
 * class loader alive there, so that this class must not initialise Avro before a task encodes its
 * first event.
 */
public final class Publisher implements Serializable {
    private static final long serialVersionUID = 1;

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
                PredictionEvent.newBuilder()
                        .setModelId(prediction.modelId())
                        .setId(prediction.id())
                        .setTimestamp(Instant.ofEpochMilli(prediction.timestamp()))
                        .setSource(ProgressFields.offset(prediction.source()))
                        .setModelVersion(prediction.modelVersion())
                        .setPredictedClass(prediction.predictedClass())
                        .setPredictedLabel(prediction.predictedLabel())
                        .setProbabilities(
                                list(
                                        prediction.probabilities(),
                                        0,
                                        prediction.probabilities().length))
                        .setJob(job.name())
                        .setEpoch(job.epoch())
                        .build();
        return publication(Topic.PREDICTIONS, utf8(prediction.modelId()), event);
    }

    /**
     * Encodes a snapshot as {@code ModelSnapshotEvent}s, each for both topics of snapshots. How
     * many parameters each has depends on {@code models.chunk-size} and the format.
     */
    public void snapshot(ModelSnapshot snapshot, Consumer<Publication> publications) {
        int length = snapshot.parameters().length;
        double[] moments = snapshot.scalerMean();
        int inFirst = config.parametersInFirstRecord(moments == null ? 0 : moments.length);
        int inLater = config.parametersPerRecord();
        int chunks = 1 + (Math.max(0, length - inFirst) + inLater - 1) / inLater;
        String contentHash = contentHash(snapshot);
        for (int chunk = 0; chunk < chunks; chunk++) {
            boolean first = chunk == 0;
            int from = first ? 0 : inFirst + (chunk - 1) * inLater;
            int to = Math.min(from + (first ? inFirst : inLater), length);
            ModelSnapshotEvent event =
                    ModelSnapshotEvent.newBuilder()
                            .setModelId(snapshot.modelId())
                            .setModelVersion(snapshot.progress().modelVersion())
                            .setTimestamp(ProgressFields.timestamp(snapshot.progress()))
                            .setChunk(chunk)
                            .setChunks(chunks)
                            .setContentHash(contentHash)
                            .setNumFeatures(learn.learner().numFeatures())
                            .setClasses(
                                    first
                                            ? snapshot.progress().classes(learn.classes())
                                            : List.of())
                            .setParameterOffset(from)
                            .setParameters(list(snapshot.parameters(), from, to))
                            .setScaler(first ? scaler(snapshot) : null)
                            .setProvenance(first ? provenance(snapshot.progress()) : null)
                            .setExperts(
                                    first ? ProgressFields.experts(snapshot.progress()) : List.of())
                            .setActivation(snapshot.activation())
                            .setNumOutputs(snapshot.numOutputs())
                            .setJob(job.name())
                            .setEpoch(job.epoch())
                            .build();
            byte[] key = utf8(snapshot.modelId() + "/" + chunk);
            byte[] value = encode(Topic.MODELS, event);
            publications.accept(new Publication(Topic.MODELS, key, value));
            publications.accept(new Publication(Topic.MODEL_HISTORY, key, value));
        }
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
                list(limit, 0, limit.length));
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

    /**
     * Returns the SHA-256 of the parameters, the scaler's moments and limits and, for a mixture,
     * the weights of the experts, all little-endian and in this order.
     */
    private static String contentHash(ModelSnapshot snapshot) {
        MessageDigest sha256;
        try {
            sha256 = MessageDigest.getInstance("SHA-256");
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("every Java platform has SHA-256", e);
        }
        sha256.update(littleEndian(snapshot.parameters()));
        double[] mean = snapshot.scalerMean();
        double[] variance = snapshot.scalerVariance();
        float[] limit = snapshot.scalerLimit();
        if (mean != null && variance != null && limit != null) {
            sha256.update(littleEndian(mean));
            sha256.update(littleEndian(variance));
            sha256.update(littleEndian(limit));
        }
        io.freshet.learn.Expert[] experts = snapshot.progress().experts();
        if (experts.length > 1) {
            sha256.update(
                    littleEndian(
                            Arrays.stream(experts)
                                    .mapToDouble(io.freshet.learn.Expert::weight)
                                    .toArray()));
        }
        return HexFormat.of().formatHex(sha256.digest());
    }

    private static ByteBuffer littleEndian(float[] values) {
        ByteBuffer bytes = littleEndian(values.length * Float.BYTES);
        bytes.asFloatBuffer().put(values);
        return bytes;
    }

    private static ByteBuffer littleEndian(double[] values) {
        ByteBuffer bytes = littleEndian(values.length * Double.BYTES);
        bytes.asDoubleBuffer().put(values);
        return bytes;
    }

    private static ByteBuffer littleEndian(int bytes) {
        return ByteBuffer.allocate(bytes).order(ByteOrder.LITTLE_ENDIAN);
    }

    private static List<Float> list(float[] values, int from, int to) {
        List<Float> list = new ArrayList<>(to - from);
        for (int i = from; i < to; i++) {
            list.add(values[i]);
        }
        return list;
    }

    private static byte[] utf8(String text) {
        return text.getBytes(StandardCharsets.UTF_8);
    }

    private static @Nullable ByteBuffer buffer(byte @Nullable [] bytes) {
        return bytes == null ? null : ByteBuffer.wrap(bytes);
    }

    private Publication publication(Topic topic, byte @Nullable [] key, SpecificRecordBase event) {
        return new Publication(topic, key, encode(topic, event));
    }

    private byte[] encode(Topic topic, SpecificRecordBase event) {
        EventEncoder current = encoder;
        if (current == null) {
            current = config.format().encoder();
            encoder = current;
        }
        return current.encode(topic, event);
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
