package io.freshet.local;

import static io.freshet.local.watch.TerminalDisplay.format;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.freshet.local.audit.TopicAudit;
import io.freshet.local.cli.Directories;
import io.freshet.local.cli.ProcessShutdown;
import io.freshet.local.cli.ShutdownStack;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.net.URI;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.function.ToLongFunction;
import java.util.regex.Pattern;
import java.util.stream.IntStream;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/**
 * Program that runs a job under a steady load for an hour, and checks that its memory, threads and
 * open files do not grow.
 */
@Command(
        name = "soak",
        mixinStandardHelpOptions = true,
        sortOptions = false,
        description = {
            "Runs a broker and freshet run, each in its own process, sends events at a steady rate,"
                    + " and prints every minute what the process of the job uses. Only half of the"
                    + " models fit in memory, so that models are evicted and loaded all the time.",
            "Compares the median of the last quarter of the minutes with that of the second"
                    + " quarter. The exit code is 0 only if nothing has grown and no event is lost"
                    + " or counted twice."
        })
final class SoakCheck implements Callable<Integer> {
    private static final Pattern FLINK = Pattern.compile("Flink at (\\S+)");
    private static final long KIB = 1 << 10;
    private static final long MIB = 1 << 20;
    private static final int QUARTERS = 4;

    /** End of the name of the gauge of what JavaCPP has allocated. */
    private static final String NATIVE_GAUGE = ".freshet.native_memory_bytes";

    @Option(
            names = "--minutes",
            paramLabel = "N",
            defaultValue = "60",
            description = "Duration (default: ${DEFAULT-VALUE}).")
    private int minutes;

    @Option(
            names = "--rate",
            paramLabel = "N",
            defaultValue = "5000",
            description = "Events per second (default: ${DEFAULT-VALUE}).")
    private int rate;

    @Option(
            names = "--models",
            paramLabel = "N",
            defaultValue = "20",
            description = "Number of models (default: ${DEFAULT-VALUE}).")
    private int numModels;

    @Spec private CommandSpec spec;

    private final ObjectMapper json = new ObjectMapper();

    /**
     * Memory, threads and files that the process uses at one time.
     *
     * @param resident bytes of resident memory
     * @param heap bytes of live objects
     * @param nativeMemory bytes that JavaCPP has allocated and not freed
     */
    private record Usage(
            long resident, long heap, long nativeMemory, long threads, long openFiles) {
        static final String HEADER = "minute  resident   heap  native  threads  open files";

        String line(int minute) {
            return format(
                    "%6d  %4d MiB  %3d MiB  %5d KiB  %4d  %4d",
                    minute, resident / MIB, heap / MIB, nativeMemory / KIB, threads, openFiles);
        }
    }

    /** Limits of the growth: 3 % of memory, 2 threads and 4 files. */
    private static final List<Limit> LIMITS =
            List.of(
                    new Limit("resident memory", Usage::resident, 0.03, 0),
                    new Limit("live heap", Usage::heap, 0.03, 0),
                    new Limit("native memory", Usage::nativeMemory, 0.03, 0),
                    new Limit("threads", Usage::threads, 0, 2),
                    new Limit("open files", Usage::openFiles, 0, 4));

    /**
     * Limit of growth between two quarters.
     *
     * @param relative fraction by which the value may grow
     * @param absolute number by which it may grow in addition
     */
    private record Limit(String text, ToLongFunction<Usage> value, double relative, long absolute) {
        /** Prints how a value has changed, and returns whether it has not grown. */
        boolean check(List<Usage> usages) {
            int quarter = usages.size() / QUARTERS;
            long before = median(usages.subList(quarter, 2 * quarter));
            long after = median(usages.subList(usages.size() - quarter, usages.size()));
            boolean flat = after <= before * (1 + relative) + absolute;
            System.out.println(
                    format(
                            "%s: %,d, then %,d (%+.2f %%)%s",
                            text,
                            before,
                            after,
                            100.0 * (after - before) / Math.max(1, before),
                            flat ? "" : ": HAS GROWN"));
            return flat;
        }

        private long median(List<Usage> usages) {
            long[] sorted = usages.stream().mapToLong(value).sorted().toArray();
            return sorted[sorted.length / 2];
        }
    }

    private SoakCheck() {}

    /** Runs the check. */
    public static void main(String[] args) {
        ProcessShutdown.handleSignals();
        System.exit(new CommandLine(new SoakCheck()).execute(args));
    }

    @Override
    public Integer call() throws Exception {
        if (minutes < QUARTERS) {
            throw new ParameterException(
                    spec.commandLine(), "--minutes must be at least " + QUARTERS);
        }
        List<String> models =
                IntStream.rangeClosed(1, numModels).mapToObj(i -> "model-" + i).toList();
        Map<String, String> settings =
                Map.of(
                        "learner.type",
                        "softmax",
                        "checkpoint.interval",
                        "5 s",
                        "models.max",
                        Integer.toString(Math.max(1, numModels / 2)));
        Path directory = Directories.createTemporary("freshet-soak-");
        try (ShutdownStack stack = new ShutdownStack()) {
            stack.add(() -> Directories.delete(directory));
            RunningJob job =
                    stack.add(
                            RunningJob.start(
                                    directory, settings, new RunningJob.Load(rate, models)));
            List<Usage> usages = observe(job);
            boolean flat = true;
            for (Limit limit : LIMITS) {
                flat &= limit.check(usages);
            }
            TopicAudit audit = job.finish();
            audit.checks()
                    .forEach(check -> System.out.println(check.name() + ": " + check.detail()));
            return flat ? 0 : 1;
        }
    }

    private List<Usage> observe(RunningJob job) throws IOException, InterruptedException {
        List<Usage> usages = new ArrayList<>();
        System.out.println(Usage.HEADER);
        long start = System.nanoTime();
        for (int minute = 1; minute <= minutes; minute++) {
            long due = start + Duration.ofMinutes(minute).toNanos();
            Thread.sleep(Duration.ofNanos(Math.max(0, due - System.nanoTime())).toMillis());
            JavaProcess process = job.process();
            long heap = process.liveBytes(); // collects garbage first
            Usage usage =
                    new Usage(
                            process.residentBytes(),
                            heap,
                            nativeMemory(process),
                            process.threads(),
                            process.openFiles());
            usages.add(usage);
            System.out.println(usage.line(minute));
        }
        return usages;
    }

    private long nativeMemory(JavaProcess process) {
        URI flink = URI.create(process.awaitOutput(FLINK));
        List<Long> values = new ArrayList<>();
        // Flink asks the TaskManagers for metrics only after the first request.
        JobOnKafka.await(
                "the gauge of native memory",
                () -> {
                    try {
                        values.addAll(nativeMemory(flink));
                    } catch (IOException e) {
                        throw new UncheckedIOException(e);
                    }
                    return !values.isEmpty();
                });
        return values.get(0);
    }

    /** Returns the gauge of native memory from Flink's REST interface; empty until it has it. */
    private List<Long> nativeMemory(URI flink) throws IOException {
        String job = "/jobs/" + get(flink, "/jobs").at("/jobs/0/id").asText();
        List<Long> values = new ArrayList<>();
        for (JsonNode vertex : get(flink, job).path("vertices")) {
            String metrics = job + "/vertices/" + vertex.path("id").asText() + "/metrics";
            for (JsonNode metric : get(flink, metrics)) {
                String name = metric.path("id").asText();
                if (name.endsWith(NATIVE_GAUGE)) {
                    get(flink, metrics + "?get=" + name)
                            .forEach(value -> values.add(value.path("value").asLong()));
                }
            }
        }
        return values;
    }

    private JsonNode get(URI flink, String path) throws IOException {
        try (InputStream answer = flink.resolve(path).toURL().openStream()) {
            return json.readTree(answer);
        }
    }
}
