package io.freshet.local;

import io.freshet.config.Key;
import io.freshet.config.QuotedList;
import io.freshet.config.SettingsSource;
import io.freshet.local.audit.AuditReader;
import io.freshet.local.audit.TopicReader;
import io.freshet.local.cli.Directories;
import io.freshet.local.cli.JobFailedException;
import io.freshet.local.cli.SettingsOptions;
import io.freshet.local.cli.ShutdownStack;
import io.freshet.local.cli.TerminalText;
import io.freshet.local.cli.UserException;
import io.freshet.local.cluster.EmbeddedKafka;
import io.freshet.local.cluster.JobSupervisor;
import io.freshet.local.cluster.LocalCluster;
import io.freshet.local.cluster.SourceProgress;
import io.freshet.local.cluster.Topics;
import io.freshet.local.stream.LabelledStream;
import io.freshet.local.stream.StreamSender;
import io.freshet.local.watch.TerminalDisplay;
import io.freshet.model.LearnerSettings;
import io.freshet.pipeline.JobConfig;
import io.freshet.publish.Topic;
import io.freshet.schemas.MetricsEvent;
import java.io.PrintWriter;
import java.lang.management.CompilationMXBean;
import java.lang.management.ManagementFactory;
import java.lang.management.ThreadInfo;
import java.lang.management.ThreadMXBean;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import java.util.concurrent.Callable;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.stream.IntStream;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/**
 * Command {@code freshet bench}: measures the throughput of the job and of a bare consumer, on the
 * same topic in the same run.
 *
 * <p>The first runs warm up and are not reported: most of the code is compiled in them. Both rates
 * exclude the first fifth of the events, which includes start-up. The consumer's rate is measured
 * by its own clock. The job's rate is computed from the Kafka timestamps of its metrics records, up
 * to the last record before the end of input. With {@code --against}, the two configurations of the
 * job take turns in running first, so that a gradual change of the machine's speed affects both
 * equally.
 */
@Command(
        name = "bench",
        mixinStandardHelpOptions = true,
        description = "Measures the job against a bare consumer of the same topic.")
final class BenchCommand implements Callable<Integer> {
    /** Fraction of a run's events before its rate is measured. */
    private static final double START_UP = 0.2;

    /** Width of the first column of the table of CPU times; longer names are truncated. */
    private static final int GROUP_WIDTH = 48;

    @Mixin private SettingsOptions settingsOptions = new SettingsOptions();

    @Option(
            names = "--features",
            paramLabel = "N",
            split = ",",
            defaultValue = "54,512",
            description =
                    "Dense features per event; several values are measured in turn (default:"
                            + " ${DEFAULT-VALUE}).")
    private List<Integer> widths = List.of();

    @Option(
            names = "--runs",
            paramLabel = "N",
            defaultValue = "6",
            description =
                    "Number of measured runs, after the warm-up runs (default: ${DEFAULT-VALUE})."
                            + " With --against, choose an even number, so that each configuration"
                            + " runs first equally often.")
    private int runs;

    @Option(
            names = "--warm-ups",
            paramLabel = "N",
            defaultValue = "4",
            description =
                    "Number of runs before the measured ones, in which most of the code is compiled"
                            + " (default: ${DEFAULT-VALUE}).")
    private int warmUps;

    @Option(
            names = "--megabytes",
            paramLabel = "N",
            defaultValue = "200",
            description =
                    "Size of all features in the topic, in megabytes (default: ${DEFAULT-VALUE}).")
    private int megabytes;

    @Option(
            names = "--messages",
            paramLabel = "FORMAT",
            defaultValue = "freshet",
            description =
                    "Format of the messages: freshet, json or avro. The bare consumer parses JSON"
                            + " with Jackson's streaming parser and Avro with GenericDatumReader"
                            + " (default: ${DEFAULT-VALUE}).")
    private String messages = "";

    @Option(
            names = "--against",
            paramLabel = "KEY=VALUE",
            description =
                    "Also measures the job with this setting, in alternating runs, and prints the"
                        + " ratio: --against drift.detector= measures the cost of drift detection."
                        + " May be repeated.")
    private List<String> against = new ArrayList<>();

    @Spec
    @SuppressWarnings("NullAway.Init") // picocli sets it
    private CommandSpec spec;

    @Override
    public Integer call() throws Exception {
        if (runs < 1 || megabytes < 1 || widths.stream().anyMatch(width -> width < 1)) {
            throw new UserException("--runs, --megabytes and --features must be at least 1");
        }
        if (warmUps < 0) {
            throw new UserException("--warm-ups must be at least 0");
        }
        for (int width : widths) {
            measure(width);
        }
        return 0;
    }

    private BenchFormat format() {
        return Arrays.stream(BenchFormat.values())
                .filter(format -> Key.kebab(format).equals(messages))
                .findFirst()
                .orElseThrow(
                        () ->
                                new UserException(
                                        "--messages "
                                                + messages
                                                + ": must be "
                                                + Key.phrase(List.of(BenchFormat.values()))));
    }

    private void measure(int width) throws Exception {
        PrintWriter out = spec.commandLine().getOut();
        long events = megabytes * 1_000_000L / ((long) width * Float.BYTES);
        try (ShutdownStack open = new ShutdownStack()) {
            Path files = Directories.createTemporary("freshet-bench");
            open.add(() -> Directories.delete(files));
            BenchFormat.Codec codec = format().codec(width, files);
            Noise stream = new Noise(width, events, codec);
            EmbeddedKafka kafka = open.add(EmbeddedKafka.start());
            JobConfig topics = config(stream, kafka, 0, List.of());
            LearnerSettings learner = topics.learn().learner();
            Topics.create(topics.topics(), 1);
            new StreamSender(
                            topics.kafka().client(),
                            topics.kafka().labelledEvents(),
                            StreamSender.UNLIMITED)
                    .send(stream, events);
            out.println(
                    TerminalDisplay.format(
                            "%n%d features, %d classes, %,d events, mini-batch %d, learning rate"
                                    + " %s%n",
                            width,
                            stream.classes().size(),
                            events,
                            learner.miniBatchSize(),
                            learner.mixture() == null ? learner.learningRate() : "auto"));
            out.println(
                    "  run  consumer, events/s  job, events/s  ratio"
                            + (against.isEmpty() ? "" : "  against, events/s  job/against"));
            List<Double> consumers = new ArrayList<>();
            Contender job = new Contender(List.of());
            Contender other = new Contender(against);
            int started = 0;
            for (int run = 1 - warmUps; run <= runs; run++) {
                consumers.add(consumerRate(topics, events, codec));
                // The one that runs second finds a warmer machine, so the two take turns.
                List<Contender> inTurn =
                        against.isEmpty()
                                ? List.of(job)
                                : Math.floorMod(run, 2) == 1
                                        ? List.of(job, other)
                                        : List.of(other, job);
                for (Contender contender : inTurn) {
                    started++;
                    contender.run(
                            config(stream, kafka, started, contender.overrides),
                            started,
                            events,
                            open);
                }
                if (run <= 0) {
                    consumers.clear();
                    job.forget();
                    other.forget();
                } else {
                    int i = run - 1;
                    out.println(
                            TerminalDisplay.format("  %3d   ", run)
                                    + row(
                                            consumers.subList(i, run),
                                            job.rates.subList(i, run),
                                            other.rates.isEmpty()
                                                    ? List.of()
                                                    : other.rates.subList(i, run)));
                }
                out.flush();
            }
            out.println("  median" + row(consumers, job.rates, other.rates));
            out.println();
            printTimes(out, job, other, events * runs);
            out.flush();
        }
    }

    /** Returns the medians of the runs' rates and of their ratios, as columns. */
    private static String row(List<Double> consumers, List<Double> jobs, List<Double> others) {
        String row =
                TerminalDisplay.format(
                        "%,17.0f  %,13.0f  %5.2f",
                        median(consumers), median(jobs), median(ratios(jobs, consumers)));
        return others.isEmpty()
                ? row
                : row
                        + TerminalDisplay.format(
                                "  %,17.0f  %11.3f", median(others), median(ratios(jobs, others)));
    }

    private static List<Double> ratios(List<Double> of, List<Double> to) {
        return IntStream.range(0, of.size()).mapToObj(i -> of.get(i) / to.get(i)).toList();
    }

    /** A configuration of the job, with its measured rates and CPU times. */
    private static final class Contender {
        private final List<String> overrides;
        private final List<Double> rates = new ArrayList<>();
        private final Map<String, Long> cpu = new TreeMap<>();
        private long compilationNanos;

        Contender(List<String> overrides) {
            this.overrides = overrides;
        }

        void run(JobConfig config, int number, long events, ShutdownStack open) throws Exception {
            long before = compilationNanos();
            rates.add(jobRate(config, number, events, cpu, open));
            compilationNanos += compilationNanos() - before;
        }

        /** Discards the measurements of the warm-up runs. */
        void forget() {
            rates.clear();
            cpu.clear();
            compilationNanos = 0;
        }

        /** Returns the time of the process's JIT compiler so far; 0 for a JVM without one. */
        private static long compilationNanos() {
            CompilationMXBean compiler = ManagementFactory.getCompilationMXBean();
            return compiler == null
                    ? 0
                    : TimeUnit.MILLISECONDS.toNanos(compiler.getTotalCompilationTime());
        }
    }

    private void printTimes(PrintWriter out, Contender job, Contender other, long events) {
        out.println(
                "  CPU time of the job's threads, µs per event"
                        + (against.isEmpty() ? "" : "; against; job/against"));
        job.cpu.entrySet().stream()
                .sorted(Map.Entry.<String, Long>comparingByValue().reversed())
                .limit(8)
                .forEach(
                        group ->
                                printTime(
                                        out,
                                        group.getKey(),
                                        group.getValue(),
                                        other.cpu.get(group.getKey()),
                                        events));
        out.println("  Elapsed time of the JIT compiler of the whole process, µs per event");
        printTime(
                out,
                "JIT compiler",
                job.compilationNanos,
                against.isEmpty() ? null : other.compilationNanos,
                events);
    }

    private static void printTime(
            PrintWriter out, String name, long nanos, @Nullable Long ofOther, long events) {
        out.print(
                TerminalDisplay.format(
                        "    %-48s %6.2f",
                        TerminalText.fit(name, GROUP_WIDTH), nanos / 1e3 / events));
        if (ofOther != null) {
            out.print(
                    TerminalDisplay.format(
                            "   %6.2f   %6.3f", ofOther / 1e3 / events, (double) nanos / ofOther));
        }
        out.println();
    }

    private JobConfig config(Noise stream, EmbeddedKafka kafka, int run, List<String> overrides) {
        Map<String, String> settings = new HashMap<>(stream.codec.settings());
        settings.put("classes", QuotedList.format(stream.classes()));
        settings.put("checkpoint.interval", "1 s");
        settings.putAll(settingsOptions.read());
        settings.putAll(SettingsSource.read(null, overrides));
        settings.put("kafka.bootstrap.servers", kafka.bootstrapServers());
        settings.put("source.group-id", "bench-" + run);
        settings.put("sink.transactional-id-prefix", "bench-" + run);
        return JobConfig.parse(settings);
    }

    private static double consumerRate(JobConfig config, long events, BenchFormat.Codec codec) {
        long warm = (long) (events * START_UP);
        long[] read = {0};
        long[] warmAt = {0};
        double[] sum = {0};
        try (TopicReader reader =
                new TopicReader(config.kafka().client(), config.kafka().labelledEvents())) {
            reader.readToEnd(
                    record -> {
                        sum[0] += codec.parse(record.value());
                        if (++read[0] == warm) {
                            warmAt[0] = System.nanoTime();
                        }
                    });
        }
        if (Double.isNaN(sum[0])) {
            throw new IllegalStateException("the benchmark's messages have features that are NaN");
        }
        return (read[0] - warm) * 1e9 / (System.nanoTime() - warmAt[0]);
    }

    private static double jobRate(
            JobConfig config, int run, long events, Map<String, Long> cpu, ShutdownStack open)
            throws Exception {
        LocalCluster cluster = open.add(LocalCluster.start(config, LocalCluster.ANY_PORT));
        try {
            SourceProgress progress = SourceProgress.toCurrentEnd(config, cluster.sourceOffsets());
            JobSupervisor supervisor = new JobSupervisor(cluster, System.err::println);
            while (!progress.isComplete()) {
                if (supervisor.check().isGloballyTerminalState()) {
                    throw new JobFailedException("the job ended before it had read everything");
                }
                LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(100));
            }
            addCpuTimes(cpu);
            cluster.stopWithDrain();
        } finally {
            open.close(cluster);
        }
        return rateByMetrics(config, run, events);
    }

    /** Returns the events per second from the first to the last metrics record that is measured. */
    private static double rateByMetrics(JobConfig config, int run, long events) {
        List<long[]> points = new ArrayList<>();
        long[] begun = {0};
        try (TopicReader reader =
                new TopicReader(config.kafka().client(), config.publish().topic(Topic.METRICS))) {
            reader.readToEnd(
                    record -> {
                        MetricsEvent event = decode(record);
                        if (event.getSequence() == 0) {
                            begun[0]++;
                            points.clear();
                        }
                        if (event.getExamplesSeen() >= events * START_UP) {
                            points.add(new long[] {event.getExamplesSeen(), record.timestamp()});
                        }
                    });
        }
        if (begun[0] != run || points.size() < 3) {
            throw new IllegalStateException(
                    "run "
                            + run
                            + " cannot be measured: it published "
                            + points.size()
                            + " metrics records after the first fifth of the events; the topic has"
                            + " those of "
                            + begun[0]
                            + " runs");
        }
        long[] first = points.get(0);
        // The last records, at the end of input, are left out: the source is idle before them.
        long[] last = first;
        for (long[] point : points) {
            if (point[0] > last[0] && point[0] <= events - events / 100) {
                last = point;
            }
        }
        return (last[0] - first[0]) * 1e3 / (last[1] - first[1]);
    }

    private static MetricsEvent decode(ConsumerRecord<byte[], byte[]> record) {
        return AuditReader.read(AuditReader.METRICS, record);
    }

    private static void addCpuTimes(Map<String, Long> cpu) {
        ThreadMXBean threads = ManagementFactory.getThreadMXBean();
        for (ThreadInfo thread : threads.getThreadInfo(threads.getAllThreadIds())) {
            if (thread != null) {
                String group = group(thread.getThreadName());
                if (!group.isEmpty()) {
                    cpu.merge(group, threads.getThreadCpuTime(thread.getThreadId()), Long::sum);
                }
            }
        }
    }

    /**
     * Returns the row of the table of CPU times in which a thread is counted, or "" if it is not
     * counted. The broker's threads are not: they live through all runs, whereas a job's threads
     * end with its run.
     */
    private static String group(String thread) {
        if (thread.startsWith("Source Data Fetcher")) {
            return "Kafka consumer (fetch and decompress)";
        }
        if (thread.matches(".*\\([0-9]+/[0-9]+\\)#[0-9]+")) {
            return thread.replaceAll(" \\([0-9]+/[0-9]+\\)#[0-9]+", "");
        }
        if (thread.startsWith("kafka-producer-network-thread")) {
            return "Kafka producer";
        }
        return "";
    }

    private static double median(List<Double> values) {
        double[] sorted = values.stream().mapToDouble(value -> value).sorted().toArray();
        int middle = sorted.length / 2;
        return sorted.length % 2 == 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
    }

    /** Benchmark stream: Gaussian noise around seven class centres. */
    private record Noise(int numFeatures, long size, BenchFormat.Codec codec)
            implements LabelledStream {
        private static final int CLASSES = 7;

        @Override
        public String description() {
            return "noise";
        }

        @Override
        public List<String> classes() {
            return IntStream.range(0, CLASSES).mapToObj(Integer::toString).toList();
        }

        @Override
        public Items<byte[]> messages() {
            Items<Example> examples = examples();
            if (codec.encode(new Example("", new float[numFeatures])) == null) {
                return LabelledStream.super.messages();
            }
            return new Items<>() {
                @Override
                public boolean hasNext() {
                    return examples.hasNext();
                }

                @Override
                @SuppressWarnings("NullAway") // checked above
                public byte[] next() {
                    return codec.encode(examples.next());
                }

                @Override
                public void close() {
                    examples.close();
                }
            };
        }

        @Override
        public Items<Example> examples() {
            Random random = new Random(1);
            return new Items<>() {
                private long next;

                @Override
                public boolean hasNext() {
                    return next < size;
                }

                @Override
                public Example next() {
                    int label = random.nextInt(CLASSES);
                    float[] features = new float[numFeatures];
                    for (int j = 0; j < numFeatures; j++) {
                        features[j] = (float) random.nextGaussian() + (j == label ? 1 : 0);
                    }
                    next++;
                    return new Example(Integer.toString(label), features);
                }

                @Override
                public void close() {}
            };
        }
    }
}
