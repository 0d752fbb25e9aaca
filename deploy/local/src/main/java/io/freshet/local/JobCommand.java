package io.freshet.local;

import io.freshet.config.ConfigurationException;
import io.freshet.local.cli.Failures;
import io.freshet.local.cli.JobFailedException;
import io.freshet.local.cli.ProcessShutdown;
import io.freshet.local.cli.SettingsOptions;
import io.freshet.local.cli.ShutdownStack;
import io.freshet.local.cli.UserException;
import io.freshet.local.cluster.JobSupervisor;
import io.freshet.local.cluster.LocalCluster;
import io.freshet.local.cluster.StateDirectory;
import io.freshet.local.watch.StopNote;
import io.freshet.pipeline.JobCheckpoint;
import io.freshet.pipeline.JobConfig;
import io.freshet.pipeline.JobStart;
import io.freshet.pipeline.KafkaConfig;
import io.freshet.pipeline.KafkaPreflight;
import io.freshet.pipeline.RegistryPreflight;
import io.freshet.pipeline.StartOptions;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.OptionalInt;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.function.Consumer;
import java.util.stream.Collectors;
import org.apache.kafka.common.KafkaException;
import org.jspecify.annotations.Nullable;
import org.slf4j.LoggerFactory;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** Command that runs a job in this process, against any Kafka, until it is stopped. */
abstract class JobCommand implements Callable<Integer> {
    /** Time that a job has to stop with a savepoint. */
    private static final Duration STOPPING = Duration.ofSeconds(60);

    @Mixin private SettingsOptions settingsOptions = new SettingsOptions();

    @Option(
            names = "--ui-port",
            paramLabel = "PORT",
            defaultValue = "0",
            description = "Port of Flink's web UI (default: any free port).")
    private int uiPort;

    @Option(
            names = "--state",
            paramLabel = "DIR",
            description =
                    "Directory of the job's state, from which it continues (default: in the user's"
                            + " data directory, by Kafka cluster, input topic and job.name).")
    private @Nullable Path stateDirectory;

    @Option(
            names = "--from",
            paramLabel = "CHECKPOINT",
            description =
                    "Number of the checkpoint in the state to continue from (default: the"
                            + " newest).")
    private @Nullable Long from;

    @Mixin private StartOptions startOptions = new StartOptions();

    /** Set when a signal stops the job; completes with whether the job has stopped. */
    private volatile @Nullable CompletableFuture<Boolean> stopping;

    @Spec
    @SuppressWarnings("NullAway.Init") // picocli sets it
    private CommandSpec spec;

    /** Returns the settings of the job, given those of the options. */
    abstract Map<String, String> settings(Map<String, String> given);

    /** Returns whether a key is given with an option, not in the file. */
    final boolean isOverridden(String key) {
        return settingsOptions.isOverridden(key);
    }

    /** Returns what the job does with which topics, in words. */
    abstract String activity(JobConfig config);

    /**
     * Prints what became of the events.
     *
     * @return the exit code
     */
    abstract int report(JobConfig config, PrintWriter out);

    @Override
    public Integer call() throws Exception {
        PrintWriter out = spec.commandLine().getOut();
        Consumer<String> warnings = warning -> print(out, "warning: " + warning);
        JobConfig config = JobConfig.parse(settings(settingsOptions.read()), warnings);
        config.memoryShortage(Runtime.getRuntime().maxMemory()).ifPresent(warnings);
        LocalCluster.prepareBackend(config);
        KafkaPreflight.check(config);
        RegistryPreflight.check(config, warnings);
        Path path = stateDirectory == null ? StateDirectory.defaultPath(config) : stateDirectory;
        try (ShutdownStack open = new ShutdownStack()) {
            StateDirectory state = open.add(StateDirectory.open(path));
            print(out, "state in " + state.path());
            List<JobCheckpoint> checkpoints = state.newestFirst();
            JobStart start =
                    JobStart.decide(
                            config,
                            startOptions,
                            checkpoint(state, checkpoints),
                            line -> print(out, line));
            start.message().forEach(line -> print(out, line));
            if (from == null) {
                state.deleteAllButNewest(checkpoints);
            }
            LocalCluster cluster = open.add(LocalCluster.start(config, start, state, uiPort));
            JobSupervisor supervisor = new JobSupervisor(cluster, line -> print(out, line));
            supervisor.awaitRunning();
            ProcessShutdown.beforeShutdown(() -> stop(cluster, config, out));
            print(
                    out,
                    activity(config)
                            + " at "
                            + config.kafka().bootstrapServers()
                            + ", Flink at "
                            + cluster.webPage());
            try {
                supervisor.awaitEnd();
            } catch (JobFailedException e) {
                print(out, left(state.newestFirst()));
                throw e;
            }
            CompletableFuture<Boolean> stop = stopping;
            if (stop == null) {
                print(out, "the job has ended");
                return report(config, out);
            } else {
                stop.join(); // the cluster is needed until then
            }
        }
        return 0;
    }

    /** Returns the checkpoint to continue from; null if there is none. */
    private @Nullable JobCheckpoint checkpoint(
            StateDirectory state, List<JobCheckpoint> checkpoints) {
        if (from == null) {
            return checkpoints.isEmpty() ? null : checkpoints.get(0);
        }
        return checkpoints.stream()
                .filter(checkpoint -> checkpoint.id() == from)
                .findFirst()
                .orElseThrow(
                        () ->
                                new UserException(
                                        "there is no checkpoint "
                                                + from
                                                + " in "
                                                + state.path()
                                                + "; there are "
                                                + numbers(checkpoints)));
    }

    /** Says what the next start has to continue from. */
    private static String left(List<JobCheckpoint> checkpoints) {
        return checkpoints.isEmpty()
                ? "the state has no checkpoint yet"
                : "the state has the checkpoints "
                        + numbers(checkpoints)
                        + "; the next start continues from the first of them, or from the one that"
                        + " --from names";
    }

    private static String numbers(List<JobCheckpoint> checkpoints) {
        return checkpoints.stream()
                .map(checkpoint -> Long.toString(checkpoint.id()))
                .collect(Collectors.joining(", "));
    }

    /**
     * Stops the job with a savepoint.
     *
     * @return the exit code if it has stopped; empty if the job continues from its newest
     *     checkpoint at the next start
     */
    private OptionalInt stop(LocalCluster cluster, JobConfig config, PrintWriter out) {
        CompletableFuture<Boolean> stop = new CompletableFuture<>();
        stopping = stop;
        boolean stopped = false;
        try {
            stopped = stopWithSavepoint(cluster, config.kafka(), out);
            return stopped ? OptionalInt.of(report(config, out)) : OptionalInt.empty();
        } finally {
            stop.complete(stopped);
        }
    }

    private static boolean stopWithSavepoint(
            LocalCluster cluster, KafkaConfig kafka, PrintWriter out) {
        print(out, "stopping with a savepoint; a second signal ends the process at once");
        try {
            String savepoint = cluster.stopWithSavepoint(STOPPING);
            print(out, "stopped with " + savepoint);
            writeStopNote(kafka, savepoint);
            return true;
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return false;
        } catch (Exception e) {
            print(
                    out,
                    "no savepoint: "
                            + Failures.reason(e)
                            + "; the next start continues from the newest checkpoint");
            return false;
        }
    }

    private static void writeStopNote(KafkaConfig kafka, String savepoint)
            throws InterruptedException {
        try {
            StopNote.write(kafka, JobCheckpoint.read(savepoint).nextOffsets(), Instant.now());
        } catch (IOException | ExecutionException | KafkaException e) {
            LoggerFactory.getLogger(JobCommand.class)
                    .warn("freshet watch cannot tell that the job was stopped", e);
        }
    }

    static void print(PrintWriter out, String line) {
        out.println(line);
        out.flush();
    }

    /**
     * Returns the job's name, or "" if there is none or the settings cannot be read; the command
     * itself reports that error.
     */
    String jobName() {
        String key = JobConfig.JOB_NAME.toString();
        try {
            return settingsOptions.read().getOrDefault(key, "");
        } catch (ConfigurationException e) {
            return "";
        }
    }
}
