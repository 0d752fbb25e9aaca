package io.freshet.local;

import io.freshet.config.Key;
import io.freshet.config.SettingsSource;
import io.freshet.local.audit.TopicReader;
import io.freshet.local.cli.Directories;
import io.freshet.local.cli.SettingsOptions;
import io.freshet.local.cli.ShutdownStack;
import io.freshet.local.cli.TerminalText;
import io.freshet.local.cli.UserException;
import io.freshet.local.cluster.EmbeddedKafka;
import io.freshet.local.cluster.Topics;
import io.freshet.local.stream.StreamSender;
import io.freshet.local.watch.TerminalDisplay;
import io.freshet.model.LearnerSettings;
import io.freshet.pipeline.JobConfig;
import io.freshet.pipeline.JobKind;
import io.freshet.pipeline.KafkaConfig;
import io.freshet.publish.Topic;
import io.freshet.text.QuotedList;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.stream.IntStream;
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
 *
 * <p>With {@code --score}, the job only predicts, with a model that a job has learned from the
 * first events before. Its rate is computed from the Kafka timestamps of its predictions, without
 * the last hundredth of them.
 */
@Command(
        name = "bench",
        mixinStandardHelpOptions = true,
        description = "Measures the job against a bare consumer of the same topic.")
final class BenchCommand implements Callable<Integer> {
    /** Number of events from which the model of {@code --score} is learned. */
    private static final long TRAINING_EVENTS = 20_000;

    /** Topic of the events that are predicted with {@code --score}. */
    private static final String FEATURE_EVENTS = "feature-events";

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
            names = "--partitions",
            paramLabel = "N",
            defaultValue = "1",
            description =
                    "Partitions of the topic (default: ${DEFAULT-VALUE}). With --set"
                        + " job.parallelism=N --against job.parallelism=1, the ratio is the gain by"
                        + " parallel subtasks, each of which needs a partition.")
    private int partitions;

    @Option(
            names = "--score",
            description =
                    "Measures the job of freshet score, with a model that is learned before from"
                            + " the first 20,000 events.")
    private boolean score;

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
        if (runs < 1
                || megabytes < 1
                || partitions < 1
                || widths.stream().anyMatch(width -> width < 1)) {
            throw new UserException(
                    "--runs, --megabytes, --partitions and --features must be at least 1");
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
            BenchStream stream = new BenchStream(width, events, codec);
            EmbeddedKafka kafka = open.add(EmbeddedKafka.start());
            if (score) {
                learnModel(new BenchStream(width, TRAINING_EVENTS, codec), kafka, open);
            }
            JobConfig topics = config(stream, kafka, 0, List.of());
            LearnerSettings learner = topics.learn().learner();
            send(stream, topics, partitions);
            out.println(
                    TerminalDisplay.format(
                            "%n%d features, %d classes, %,d events %s, mini-batch %d, learning"
                                    + " rate %s%n",
                            width,
                            stream.classes().size(),
                            events,
                            score ? "to predict" : "to learn",
                            learner.miniBatchSize(),
                            learner.mixture() == null ? learner.learningRate() : "auto"));
            out.println(
                    "  run  consumer, events/s  job, events/s  ratio"
                            + (against.isEmpty() ? "" : "  against, events/s  job/against"));
            List<Double> consumers = new ArrayList<>();
            BenchJob job = new BenchJob(List.of());
            BenchJob other = new BenchJob(against);
            int started = 0;
            for (int run = 1 - warmUps; run <= runs; run++) {
                consumers.add(consumerRate(topics, events, codec));
                // The one that runs second finds a warmer machine, so the two take turns.
                List<BenchJob> inTurn =
                        against.isEmpty()
                                ? List.of(job)
                                : Math.floorMod(run, 2) == 1
                                        ? List.of(job, other)
                                        : List.of(other, job);
                for (BenchJob contender : inTurn) {
                    started++;
                    JobConfig config = config(stream, kafka, started, contender.overrides());
                    Topics.create(config.topics(), partitions);
                    contender.run(config, started, events, open);
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
                                            job.rates().subList(i, run),
                                            other.rates().isEmpty()
                                                    ? List.of()
                                                    : other.rates().subList(i, run)));
                }
                out.flush();
            }
            out.println("  median" + row(consumers, job.rates(), other.rates()));
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

    private void printTimes(PrintWriter out, BenchJob job, BenchJob other, long events) {
        out.println(
                "  CPU time of the job's threads, µs per event"
                        + (against.isEmpty() ? "" : "; against; job/against"));
        job.cpu().entrySet().stream()
                .sorted(Map.Entry.<String, Long>comparingByValue().reversed())
                .limit(8)
                .forEach(
                        group ->
                                printTime(
                                        out,
                                        group.getKey(),
                                        group.getValue(),
                                        other.cpu().get(group.getKey()),
                                        events));
        out.println("  Elapsed time of the JIT compiler of the whole process, µs per event");
        printTime(
                out,
                "JIT compiler",
                job.compilationNanos(),
                against.isEmpty() ? null : other.compilationNanos(),
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

    /** Learns a model from a stream, and publishes it for the jobs that predict with it. */
    private void learnModel(BenchStream stream, EmbeddedKafka kafka, ShutdownStack open)
            throws Exception {
        JobConfig config = JobConfig.parse(settings(stream, kafka, 0, List.of()));
        send(stream, config, 1);
        BenchJob.runToEnd(config, new HashMap<>(), open);
    }

    /** Creates the topics of a job, and sends all events of a stream to its input. */
    private static void send(BenchStream stream, JobConfig config, int partitions)
            throws Exception {
        Topics.create(config.topics(), partitions);
        new StreamSender(
                        config.kafka().client(),
                        config.kafka().labelledEvents(),
                        StreamSender.UNLIMITED)
                .send(stream, stream.size());
    }

    /** Returns the configuration of the measured job. */
    private JobConfig config(
            BenchStream stream, EmbeddedKafka kafka, int run, List<String> overrides) {
        Map<String, String> settings = settings(stream, kafka, run, overrides);
        if (score) {
            settings.put(JobConfig.KIND.name(), Key.kebab(JobKind.SCORE));
            settings.put(KafkaConfig.FEATURE_EVENTS.name(), FEATURE_EVENTS);
            settings.put(Topic.PREDICTIONS.key().name(), "predictions-" + run);
        }
        return JobConfig.parse(settings);
    }

    /** Returns the settings of a job that learns from a stream. */
    private Map<String, String> settings(
            BenchStream stream, EmbeddedKafka kafka, int run, List<String> overrides) {
        Map<String, String> settings = new HashMap<>(stream.codec().settings());
        settings.put("classes", QuotedList.format(stream.classes()));
        settings.put("checkpoint.interval", "1 s");
        settings.putAll(settingsOptions.read());
        settings.putAll(SettingsSource.read(null, overrides));
        settings.put("kafka.bootstrap.servers", kafka.bootstrapServers());
        settings.put("source.group-id", "bench-" + run);
        settings.put("sink.transactional-id-prefix", "bench-" + run);
        return settings;
    }

    private static double consumerRate(JobConfig config, long events, BenchFormat.Codec codec) {
        long warm = (long) (events * BenchJob.START_UP);
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

    private static double median(List<Double> values) {
        double[] sorted = values.stream().mapToDouble(value -> value).sorted().toArray();
        int middle = sorted.length / 2;
        return sorted.length % 2 == 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
    }
}
