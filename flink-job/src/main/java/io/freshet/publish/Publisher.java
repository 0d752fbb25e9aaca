package io.freshet.publish;

import io.freshet.ingest.DeadLetter;
import io.freshet.ingest.Fate;
import io.freshet.ingest.IgnoredReason;
import io.freshet.ingest.RawMessage;
import io.freshet.ingest.Reason;
import io.freshet.learn.LearnConfig;
import io.freshet.learn.ModelSnapshot;
import io.freshet.learn.Prediction;
import io.freshet.learn.Progress;
import io.freshet.monitor.RollingMetrics;
import io.freshet.schemas.Audit;
import io.freshet.schemas.DeadLetterEvent;
import io.freshet.schemas.Expert;
import io.freshet.schemas.Header;
import io.freshet.schemas.MetricsEvent;
import io.freshet.schemas.ModelSnapshotEvent;
import io.freshet.schemas.PartitionOffset;
import io.freshet.schemas.PredictionEvent;
import io.freshet.schemas.Provenance;
import io.freshet.schemas.ScalerSnapshot;
import io.freshet.schemas.Scores;
import io.freshet.schemas.Tally;
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
import java.util.Map;
import java.util.Properties;
import java.util.TreeMap;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/** Writes each record as its Avro event. */
public final class Publisher implements Serializable {
    private static final long serialVersionUID = 1;
    private static final String JOB_VERSION = jobVersion();

    private final PublishConfig config;
    private final LearnConfig learn;

    /**
     * @param learn gives the names and hyper-parameters that snapshots and predictions bear
     */
    public Publisher(PublishConfig config, LearnConfig learn) {
        this.config = config;
        this.learn = learn;
    }

    /** Rolling metrics as a {@code MetricsEvent}. */
    public Publication metrics(RollingMetrics metrics) {
        Progress progress = metrics.progress();
        MetricsEvent event =
                MetricsEvent.newBuilder()
                        .setModelId(metrics.modelId())
                        .setSequence(metrics.sequence())
                        .setTimestamp(timestamp(progress))
                        .setModelVersion(progress.modelVersion())
                        .setExamplesSeen(progress.examplesSeen())
                        .setAudit(audit(progress.audit()))
                        .setIgnoredByReason(ignoredByReason(progress.audit()))
                        .setDeadLettersByReason(deadLettersByReason(progress.audit()))
                        .setOffsets(offsets(progress))
                        .setWindowSize(metrics.windowSize())
                        .setRolling(scores(metrics.rolling()))
                        .setPrequential(scores(metrics.prequential()))
                        .setLearningRate(progress.learningRate())
                        .setSkippedSteps(progress.skippedSteps())
                        .setExperts(experts(progress))
                        .setRollBacks(progress.rollBacks())
                        .build();
        return new Publication(
                Destination.METRICS, utf8(metrics.modelId()), bytes(encode(event::toByteBuffer)));
    }

    /** A prediction as a {@code PredictionEvent}. */
    public Publication prediction(Prediction prediction) {
        PredictionEvent event =
                PredictionEvent.newBuilder()
                        .setModelId(prediction.modelId())
                        .setId(prediction.id())
                        .setTimestamp(Instant.ofEpochMilli(prediction.timestamp()))
                        .setSource(offset(prediction.source()))
                        .setModelVersion(prediction.modelVersion())
                        .setPredictedClass(prediction.predictedClass())
                        .setPredictedLabel(learn.classes().get(prediction.predictedClass()))
                        .setProbabilities(
                                list(prediction.probabilities(), 0, learn.classes().size()))
                        .build();
        return new Publication(
                Destination.PREDICTIONS,
                utf8(prediction.modelId()),
                bytes(encode(event::toByteBuffer)));
    }

    /**
     * A snapshot as {@code ModelSnapshotEvent}s, as many as its parameters need, each for the
     * newest models and for their history.
     */
    public void snapshot(ModelSnapshot snapshot, Consumer<Publication> publications) {
        int length = snapshot.parameters().length;
        int chunks = (length + config.chunkSize() - 1) / config.chunkSize();
        String contentHash = contentHash(snapshot);
        for (int chunk = 0; chunk < chunks; chunk++) {
            int from = chunk * config.chunkSize();
            int to = Math.min(from + config.chunkSize(), length);
            boolean first = chunk == 0;
            ModelSnapshotEvent event =
                    ModelSnapshotEvent.newBuilder()
                            .setModelId(snapshot.modelId())
                            .setModelVersion(snapshot.progress().modelVersion())
                            .setTimestamp(timestamp(snapshot.progress()))
                            .setChunk(chunk)
                            .setChunks(chunks)
                            .setContentHash(contentHash)
                            .setNumFeatures(learn.learner().numFeatures())
                            .setClasses(first ? learn.classes() : List.of())
                            .setParameterOffset(from)
                            .setParameters(list(snapshot.parameters(), from, to))
                            .setScaler(first ? scaler(snapshot) : null)
                            .setProvenance(first ? provenance(snapshot.progress()) : null)
                            .setExperts(first ? experts(snapshot.progress()) : List.of())
                            .setActivation(snapshot.activation())
                            .setNumOutputs(snapshot.numOutputs())
                            .build();
            byte[] key = utf8(snapshot.modelId() + "/" + chunk);
            byte[] value = bytes(encode(event::toByteBuffer));
            publications.accept(new Publication(Destination.MODELS, key, value));
            publications.accept(new Publication(Destination.MODEL_HISTORY, key, value));
        }
    }

    /** A dead letter as a {@code DeadLetterEvent}. */
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
                        .build();
        return new Publication(
                Destination.DEAD_LETTERS, message.key(), bytes(encode(event::toByteBuffer)));
    }

    private static @Nullable Instant timestamp(Progress progress) {
        return progress.timestamp() == Progress.NO_TIMESTAMP
                ? null
                : Instant.ofEpochMilli(progress.timestamp());
    }

    private static Audit audit(io.freshet.ingest.Audit audit) {
        return new Audit(
                tally(audit, Fate.ACCEPTED),
                tally(audit, Fate.UNLABELLED),
                tally(audit, Fate.IGNORED),
                tally(audit, Fate.DEAD_LETTER));
    }

    private static Tally tally(io.freshet.ingest.Audit audit, Fate fate) {
        return new Tally(audit.count(fate), audit.digest(fate));
    }

    private static Map<String, Long> ignoredByReason(io.freshet.ingest.Audit audit) {
        Map<String, Long> counts = new TreeMap<>();
        for (IgnoredReason reason : IgnoredReason.values()) {
            if (audit.count(reason) > 0) {
                counts.put(reason.name(), audit.count(reason));
            }
        }
        return counts;
    }

    private static Map<String, Long> deadLettersByReason(io.freshet.ingest.Audit audit) {
        Map<String, Long> counts = new TreeMap<>();
        for (Reason reason : Reason.values()) {
            if (audit.count(reason) > 0) {
                counts.put(reason.name(), audit.count(reason));
            }
        }
        return counts;
    }

    private static List<PartitionOffset> offsets(Progress progress) {
        return Arrays.stream(progress.offsets()).map(Publisher::offset).toList();
    }

    private static PartitionOffset offset(io.freshet.learn.PartitionOffset offset) {
        return new PartitionOffset(offset.topic(), offset.partition(), offset.offset());
    }

    private static List<Expert> experts(Progress progress) {
        return Arrays.stream(progress.experts())
                .map(
                        expert ->
                                new Expert(
                                        expert.name(),
                                        Double.isNaN(expert.learningRate())
                                                ? null
                                                : expert.learningRate(),
                                        expert.weight(),
                                        expert.restarts()))
                .toList();
    }

    private static Scores scores(io.freshet.monitor.Scores scores) {
        return new Scores(
                scores.examples(),
                scores.weight(),
                scores.loss(),
                scores.accuracy(),
                scores.noChangeAccuracy(),
                scores.majorityAccuracy(),
                scores.kappa(),
                scores.kappaTemporal(),
                null,
                null,
                null,
                null,
                null,
                null);
    }

    private static @Nullable ScalerSnapshot scaler(ModelSnapshot snapshot) {
        double[] mean = snapshot.scalerMean();
        double[] variance = snapshot.scalerVariance();
        if (mean == null || variance == null) {
            return null;
        }
        return new ScalerSnapshot(
                snapshot.scalerCount(),
                Arrays.stream(mean).boxed().toList(),
                Arrays.stream(variance).boxed().toList());
    }

    private Provenance provenance(Progress progress) {
        return new Provenance(
                JOB_VERSION,
                progress.examplesSeen(),
                audit(progress.audit()),
                offsets(progress),
                learn.hyperParameters());
    }

    /**
     * SHA-256 of the parameters, of the scaler's moments and, of a mixture, of the experts'
     * weights, little-endian, in this order.
     */
    private static String contentHash(ModelSnapshot snapshot) {
        MessageDigest sha256;
        try {
            sha256 = MessageDigest.getInstance("SHA-256");
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("every Java platform has SHA-256", e);
        }
        ByteBuffer parameters = littleEndian(snapshot.parameters().length * Float.BYTES);
        parameters.asFloatBuffer().put(snapshot.parameters());
        sha256.update(parameters);
        double[] mean = snapshot.scalerMean();
        double[] variance = snapshot.scalerVariance();
        if (mean != null && variance != null) {
            sha256.update(littleEndian(mean));
            sha256.update(littleEndian(variance));
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

    /** The encoding that every generated class brings along. */
    private interface Encoding {
        ByteBuffer encode() throws IOException;
    }

    private static ByteBuffer encode(Encoding event) {
        try {
            return event.encode();
        } catch (IOException e) {
            throw new UncheckedIOException("an event in memory cannot be encoded", e);
        }
    }

    private static byte[] bytes(ByteBuffer buffer) {
        byte[] bytes = new byte[buffer.remaining()];
        buffer.get(bytes);
        return bytes;
    }

    private static String jobVersion() {
        try (InputStream in = Publisher.class.getResourceAsStream("version.properties")) {
            Properties properties = new Properties();
            properties.load(in);
            return properties.getProperty("version");
        } catch (IOException e) {
            throw new UncheckedIOException("version.properties cannot be read", e);
        }
    }
}
