package io.freshet.schemas;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.apache.avro.Schema;
import org.apache.avro.SchemaFormatter;
import org.apache.avro.specific.SpecificRecordBase;

/**
 * Example events with every field set and every branch of every union, and the golden files with
 * their bytes, which every later version must be able to read.
 *
 * <p>{@link #main} writes the golden files and the schemas of a new version. Those of a released
 * version never change. A field that a later version added has its default value in the events of
 * the earlier versions.
 */
final class GoldenFiles {
    static final Path GOLDEN = Path.of("src", "test", "resources", "golden");
    static final Path RELEASED =
            Path.of("src", "main", "resources", "io", "freshet", "schemas", "released");

    private static final Instant TIME = Instant.ofEpochMilli(1_700_000_000_123L);

    private static final PartitionOffset OFFSET = new PartitionOffset("topic", 3, 99L);

    private GoldenFiles() {}

    /** Writes the missing files of the newest versions; run it in the directory of the module. */
    public static void main(String[] args) throws IOException {
        for (Map.Entry<String, SpecificRecordBase> event : newest().entrySet()) {
            write(GOLDEN.resolve(event.getKey() + ".bin"), bytes(event.getValue()));
            Schema schema = event.getValue().getSchema();
            write(
                    RELEASED.resolve(event.getKey() + ".avsc"),
                    (SchemaFormatter.format("json/pretty", schema) + "\n")
                            .getBytes(StandardCharsets.UTF_8));
        }
    }

    private static void write(Path file, byte[] bytes) throws IOException {
        if (!Files.exists(file)) {
            Files.write(file, bytes);
        }
    }

    static byte[] bytes(SpecificRecordBase event) throws IOException {
        ByteBuffer buffer;
        if (event instanceof LabelledEvent labelled) {
            buffer = labelled.toByteBuffer();
        } else if (event instanceof MetricsEvent metrics) {
            buffer = metrics.toByteBuffer();
        } else if (event instanceof ModelSnapshotEvent snapshot) {
            buffer = snapshot.toByteBuffer();
        } else if (event instanceof PredictionEvent prediction) {
            buffer = prediction.toByteBuffer();
        } else if (event instanceof DriftAlertEvent alert) {
            buffer = alert.toByteBuffer();
        } else if (event instanceof DeadLetterEvent letter) {
            buffer = letter.toByteBuffer();
        } else {
            throw new IllegalArgumentException("no event: " + event.getSchema().getName());
        }
        byte[] bytes = new byte[buffer.remaining()];
        buffer.get(bytes);
        return bytes;
    }

    /** The events of version 1, by the name of their file. */
    static Map<String, SpecificRecordBase> version1() {
        Map<String, SpecificRecordBase> events = new LinkedHashMap<>();
        Object dense = new DenseFeatures(List.of(1.5f, -2f, 3e20f));
        Object sparse = new SparseFeatures(List.of(0, 7), List.of(1f, -1f));
        Object named =
                new NamedFeatures(
                        new TreeMap<>(Map.of("load", 0.5f)), new TreeMap<>(Map.of("day", "mon")));
        events.put("LabelledEvent.v1-dense-int", labelled(dense, 2));
        events.put("LabelledEvent.v1-sparse-string", labelled(sparse, "up"));
        events.put("LabelledEvent.v1-named-floats", labelled(named, List.of(0.25f, 0.75f)));
        events.put("LabelledEvent.v1-dense-null", labelled(dense, null));
        events.put("MetricsEvent.v1", metrics().build());
        events.put("ModelSnapshotEvent.v1", snapshot(List.of(), "softmax", 0).build());
        events.put(
                "PredictionEvent.v1",
                new PredictionEvent(
                        "model",
                        "id",
                        TIME,
                        OFFSET,
                        9L,
                        1,
                        "up",
                        List.of(0.25f, 0.75f),
                        "",
                        0L,
                        List.of(),
                        null,
                        null,
                        null,
                        null));
        events.put("DriftAlertEvent.v1", alert().build());
        events.put(
                "DeadLetterEvent.v1",
                new DeadLetterEvent(
                        "topic",
                        3,
                        99L,
                        TIME,
                        ByteBuffer.wrap(new byte[] {1}),
                        ByteBuffer.wrap(new byte[] {2, 3}),
                        List.of(
                                new Header("full", ByteBuffer.wrap(new byte[] {4})),
                                new Header("empty", null)),
                        "model",
                        "TRUNCATED",
                        "the value ends",
                        "",
                        0L));
        return events;
    }

    /** The events that version 2 changed, by the name of their file. */
    static Map<String, SpecificRecordBase> version2() {
        List<Expert> experts =
                List.of(
                        new Expert("rate 0.01", 0.01, 0.75, 4L, null, null, null),
                        new Expert("no-change", null, 0.25, 0L, null, null, null));
        Map<String, SpecificRecordBase> events = new LinkedHashMap<>();
        events.put(
                "MetricsEvent.v2",
                monitored(metrics().setExperts(experts).setRollBacks(5)).build());
        events.put("ModelSnapshotEvent.v2", snapshot(experts, "sigmoid", 1).build());
        events.put("DriftAlertEvent.v2", explained(alert()).build());
        return events;
    }

    /** The events of the versions that added job and epoch, by the name of their file. */
    static Map<String, SpecificRecordBase> newest() {
        List<PartitionAudit> partitions =
                List.of(new PartitionAudit("topic", "id", 3, 90L, 99L, new Tally(10L, -11L)));
        List<Expert> experts =
                List.of(
                        new Expert("rate 0.01", 0.01, 0.75, 4L, 0.5, -0.25, 1.5),
                        new Expert("ferns", null, 0.25, 0L, 0.75, 0.125, 0.5));
        Map<String, SpecificRecordBase> events = new LinkedHashMap<>();
        events.put(
                "MetricsEvent.v3",
                monitored(metrics())
                        .setRunningLosses(List.of(new RunningLoss(400L, 0.75)))
                        .setExperts(experts)
                        .setCombinations(List.of(new ExpertCombination("stack", 1.0, 0.25)))
                        .setJob("job")
                        .setEpoch(2L)
                        .setPartitions(partitions)
                        .setClippedValues(3L)
                        .setClipped(List.of(new FeatureCount(1, 3L)))
                        .setMissingValues(4L)
                        .setMissing(List.of(new FeatureCount(0, 4L)))
                        .setRoundedValues(5L)
                        .setRounded(List.of(new FeatureCount(1, 5L)))
                        .setColumns(6)
                        .setDevice("CUDA: a GPU")
                        .build());
        ModelSnapshotEvent snapshot =
                snapshot(experts, "softmax", 2).setJob("job").setEpoch(2L).build();
        snapshot.getProvenance().setPartitions(partitions);
        snapshot.getScaler().setLimit(List.of(10f, 20f));
        snapshot.setColumns(List.of(2, 9));
        snapshot.setScales(List.of(0.5f, 1f));
        snapshot.setScaleLimit(10f);
        snapshot.setEnsemble(
                new EnsembleSnapshot(
                        64,
                        2,
                        List.of(1, 0),
                        List.of(0.5f, -0.5f),
                        List.of(1, 0, 1),
                        List.of(1f, 0.5f),
                        List.of(0.25f, 0.75f),
                        List.of(0.5, -0.5),
                        List.of(0.0, 0.125),
                        List.of(0.5, 0.25, 0.25),
                        new EnsembleTraining(
                                2,
                                70L,
                                96L,
                                1,
                                List.of(0.75, 0.25, 1.0),
                                List.of(0.5, 0.25, 0.25, 1.0),
                                List.of(0.1, 0.01),
                                List.of(0.2, -0.02))));
        events.put("ModelSnapshotEvent.v3", snapshot);
        events.put(
                "PredictionEvent.v2",
                new PredictionEvent(
                        "model",
                        "id",
                        TIME,
                        OFFSET,
                        9L,
                        1,
                        "up",
                        List.of(0.75f),
                        "job",
                        2L,
                        List.of("up"),
                        0.5,
                        12L,
                        "down",
                        1.25));
        events.put("DriftAlertEvent.v3", explained(alert()).setJob("job").setEpoch(2L).build());
        events.put(
                "DeadLetterEvent.v2",
                new DeadLetterEvent(
                        "topic",
                        3,
                        99L,
                        TIME,
                        null,
                        ByteBuffer.wrap(new byte[] {2, 3}),
                        List.of(),
                        "model",
                        "TRUNCATED",
                        "the value ends",
                        "job",
                        2L));
        return events;
    }

    private static MetricsEvent.Builder metrics() {
        return MetricsEvent.newBuilder()
                .setModelId("model")
                .setSequence(7L)
                .setAttempt(8L)
                .setTimestamp(TIME)
                .setModelVersion(9L)
                .setExamplesSeen(10L)
                .setAudit(audit())
                .setIgnoredByReason(new TreeMap<>(Map.of("ZERO_WEIGHT", 14L)))
                .setDeadLettersByReason(new TreeMap<>(Map.of("TRUNCATED", 16L)))
                .setOffsets(List.of(OFFSET))
                .setWindowSize(1000)
                .setRolling(scores().build())
                .setPrequential(noScores())
                .setLearningRate(0.01)
                .setSkippedSteps(3L);
    }

    private static Scores.Builder scores() {
        return Scores.newBuilder()
                .setExamples(5L)
                .setWeight(6.5)
                .setLoss(0.1)
                .setAccuracy(0.2)
                .setNoChangeAccuracy(0.3)
                .setMajorityAccuracy(0.4)
                .setKappa(0.5)
                .setKappaTemporal(-0.6);
    }

    private static Scores noScores() {
        return Scores.newBuilder()
                .setExamples(0L)
                .setWeight(0.0)
                .setLoss(null)
                .setAccuracy(null)
                .setNoChangeAccuracy(null)
                .setMajorityAccuracy(null)
                .setKappa(null)
                .setKappaTemporal(null)
                .build();
    }

    private static MetricsEvent.Builder monitored(MetricsEvent.Builder metrics) {
        Scores scores =
                scores().setKappaM(0.7)
                        .setBalancedAccuracy(0.8)
                        .setTopKAccuracy(0.9)
                        .setBrierScore(1.5)
                        .setMeanConfidence(0.55)
                        .setCalibrationError(0.05)
                        .build();
        ClassCounts counts = new ClassCounts(3L, 2L, 1L, 0.5, 0.25, null);
        return metrics.setRolling(scores)
                .setFading(scores)
                .setFadingFactor(0.99)
                .setTopK(3)
                .setRunningLoss(0.65)
                .setRunningLossMiniBatches(200)
                .setClasses(List.of(new ClassScores(1, "up", counts, counts)))
                .setOtherClasses(4)
                .setConfusion(new Confusion(List.of(new ConfusionCell(1, 0, 2L)), 5L, 6L))
                .setCalibration(
                        List.of(
                                new CalibrationBin(0.0, 0.5, 7L, 0.4, 0.3),
                                new CalibrationBin(0.5, 1.0, 0L, null, null)))
                .setExpectedAccuracy(0.85)
                .setExpectedAccuracyEvents(8L)
                .setGradientNorm(1.25)
                .setParameterNorm(2.25)
                .setToldAt(TIME)
                .setThroughput(1e5)
                .setEventTimeLag(250L)
                .setDrifts(2L)
                .setDetectors(List.of(new DetectorState("adwin", "loss", "warning", 0.1, 0.2, 3L)));
    }

    private static DriftAlertEvent.Builder alert() {
        return DriftAlertEvent.newBuilder()
                .setModelId("model")
                .setSequence(1L)
                .setTimestamp(TIME)
                .setDetector("adwin")
                .setExamplesSeen(10L)
                .setModelVersion(9L)
                .setStatistic(0.4)
                .setThreshold(0.3);
    }

    private static DriftAlertEvent.Builder explained(DriftAlertEvent.Builder alert) {
        return alert.setSignal("error")
                .setWarningExamplesSeen(6L)
                .setBefore(window(0.25))
                .setAfter(window(0.75))
                .setClasses(List.of(new ClassChange(1, "up", 5L, 6L, 0.9, null, 0.1, 2.0)))
                .setReaction("roll-back");
    }

    private static DriftWindow window(double loss) {
        return new DriftWindow(
                9L, List.of(new OffsetRange("topic", 3, 90L, 99L)), TIME, TIME, loss, 0.5);
    }

    private static ModelSnapshotEvent.Builder snapshot(
            List<Expert> experts, String activation, int numOutputs) {
        return ModelSnapshotEvent.newBuilder()
                .setModelId("model")
                .setModelVersion(9L)
                .setTimestamp(TIME)
                .setChunk(1)
                .setChunks(2)
                .setContentHash("c0ffee")
                .setNumFeatures(2)
                .setClasses(List.of("down", "up"))
                .setParameterOffset(4)
                .setParameters(List.of(0.5f, -0.5f))
                .setScaler(new ScalerSnapshot(10L, List.of(1.0, 2.0), List.of(3.0, 4.0), List.of()))
                .setProvenance(
                        Provenance.newBuilder()
                                .setJobVersion("1.0")
                                .setExamplesSeen(10L)
                                .setAudit(audit())
                                .setOffsets(List.of(OFFSET))
                                .setHyperParameters(
                                        new TreeMap<>(Map.of("training.momentum", "0.9")))
                                .build())
                .setExperts(experts)
                .setActivation(activation)
                .setNumOutputs(numOutputs);
    }

    private static Audit audit() {
        return new Audit(
                new Tally(10L, -11L),
                new Tally(12L, 13L),
                new Tally(14L, 15L),
                new Tally(16L, 17L));
    }

    private static LabelledEvent labelled(Object features, Object label) {
        return new LabelledEvent("id", "model", TIME, features, label, 0.5f);
    }
}
