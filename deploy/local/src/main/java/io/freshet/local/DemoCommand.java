package io.freshet.local;

import static io.freshet.local.cli.TerminalText.printable;

import io.freshet.ingest.FeatureEncoding;
import io.freshet.ingest.IngestConfig;
import io.freshet.learn.LearnConfig;
import io.freshet.local.audit.AuditReader;
import io.freshet.local.audit.TopicAudit;
import io.freshet.local.cli.SettingsOptions;
import io.freshet.local.cli.ShutdownStack;
import io.freshet.local.cli.TerminalText;
import io.freshet.local.cluster.EmbeddedKafka;
import io.freshet.local.cluster.LocalCluster;
import io.freshet.local.cluster.Topics;
import io.freshet.local.dashboard.Dashboard;
import io.freshet.local.dashboard.DashboardData;
import io.freshet.local.dashboard.DashboardOptions;
import io.freshet.local.inspect.ProposalText;
import io.freshet.local.run.LearningRun;
import io.freshet.local.stream.FileStream;
import io.freshet.local.stream.LabelledStream;
import io.freshet.local.stream.StreamOptions;
import io.freshet.local.stream.StreamSender;
import io.freshet.local.watch.LearningCurves;
import io.freshet.local.watch.RegistryProbe;
import io.freshet.local.watch.ResultsReader;
import io.freshet.local.watch.RunSummary;
import io.freshet.local.watch.SummaryTable;
import io.freshet.local.watch.TerminalDisplay;
import io.freshet.pipeline.JobConfig;
import io.freshet.pipeline.RegistryPreflight;
import io.freshet.schemas.MetricsEvent;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/**
 * Command {@code freshet demo}: sends a stream to a Kafka broker and runs the job on it in a Flink
 * cluster, all in one process.
 */
@Command(
        name = "demo",
        mixinStandardHelpOptions = true,
        description = {
            "Runs a Kafka broker, a Flink cluster and the job in this process, sends a stream of"
                    + " labelled events, and shows how the model learns.",
            "Ends by itself. The exit code is 0 only if a separate consumer of the topics accounts"
                    + " for every event."
        })
final class DemoCommand implements Callable<Integer> {
    private static final long RATE_WINDOW_NANOS = TimeUnit.SECONDS.toNanos(3);

    @Mixin private StreamOptions streamOptions = new StreamOptions();
    @Mixin private SettingsOptions settingsOptions = new SettingsOptions();

    @Option(
            names = "--summary",
            paramLabel = "FILE",
            description = "Writes a summary of the run to a file, as one JSON object.")
    private @Nullable Path summaryFile;

    @Option(
            names = "--partitions",
            paramLabel = "N",
            defaultValue = "1",
            description = "Partitions of the topic of labelled events (default: ${DEFAULT-VALUE}).")
    private int partitions = 1;

    @Option(
            names = "--ui-port",
            paramLabel = "PORT",
            defaultValue = "0",
            description = "Port of Flink's web UI (default: any free port).")
    private int uiPort;

    @Mixin private DashboardOptions dashboardOptions = new DashboardOptions();

    @Option(
            names = "--stay",
            description = "Keeps serving the dashboard after the end, until Ctrl-C.")
    private boolean stay;

    @Spec
    @SuppressWarnings("NullAway.Init") // picocli sets it
    private CommandSpec spec;

    /** Returns the lines of a warning, for a terminal of 80 columns. */
    static List<String> warning(String warning) {
        return TerminalText.wrapped("warning: " + printable(warning), 80);
    }

    /** Returns the number of features, or of the columns into which features are hashed. */
    static String features(IngestConfig config) {
        String noun = config.encoding() == FeatureEncoding.HASHED ? "hashed column" : "feature";
        int number = config.numFeatures();
        return TerminalDisplay.format("%,d %s", number, number == 1 ? noun : noun + "s");
    }

    @Override
    public Integer call() throws Exception {
        Map<String, String> given = settingsOptions.read();
        LabelledStream stream = streamOptions.stream(given);
        long total = streamOptions.limit(stream);
        double rate = streamOptions.eventsPerSecond();
        PrintWriter out = spec.commandLine().getOut();
        Consumer<String> warnings = warning -> warning(warning).forEach(out::println);
        // Reports configuration errors first.
        JobConfig checked = JobConfig.parse(settings(given, stream, "localhost:1"), warnings);
        checked.memoryShortage(Runtime.getRuntime().maxMemory()).ifPresent(warnings);
        LocalCluster.prepareBackend(checked);
        RegistryPreflight.check(checked, warnings);
        out.println(
                TerminalDisplay.format(
                        "%n  Freshet learns from %s%n  %,d events, %s, %s classes",
                        printable(stream.description()),
                        total,
                        features(checked.ingest()),
                        checked.ingest().classesAreOpen()
                                ? "open"
                                : checked.ingest().classes().size()));
        if (stream instanceof FileStream file) {
            out.println();
            ProposalText.lines(file.proposal(), file.assumptions(), List.of())
                    .forEach(out::println);
            out.println();
        }
        try (ShutdownStack open = new ShutdownStack()) {
            DashboardData data = new DashboardData();
            Dashboard dashboard = open.add(dashboardOptions.start(data));
            EmbeddedKafka kafka = open.add(EmbeddedKafka.start());
            JobConfig config = JobConfig.parse(settings(given, stream, kafka.bootstrapServers()));
            Topics.create(config.topics(), partitions);
            LocalCluster cluster = open.add(LocalCluster.start(config, uiPort));
            out.println(
                    TerminalDisplay.format(
                            "  Kafka at %s, Flink at %s%n  Dashboard at %s%n",
                            kafka.bootstrapServers(), cluster.webPage(), dashboard.address()));
            out.flush();
            ResultsReader reader = open.add(ResultsReader.start(config.topics(), data));
            Optional<RegistryProbe> probe = RegistryProbe.start(config.topics());
            if (probe.isPresent()) {
                data.registry(open.add(probe.get())::outageSeconds);
            }
            double seconds = run(config, cluster, stream, total, rate, open, out);
            data.stopped(System.currentTimeMillis());
            TopicAudit audit = AuditReader.read(config);
            RunSummary summary = RunSummary.of(audit, seconds);
            SummaryTable.print(out, summary, audit);
            if (summaryFile != null) {
                summary.write(summaryFile);
            }
            if (stay) {
                out.println("  The dashboard stays at " + dashboard.address() + " until Ctrl-C");
                out.flush();
                reader.awaitEnd();
            }
            if (audit.accepted().count() == 0) {
                out.println("  The model has learnt nothing: no event could be trained on");
                out.flush();
                return 1;
            }
            return audit.holds() && audit.events() == total ? 0 : 1;
        }
    }

    private static Map<String, String> settings(
            Map<String, String> given, LabelledStream stream, String bootstrapServers) {
        Map<String, String> settings = new HashMap<>(stream.settings());
        settings.put("checkpoint.interval", "1 s");
        // Frequent enough that even a short file, sent at full speed, gives a curve.
        settings.put("metrics.every", "1000");
        if (!given.containsKey(LearnConfig.MINI_BATCH_MAX_WAIT.name())) {
            // The same command gives the same figures.
            settings.put(IngestConfig.BLOCK_MAX_WAIT.name(), "off");
        }
        settings.putAll(given);
        settings.put("kafka.bootstrap.servers", bootstrapServers);
        return settings;
    }

    /**
     * Sends the stream, shows how the model learns, and stops the job once it has read everything.
     *
     * @return seconds from the first event sent to the last result committed
     */
    private static double run(
            JobConfig config,
            LocalCluster cluster,
            LabelledStream stream,
            long total,
            double rate,
            ShutdownStack open,
            PrintWriter out)
            throws Exception {
        StreamSender sender =
                new StreamSender(config.kafka().client(), config.kafka().labelledEvents(), rate);
        open.add(sender::stop);
        TerminalDisplay display = TerminalDisplay.forTerminal(out);
        ProgressDisplay progress = new ProgressDisplay(display, sender, total);
        try (LearningRun run = new LearningRun(config, cluster, progress, display::print)) {
            run.awaitRunning();
            long start = System.nanoTime();
            run.process(() -> sender.send(stream, total));
            run.stop();
            double seconds = (System.nanoTime() - start) / (double) TimeUnit.SECONDS.toNanos(1);
            run.readRemainingMetrics();
            progress.show(total / seconds);
            return seconds;
        }
    }

    /** Learning curves, drawn while the job learns. */
    private static final class ProgressDisplay implements LearningRun.Listener {
        private final LearningCurves curves = new LearningCurves();
        private final Throughput throughput = new Throughput(RATE_WINDOW_NANOS);
        private final TerminalDisplay display;
        private final StreamSender sender;
        private final long total;
        private final long intervalNanos;
        private long shown = System.nanoTime();

        /**
         * @param total number of events that will be sent
         */
        ProgressDisplay(TerminalDisplay display, StreamSender sender, long total) {
            this.display = display;
            this.sender = sender;
            this.total = total;
            intervalNanos = TimeUnit.MILLISECONDS.toNanos(display.isInteractive() ? 200 : 1000);
        }

        @Override
        public void onMetrics(MetricsEvent event) {
            curves.add(event);
        }

        @Override
        public void onPoll() {
            long now = System.nanoTime();
            if (now - shown > intervalNanos) {
                shown = now;
                show(throughput.at(now, curves.examplesSeen()));
            }
        }

        void show(double eventsPerSecond) {
            display.show(curves, sender.sent(), total, eventsPerSecond);
        }
    }

    /** Rate of training, in events per second, over a sliding time window. */
    private static final class Throughput {
        private final long windowNanos;
        private final ArrayDeque<long[]> points = new ArrayDeque<>();

        Throughput(long windowNanos) {
            this.windowNanos = windowNanos;
        }

        double at(long now, long examplesSeen) {
            points.addLast(new long[] {now, examplesSeen});
            while (points.size() > 2 && now - points.getFirst()[0] > windowNanos) {
                points.removeFirst();
            }
            long[] first = points.getFirst();
            long[] newest = points.getLast();
            return newest[0] == first[0]
                    ? 0
                    : (newest[1] - first[1]) * 1e9 / (newest[0] - first[0]);
        }
    }
}
