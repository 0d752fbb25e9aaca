package io.freshet.local;

import com.fasterxml.jackson.databind.JsonNode;
import io.freshet.local.cli.Directories;
import io.freshet.local.cluster.EmbeddedKafka;
import io.freshet.local.cluster.LocalCluster;
import io.freshet.local.cluster.Topics;
import io.freshet.model.linalg.OpenBlasCore;
import io.freshet.pipeline.JobConfig;
import io.freshet.pipeline.JobStart;
import io.freshet.pipeline.StartOptions;
import io.freshet.schemas.DenseFeatures;
import io.freshet.schemas.LabelledEvent;
import java.io.DataOutputStream;
import java.io.IOException;
import java.io.Writer;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import java.util.Random;
import java.util.TreeMap;
import java.util.concurrent.ExecutionException;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.consumer.OffsetAndMetadata;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.errors.InterruptException;
import org.jspecify.annotations.Nullable;

/**
 * Program that writes the {@link GoldenSavepoint}s of a release: for several configurations it runs
 * a job on a broker, stops it with a savepoint, and records what the job publishes when it
 * continues from the savepoint on another broker.
 */
final class GoldenSavepointWriter {
    private static final int FEATURES = 6;
    private static final int CLASSES = 3;
    private static final int EVENTS_BEFORE = 900;

    /** Events after which a model has copied its parameters as the last good ones. */
    private static final int MANY_EVENTS_BEFORE = 3_600;

    /** So many that a model has last good parameters with mini-batches of two. */
    private static final int MOST_EVENTS_BEFORE = 8_001;

    private static final int EVENTS_AFTER = 300;

    /** Model that gets no event after the savepoint: its snapshot comes from the state alone. */
    private static final String RESTING = "resting";

    /**
     * Detectors that warn, upon which a second model is trained; mini-batches that wait for ever.
     */
    private static final Map<String, String> ADAM =
            Map.ofEntries(
                    Map.entry("learner.type", "softmax"),
                    Map.entry("training.optimizer", "adam"),
                    Map.entry("training.learning-rate", "0.01"),
                    Map.entry("training.label-smoothing", "0.05"),
                    Map.entry("training.class-weights", "1,2,0.5"),
                    Map.entry("mini-batch.size", "16"),
                    Map.entry("mini-batch.max-wait", "36500 d"),
                    Map.entry("scaler.type", "fading"),
                    Map.entry("scaler.half-life", "200"),
                    Map.entry("drift.detector", "robust-cusum,burst-cusum,ddm,eddm,hddm-a,hddm-w"),
                    Map.entry("drift.robust-cusum.warning-threshold", "0.5"),
                    Map.entry("drift.robust-cusum.drift-threshold", "100"),
                    Map.entry("drift.burst-cusum.drift-threshold", "300"),
                    Map.entry("drift.hddm-a.drift-confidence", "1E-12"),
                    Map.entry("drift.hddm-w.drift-confidence", "1E-12"),
                    Map.entry("drift.reaction", "hand-over"),
                    Map.entry("drift.cool-down", "50"),
                    Map.entry("metrics.window-size", "150"),
                    Map.entry("metrics.running-loss-mini-batches", "20"));

    /** Baselines, which count labels, and the detectors without a warning. */
    private static final Map<String, String> MIXTURE =
            Map.of(
                    "learner.type", "softmax",
                    "training.experts.baselines", "true",
                    "training.experts.rates", "0.01,0.1",
                    "training.experts.shares", "0.01",
                    "drift.detector", "adwin,page-hinkley,kswin,cusum",
                    "drift.kswin.window-size", "100",
                    "drift.kswin.recent-size", "30",
                    "drift.reaction", "reset-scaler",
                    "drift.evidence", "100",
                    "metrics.window-size", "100");

    /** Targets for each class, momentum with a schedule, and metrics that are counted twice. */
    private static final Map<String, String> MULTI_LABEL =
            Map.ofEntries(
                    Map.entry("learner.type", "softmax"),
                    Map.entry("label.type", "multi-label"),
                    Map.entry("training.loss", "bce-with-logits"),
                    Map.entry("training.learning-rate", "0.05"),
                    Map.entry("training.momentum", "0.9"),
                    Map.entry("training.nesterov", "true"),
                    Map.entry("training.weight-decay", "0.001"),
                    Map.entry("training.schedule", "inverse-time"),
                    Map.entry("training.schedule.decay", "0.001"),
                    Map.entry("mini-batch.size", "7"),
                    Map.entry("scaler.type", "none"),
                    Map.entry("drift.detector", "page-hinkley"),
                    Map.entry("drift.reaction", "boost"),
                    Map.entry("metrics.delivery", "at-least-once"),
                    Map.entry("metrics.window-size", "100"));

    /** Sparse rows, open classes, and a successor of both. */
    private static final Map<String, String> SPARSE =
            Map.ofEntries(
                    Map.entry("learner.type", "softmax"),
                    Map.entry("features.encoding", "sparse"),
                    Map.entry("classes", "open"),
                    Map.entry("classes.capacity", "5"),
                    Map.entry("training.learning-rate", "0.05"),
                    Map.entry("training.momentum", "0.9"),
                    Map.entry("training.weight-decay", "0.001"),
                    Map.entry("mini-batch.size", "2"),
                    Map.entry("drift.detector", "ddm,robust-cusum"),
                    Map.entry("drift.robust-cusum.warning-threshold", "0.5"),
                    Map.entry("drift.robust-cusum.drift-threshold", "100"),
                    Map.entry("drift.reaction", "hand-over"),
                    Map.entry("metrics.window-size", "100"));

    private GoldenSavepointWriter() {}

    /**
     * Writes the savepoints of a release; run it in the directory of the module.
     *
     * @param args the version, such as 0.1.0
     */
    public static void main(String[] args) throws Exception {
        Path release = GoldenSavepoint.RELEASES.resolve(args[0]);
        write(release.resolve("defaults"), Map.of(), EVENTS_BEFORE);
        write(release.resolve("softmax"), Map.of("learner.type", "softmax"), EVENTS_BEFORE);
        write(release.resolve("adam"), ADAM, EVENTS_BEFORE);
        write(release.resolve("mixture"), MIXTURE, MANY_EVENTS_BEFORE);
        write(release.resolve("multi-label"), MULTI_LABEL, EVENTS_BEFORE);
        write(release.resolve("sparse"), SPARSE, MOST_EVENTS_BEFORE);
    }

    private static void write(Path directory, Map<String, String> settings, int numBefore)
            throws Exception {
        if (Files.exists(directory)) {
            throw new IOException(
                    directory + " exists; the savepoints of a release are never written again");
        }
        Files.createDirectories(directory);
        Path temporary = Directories.createTemporary("freshet-golden-");
        try {
            GoldenSavepoint golden = new GoldenSavepoint(directory);
            List<byte @Nullable []> events =
                    events(
                            numBefore,
                            !settings.getOrDefault("label.type", "class").equals("class"));
            try (EmbeddedKafka kafka = GoldenSavepoint.startKafka()) {
                writeSavepoint(golden, kafka, settings, events.subList(0, numBefore));
            }
            writeEvents(directory.resolve("events.bin"), events.subList(numBefore, events.size()));
            try (EmbeddedKafka kafka = GoldenSavepoint.startKafka()) {
                JobConfig config = golden.config(kafka);
                golden.createTopics(config);
                List<JsonNode> results = golden.resume(config, temporary.resolve("savepoint"));
                Files.writeString(
                        directory.resolve("results.jsonl"),
                        results.stream()
                                .map(JsonNode::toString)
                                .collect(Collectors.joining("\n", "", "\n")));
            }
        } finally {
            Directories.delete(temporary);
        }
    }

    /** Runs the job on the first events, stops it, and keeps its savepoint and its settings. */
    private static void writeSavepoint(
            GoldenSavepoint golden,
            EmbeddedKafka kafka,
            Map<String, String> given,
            List<byte @Nullable []> events)
            throws Exception {
        String name = golden.directory().getFileName().toString();
        Map<String, String> settings =
                new HashMap<>(JobOnKafka.settings(kafka, name, FEATURES, "a,b,c"));
        settings.put("job.name", name);
        settings.put("models.publish-interval", "1 h");
        // All of the savepoint is then in one file.
        settings.put("flink.execution.checkpointing.data-inline-threshold", "1 mb");
        settings.putAll(given);
        JobConfig config = JobConfig.parse(settings);
        Topics.create(config.topics(), 1);
        JobStart start =
                JobStart.decide(
                        config, new StartOptions(false, false, List.of()), null, line -> {});
        try (LocalCluster cluster =
                LocalCluster.start(config, start, null, LocalCluster.ANY_PORT)) {
            cluster.awaitRunning();
            // The second half is not published before the savepoint.
            int half = events.size() / 2;
            for (int sent : List.of(half, 2 * half)) {
                GoldenSavepoint.send(config, events.subList(sent - half, sent));
                JobOnKafka.await("a checkpoint", () -> committedOffset(config) == sent);
            }
            // All results are committed, so that the savepoint contains no transaction, which
            // another broker would not know.
            Path savepoint = Path.of(URI.create(cluster.stopWithSavepoint(Duration.ofMinutes(1))));
            Files.createDirectories(golden.savepoint());
            try (Stream<Path> files = Files.list(savepoint)) {
                for (Path file : files.toList()) {
                    Files.copy(file, golden.savepoint().resolve(file.getFileName()));
                }
            }
        }
        Map<String, String> written = new TreeMap<>(config.settings());
        written.remove("kafka.bootstrap.servers");
        writeProperties(golden.directory().resolve("job.properties"), written);
        writeProperties(
                golden.directory().resolve("about.properties"),
                Map.of(
                        GoldenSavepoint.EVENTS_BEFORE,
                        Integer.toString(events.size()),
                        GoldenSavepoint.KERNELS,
                        OpenBlasCore.name()));
    }

    /** Returns the offset up to which the newest completed checkpoint has read; -1 without one. */
    private static long committedOffset(JobConfig config) {
        Properties properties = new Properties();
        properties.putAll(config.kafka().client());
        try (Admin admin = Admin.create(properties)) {
            OffsetAndMetadata committed =
                    admin.listConsumerGroupOffsets(config.kafka().groupId())
                            .partitionsToOffsetAndMetadata()
                            .get()
                            .get(new TopicPartition(config.kafka().labelledEvents(), 0));
            return committed == null ? -1 : committed.offset();
        } catch (ExecutionException e) {
            throw new KafkaException(e.getCause());
        } catch (InterruptedException e) {
            throw new InterruptException(e);
        }
    }

    /**
     * Returns the events before and after the savepoint: of three models, of which one rests after
     * it, and one has another concept from shortly before it; with events without a label, of
     * weight 0, and messages that are not events.
     */
    private static List<byte @Nullable []> events(int numBefore, boolean targets) {
        Random random = new Random(11);
        List<byte @Nullable []> events = new ArrayList<>();
        for (int i = 0; i < numBefore + EVENTS_AFTER; i++) {
            boolean before = i < numBefore;
            String model =
                    List.of("steady", "changing", RESTING).get(random.nextInt(before ? 3 : 2));
            int label = random.nextInt(CLASSES);
            boolean changed = model.equals("changing") && i > numBefore - 60;
            List<Float> features = new ArrayList<>();
            for (int j = 0; j < FEATURES; j++) {
                int centre = changed ? (label + 1) % CLASSES : label;
                features.add(
                        (float)
                                ((random.nextGaussian() + (j % CLASSES == centre ? 2 : 0))
                                        * (j + 1)));
            }
            events.add(
                    i % 97 == 0
                            ? i % 2 == 0 ? null : new byte[] {1, 2, 3}
                            : JobOnKafka.bytes(
                                    LabelledEvent.newBuilder()
                                            .setId(Integer.toString(i))
                                            .setModelId(model)
                                            .setTimestamp(Instant.ofEpochSecond(i))
                                            .setFeatures(new DenseFeatures(features))
                                            .setLabel(label(i, label, targets))
                                            .setWeight(i % 31 == 0 ? 0 : 0.5f + i % 3 * 0.5f)
                                            .build()));
        }
        return events;
    }

    private static @Nullable Object label(int event, int label, boolean targets) {
        if (event % 10 == 0) {
            return null;
        }
        if (!targets) {
            return label;
        }
        List<Float> values = new ArrayList<>();
        for (int k = 0; k < CLASSES; k++) {
            values.add(k == label ? 1f : k == (label + 1) % CLASSES ? 0.25f : 0f);
        }
        return values;
    }

    private static void writeEvents(Path file, List<byte @Nullable []> events) throws IOException {
        try (DataOutputStream out = new DataOutputStream(Files.newOutputStream(file))) {
            out.writeInt(events.size());
            for (byte[] event : events) {
                byte[] bytes = event == null ? new byte[0] : event;
                out.writeInt(bytes.length);
                out.write(bytes);
            }
        }
    }

    private static void writeProperties(Path file, Map<String, String> values) throws IOException {
        // Sorted, and without the date that Properties.store writes.
        List<String> lines = new ArrayList<>();
        for (Map.Entry<String, String> value : new TreeMap<>(values).entrySet()) {
            lines.add(value.getKey() + "=" + value.getValue());
        }
        try (Writer writer = Files.newBufferedWriter(file)) {
            writer.write(String.join("\n", lines) + "\n");
        }
        requireReadable(file, values);
    }

    /** Checks that Java reads the properties as they are, as it does without special characters. */
    private static void requireReadable(Path file, Map<String, String> values) throws IOException {
        Properties read = new Properties();
        try (var reader = Files.newBufferedReader(file)) {
            read.load(reader);
        }
        if (!read.equals(values)) {
            throw new IOException(file + " is not read as it was written");
        }
    }
}
