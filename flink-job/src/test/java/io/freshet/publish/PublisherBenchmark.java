package io.freshet.publish;

import io.freshet.config.Key;
import io.freshet.ingest.Audit;
import io.freshet.ingest.PartitionTally;
import io.freshet.learn.Expert;
import io.freshet.learn.ExpertCombination;
import io.freshet.learn.FeatureCounts;
import io.freshet.learn.ModelProgress;
import io.freshet.learn.PartitionOffset;
import io.freshet.learn.Prediction;
import io.freshet.learn.drift.DetectorReport;
import io.freshet.monitor.CalibrationBin;
import io.freshet.monitor.ClassCounts;
import io.freshet.monitor.ClassScores;
import io.freshet.monitor.ConfusionCell;
import io.freshet.monitor.ConfusionMatrix;
import io.freshet.monitor.RollingMetrics;
import io.freshet.monitor.RunningLoss;
import io.freshet.monitor.Score;
import io.freshet.monitor.Scores;
import io.freshet.pipeline.JobConfig;
import io.freshet.registry.RegistryHealth;
import io.freshet.registry.RegistryServer;
import java.lang.management.ManagementFactory;
import java.lang.management.ThreadMXBean;
import java.util.Arrays;
import java.util.EnumMap;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Random;
import java.util.function.Function;
import java.util.function.UnaryOperator;
import java.util.stream.IntStream;

/**
 * Benchmark of the published formats: CPU time and size of a record, as ratios to Avro's, for
 * predictions and for metrics with the default settings. Formats take turns.
 */
final class PublisherBenchmark {
    private static final int ROUNDS = 9;
    private static final long ROUND_NANOS = 400_000_000;
    private static final ThreadMXBean THREADS = ManagementFactory.getThreadMXBean();

    private PublisherBenchmark() {}

    public static void main(String[] args) throws Exception {
        try (RegistryServer registry = RegistryServer.start()) {
            compareAll(registry.url().toString());
        }
    }

    private static void compareAll(String registry) throws Exception {
        System.out.println(
                "record                   format           bytes  ratio  us/record  ratio");
        for (int classes : new int[] {2, 10, 100}) {
            Prediction prediction = prediction(classes);
            compare(
                    "prediction, " + classes + " classes",
                    classes,
                    registry,
                    publisher -> publisher.prediction(prediction));
        }
        for (int classes : new int[] {10, 100}) {
            RollingMetrics metrics = metrics(classes);
            compare(
                    "metrics, " + classes + " classes",
                    classes,
                    registry,
                    publisher -> publisher.metrics(metrics));
        }
    }

    private static void compare(
            String name, int classes, String registry, Function<Publisher, Publication> publication)
            throws Exception {
        Map<PublishFormat, Publisher> publishers = new EnumMap<>(PublishFormat.class);
        Map<PublishFormat, double[]> micros = new EnumMap<>(PublishFormat.class);
        for (PublishFormat format : PublishFormat.values()) {
            publishers.put(format, publisher(format, classes, registry));
            micros.put(format, new double[ROUNDS]);
            time(publishers.get(format), publication); // warms up
        }
        for (int round = 0; round < ROUNDS; round++) {
            for (PublishFormat format : PublishFormat.values()) {
                micros.get(format)[round] = time(publishers.get(format), publication);
            }
        }
        double avroMicros = median(micros.get(PublishFormat.AVRO));
        int avroBytes = publication.apply(publishers.get(PublishFormat.AVRO)).value().length;
        for (PublishFormat format : PublishFormat.values()) {
            int bytes = publication.apply(publishers.get(format)).value().length;
            double time = median(micros.get(format));
            System.out.printf(
                    Locale.ROOT,
                    "%-23s  %-14s  %6d  %5.2f  %9.2f  %5.2f%n",
                    name,
                    format,
                    bytes,
                    (double) bytes / avroBytes,
                    time,
                    time / avroMicros);
        }
    }

    /** Returns the CPU time of a record in microseconds. */
    private static double time(Publisher publisher, Function<Publisher, Publication> publication) {
        long start = THREADS.getCurrentThreadCpuTime();
        long records = 0;
        long bytes = 0;
        while (THREADS.getCurrentThreadCpuTime() - start < ROUND_NANOS) {
            for (int i = 0; i < 100; i++) {
                bytes += publication.apply(publisher).value().length;
            }
            records += 100;
        }
        if (bytes == 0) {
            throw new IllegalStateException("nothing was encoded");
        }
        return (THREADS.getCurrentThreadCpuTime() - start) / 1e3 / records;
    }

    private static double median(double[] values) {
        double[] sorted = values.clone();
        Arrays.sort(sorted);
        return sorted[sorted.length / 2];
    }

    private static Publisher publisher(PublishFormat format, int classes, String registry)
            throws Exception {
        Map<String, String> settings = new HashMap<>();
        settings.put("kafka.bootstrap.servers", "localhost:9092");
        settings.put("num-features", "10");
        settings.put("classes", Integer.toString(classes));
        settings.put("publish.format", Key.kebab(format));
        if (format == PublishFormat.CONFLUENT_AVRO) {
            settings.put("schema.registry.url", registry);
        }
        JobConfig config = JobConfig.parse(settings);
        Publisher publisher =
                new Publisher(
                        config.publish(),
                        config.learn(),
                        config.monitor(),
                        new JobIdentity(
                                "freshet", 1, Map.of("labelled-events", "lZo3RDQ7TZ2k1sDQ6vNd3A")));
        publisher.open(List.of(Topic.values()), UnaryOperator.identity(), new RegistryHealth());
        return publisher;
    }

    private static Prediction prediction(int classes) {
        Random random = new Random(1);
        float[] probabilities = new float[classes];
        for (int k = 0; k < classes; k++) {
            probabilities[k] = random.nextFloat() / classes;
        }
        return new Prediction(
                "default",
                "3f2504e0-4f89-11d3-9a0c-0305e82c3301",
                1_796_000_000_000L,
                new PartitionOffset("labelled-events", 3, 123_456_789),
                1_000_000,
                1_000_000,
                1,
                IntStream.range(0, classes).mapToObj(c -> "class-" + c).toArray(String[]::new),
                probabilities);
    }

    private static RollingMetrics metrics(int classes) {
        Random random = new Random(1);
        ClassScores[] scores =
                IntStream.range(0, classes)
                        .mapToObj(k -> new ClassScores(k, counts(random), counts(random)))
                        .toArray(ClassScores[]::new);
        ConfusionCell[] cells =
                IntStream.range(0, Math.min(classes * classes, 1_000 / 2))
                        .mapToObj(i -> new ConfusionCell(i / classes, i % classes, 1 + i % 7))
                        .toArray(ConfusionCell[]::new);
        CalibrationBin[] bins =
                IntStream.range(0, 10)
                        .mapToObj(
                                i ->
                                        new CalibrationBin(
                                                i / 10.0,
                                                (i + 1) / 10.0,
                                                100,
                                                random.nextDouble(),
                                                random.nextDouble()))
                        .toArray(CalibrationBin[]::new);
        return new RollingMetrics(
                "default",
                200,
                null,
                1_796_000_000_000L,
                12_345.6,
                progress(random),
                scores(random),
                scores(random),
                scores(random),
                random.nextDouble(),
                new RunningLoss[] {new RunningLoss(200, random.nextDouble())},
                scores,
                0,
                new ConfusionMatrix(cells, 0, 0),
                bins,
                random.nextDouble(),
                1_000);
    }

    private static ClassCounts counts(Random random) {
        return new ClassCounts(
                12_345,
                12_346,
                9_876,
                random.nextDouble(),
                random.nextDouble(),
                random.nextDouble());
    }

    private static Scores scores(Random random) {
        return new Scores(
                1_000_000,
                1_000_000,
                Arrays.stream(Score.values())
                        .map(score -> random.nextDouble())
                        .toArray(Double[]::new));
    }

    private static ModelProgress progress(Random random) {
        Audit audit = new Audit();
        for (int i = 0; i < 1_000; i++) {
            audit.accept(random.nextLong());
        }
        Expert[] experts =
                IntStream.range(0, 9)
                        .mapToObj(
                                i ->
                                        new Expert(
                                                "rate 0.00" + i,
                                                0.001 * i,
                                                random.nextDouble(),
                                                0,
                                                Double.NaN,
                                                Double.NaN,
                                                Double.NaN))
                        .toArray(Expert[]::new);
        DetectorReport[] detectors =
                IntStream.range(0, 2)
                        .mapToObj(
                                i ->
                                        new DetectorReport(
                                                "robust-cusum",
                                                io.freshet.drift.Signal.ERROR,
                                                "stable",
                                                random.nextDouble(),
                                                30,
                                                1))
                        .toArray(DetectorReport[]::new);
        PartitionOffset[] offsets =
                IntStream.range(0, 4)
                        .mapToObj(p -> new PartitionOffset("labelled-events", p, 123_456_789))
                        .toArray(PartitionOffset[]::new);
        PartitionTally[] partitions =
                IntStream.range(0, 4)
                        .mapToObj(
                                p ->
                                        new PartitionTally(
                                                "labelled-events",
                                                p,
                                                0,
                                                123_456_789,
                                                250_000,
                                                random.nextLong()))
                        .toArray(PartitionTally[]::new);
        return new ModelProgress(
                1_000_000,
                0,
                1_796_000_000_000L,
                audit,
                offsets,
                partitions,
                0.01,
                experts,
                new ExpertCombination[0],
                0,
                random.nextDouble(),
                random.nextDouble(),
                5,
                FeatureCounts.NONE,
                FeatureCounts.NONE,
                FeatureCounts.NONE,
                0,
                detectors,
                "CPU",
                new String[0]);
    }
}
