package io.freshet.local.chaos;

import static io.freshet.local.watch.TerminalDisplay.format;

import io.freshet.local.audit.AuditReport;
import io.freshet.local.audit.AuditRequest;
import io.freshet.local.audit.AuditText;
import io.freshet.local.audit.JobAudit;
import io.freshet.local.audit.Verdict;
import io.freshet.local.cli.Directories;
import io.freshet.local.cli.ProcessShutdown;
import io.freshet.local.cli.ShutdownStack;
import io.freshet.local.cluster.Topics;
import io.freshet.pipeline.JobConfig;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.Callable;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/**
 * Program that causes seeded faults in a cluster of real processes under load, and proves after
 * each of them that every event was trained on once or set aside once.
 */
@Command(
        name = "chaos",
        mixinStandardHelpOptions = true,
        sortOptions = false,
        description = {
            "Starts three Kafka brokers, a Flink cluster with high availability and the job, all in"
                    + " processes of their own, sends events, and causes faults. After each fault"
                    + " the job must recover and freshet audit must prove that nothing is lost or"
                    + " counted twice.",
            "The exit code is 0 only if everything held. Otherwise the logs are kept."
        })
final class ChaosCheck implements Callable<Integer> {
    private static final Duration RECOVERY_LIMIT = Duration.ofMinutes(4);
    private static final Duration PATIENCE = Duration.ofMinutes(1);
    private static final int PARTITIONS = 4;

    @Option(
            names = "--seed",
            paramLabel = "N",
            description = "Seed of faults and events (default: a new one, which is printed).")
    private @Nullable Long seed;

    @Option(
            names = "--faults",
            paramLabel = "N",
            defaultValue = "50",
            description = "Number of faults (default: ${DEFAULT-VALUE}).")
    private int numFaults;

    @Option(
            names = "--only",
            paramLabel = "KIND",
            converter = KindConverter.class,
            description = "Only faults of one kind: ${COMPLETION-CANDIDATES}.",
            completionCandidates = KindNames.class)
    private @Nullable FaultKind only;

    @Option(
            names = "--rate",
            paramLabel = "N",
            defaultValue = "100",
            description = "Messages per second (default: ${DEFAULT-VALUE}).")
    private int rate;

    @Option(
            names = "--logs",
            paramLabel = "DIR",
            defaultValue = "target/chaos",
            description = "Directory of the logs if something did not hold.")
    private Path logs;

    @Option(names = "--keep-logs", description = "Keeps the logs in any case.")
    private boolean keepLogs;

    private final ChaosReport report = new ChaosReport();
    private int fault;

    /** Names of the kinds of fault. */
    static final class KindNames extends ArrayList<String> {
        private static final long serialVersionUID = 1L;

        KindNames() {
            super(Stream.of(FaultKind.values()).map(FaultKind::text).toList());
        }
    }

    /** Converter from the name of a kind of fault. */
    static final class KindConverter implements CommandLine.ITypeConverter<FaultKind> {
        @Override
        public FaultKind convert(String value) {
            return Stream.of(FaultKind.values())
                    .filter(kind -> kind.text().equals(value))
                    .findFirst()
                    .orElseThrow(
                            () ->
                                    new CommandLine.TypeConversionException(
                                            value + " is none of " + new KindNames()));
        }
    }

    /** Runs the check. */
    public static void main(String[] args) {
        ProcessShutdown.handleSignals();
        System.exit(new CommandLine(new ChaosCheck()).execute(args));
    }

    @Override
    public Integer call() throws Exception {
        long runSeed = seed == null ? new Random().nextInt(1_000_000) : seed;
        System.out.println("seed " + runSeed);
        Path directory = Directories.createTemporary("freshet-chaos-");
        boolean held = false;
        try (ShutdownStack stack = new ShutdownStack()) {
            stack.add(() -> Directories.delete(directory));
            try {
                run(stack, directory, runSeed);
                held = true;
            } catch (Exception | AssertionError e) {
                if (!ProcessShutdown.hasBegun()) {
                    System.out.println(
                            format(
                                    "%nVIOLATION %s, seed %d",
                                    fault > numFaults ? "at the end" : "at fault " + fault,
                                    runSeed));
                    if (e instanceof ChaosViolation) {
                        System.out.println(e.getMessage());
                    } else {
                        e.printStackTrace(System.out);
                    }
                }
            } finally {
                report.lines().forEach(System.out::println);
                if (keepLogs || (!held && !ProcessShutdown.hasBegun())) {
                    keepLogs(directory, runSeed);
                }
            }
        }
        System.out.println(held ? "everything held" : "NOT everything held");
        return held ? 0 : 1;
    }

    private void run(ShutdownStack stack, Path directory, long runSeed) throws Exception {
        ChaosKafka kafka =
                stack.add(ChaosKafka.start(Files.createDirectory(directory.resolve("kafka"))));
        ChaosFlink flink =
                stack.add(ChaosFlink.start(Files.createDirectory(directory.resolve("flink"))));
        Map<String, String> settings = settings();
        settings.put("kafka.bootstrap.servers", kafka.bootstrapServersOfTheJob());
        Path file = directory.resolve("freshet.properties");
        Files.write(
                file,
                settings.entrySet().stream().map(e -> e.getKey() + "=" + e.getValue()).toList());
        settings.put("kafka.bootstrap.servers", kafka.bootstrapServers());
        JobConfig config = JobConfig.parse(settings);
        Topics.create(config.topics(), PARTITIONS);
        ChaosJob job = new ChaosJob(flink, file, directory.resolve("savepoints"), config.jobName());
        EventLoad load =
                stack.add(
                        new EventLoad(
                                config.kafka().client(),
                                config.kafka().labelledEvents(),
                                PARTITIONS,
                                rate,
                                runSeed));
        load.start();
        job.start();
        // Closed by this thread only, since a Kafka consumer allows no other.
        try (MetricsProbe metrics = new MetricsProbe(config, EventLoad.MODELS)) {
            awaitNewerThan(job.submittedAt(), metrics, job, load);
            System.out.println("the job works; " + numFaults + " faults follow");
            Testbed bed = new Testbed(kafka, flink, job);
            FaultPlan plan = new FaultPlan(runSeed, only);
            for (fault = 1; fault <= numFaults; fault++) {
                cause(plan.next(), bed, metrics, load, config);
            }
            finish(config, job, metrics, load);
        }
    }

    private static Map<String, String> settings() {
        Map<String, String> settings = new HashMap<>();
        settings.put("num-features", Integer.toString(EventLoad.NUM_FEATURES));
        settings.put("classes", Integer.toString(EventLoad.NUM_CLASSES));
        settings.put("job.parallelism", "2");
        settings.put("checkpoint.interval", "1 s");
        settings.put("models.publish-interval", "2 s");
        return settings;
    }

    private void cause(
            FaultPlan.Planned planned,
            Testbed bed,
            MetricsProbe metrics,
            EventLoad load,
            JobConfig config)
            throws Exception {
        long pauseEnds = System.currentTimeMillis() + planned.pauseMillis();
        while (System.currentTimeMillis() < pauseEnds) {
            metrics.poll();
        }
        Choices choices = new Choices(planned.seed());
        String kinds =
                planned.kinds().stream().map(FaultKind::text).collect(Collectors.joining(" + "));
        long begin = System.currentTimeMillis();
        List<ActiveFault> active = new ArrayList<>();
        for (FaultKind kind : planned.kinds()) {
            active.add(kind.begin(bed, choices));
        }
        String victims = active.stream().map(ActiveFault::victim).collect(Collectors.joining(", "));
        System.out.print(format("%3d  %s: %s", fault, kinds, victims));
        System.out.flush();
        boolean restarted = planned.kinds().contains(FaultKind.SAVEPOINT_RESTART);
        long recoveredAt = 0;
        while (!areRepaired(active)) {
            load.requireRunning();
            metrics.poll();
            if (recoveredAt == 0 && !restarted && metrics.areNewerThan(begin)) {
                recoveredAt = System.currentTimeMillis();
            }
        }
        long end = System.currentTimeMillis();
        if (recoveredAt == 0) {
            long since = restarted ? Math.max(begin, bed.job().submittedAt()) : begin;
            recoveredAt = awaitNewerThan(since, metrics, bed.job(), load);
        }
        double recovery = (recoveredAt - begin) / 1_000.0;
        awaitNewerThan(end, metrics, bed.job(), load);
        restartEnded(bed);
        AuditReport audit = audit(config);
        report.recovered(planned.kinds().size() == 1 ? kinds : "two at once", recovery);
        System.out.println(
                format("%n     recovered in %.1f s, audit in %.1f s", recovery, audit.seconds()));
    }

    private static boolean areRepaired(List<ActiveFault> faults) throws Exception {
        boolean all = true;
        for (ActiveFault each : faults) {
            all &= each.isRepaired();
        }
        return all;
    }

    /**
     * Waits until every model has committed metrics that were written after a time.
     *
     * @return time at which they were read, in milliseconds since 1970-01-01T00:00Z
     */
    private static long awaitNewerThan(
            long time, MetricsProbe metrics, ChaosJob job, EventLoad load) {
        long deadline = System.nanoTime() + RECOVERY_LIMIT.toNanos();
        int polls = 0;
        while (!metrics.areNewerThan(time)) {
            if (System.nanoTime() > deadline) {
                throw new ChaosViolation(
                        "no committed metrics of every model for "
                                + RECOVERY_LIMIT.toSeconds()
                                + " s; job: "
                                + job.describe());
            }
            load.requireRunning();
            metrics.poll();
            polls++;
            if (polls % 10 == 0) {
                job.requireNotEnded();
            }
        }
        return System.currentTimeMillis();
    }

    /** Starts processes again that ended by themselves, as a supervisor would. */
    private static void restartEnded(Testbed bed) throws IOException {
        List<ChaosFlink.Node> nodes = new ArrayList<>(bed.flink().jobManagers());
        nodes.addAll(bed.flink().taskManagers());
        for (ChaosFlink.Node node : nodes) {
            if (!node.process().isAlive()) {
                System.out.print("; " + node.name() + " had ended and is started again");
                bed.flink().restart(node);
            }
        }
        for (ChaosBroker broker : bed.kafka().brokers()) {
            if (!broker.process().isAlive()) {
                throw new ChaosViolation(broker.name() + " has ended by itself");
            }
        }
    }

    private AuditReport audit(JobConfig config) {
        AuditReport audit =
                JobAudit.run(
                        config.topics(),
                        new AuditRequest(
                                config.jobName(), null, null, null, PATIENCE, false, false, true));
        if (audit.verdict() != Verdict.PROVEN) {
            StringWriter text = new StringWriter();
            AuditText.print(new PrintWriter(text), audit);
            throw new ChaosViolation("the audit does not prove everything:\n" + text);
        }
        report.proven(audit.details().size());
        return audit;
    }

    private void finish(JobConfig config, ChaosJob job, MetricsProbe metrics, EventLoad load)
            throws Exception {
        load.finish();
        Waiting.until(
                "the job to have read everything",
                RECOVERY_LIMIT,
                () -> {
                    AuditReport audit = audit(config);
                    return audit.unread() == 0 && audit.pending() == 0;
                });
        job.stopWithDrain();
        AuditReport audit = audit(config);
        if (audit.unread() > 0 || audit.pending() > 0) {
            throw new ChaosViolation(
                    "after the end "
                            + audit.unread()
                            + " events are unread and "
                            + audit.pending()
                            + " pending");
        }
        metrics.readToEnd();
        int messages =
                DeliveryCheck.run(config, load.sent(), load.acknowledged(), metrics.trained());
        System.out.println(format("all %,d acknowledged messages came out exactly once", messages));
    }

    /** Moves what the processes logged to the directory of the logs. */
    private void keepLogs(Path directory, long runSeed) throws IOException {
        Path kept = logs.resolve("seed-" + runSeed);
        Directories.delete(kept);
        try (Stream<Path> files = Files.walk(directory)) {
            for (Path file : files.filter(ChaosCheck::isLog).toList()) {
                Path target = kept.resolve(directory.relativize(file).toString());
                Files.createDirectories(target.getParent());
                Files.copy(file, target, StandardCopyOption.REPLACE_EXISTING);
            }
        }
        System.out.println("logs in " + kept.toAbsolutePath());
    }

    private static boolean isLog(Path file) {
        String name = file.getFileName().toString();
        return Files.isRegularFile(file)
                && name.matches("output-.*\\.txt|broker\\.log.*|hs_err.*|freshet\\.properties");
    }
}
