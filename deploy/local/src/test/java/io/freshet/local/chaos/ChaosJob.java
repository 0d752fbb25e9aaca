package io.freshet.local.chaos;

import io.freshet.local.FlinkProcesses;
import io.freshet.local.JavaProcess;
import io.freshet.local.cli.UserException;
import io.freshet.local.status.FlinkJob;
import io.freshet.local.status.FlinkRestClient;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Stream;

/** The job on the cluster, started and stopped with Flink's command line client. */
final class ChaosJob {
    private static final Set<String> ENDED = Set.of("FINISHED", "FAILED", "CANCELED", "SUSPENDED");
    private static final Duration LIMIT = Duration.ofMinutes(3);
    private static final int ATTEMPTS = 5;
    private static final long NOT_GONE = Long.MIN_VALUE;

    /** A new leader forgets jobs that have ended, and takes a moment to find those that run. */
    private static final long GONE_NANOS = Duration.ofSeconds(15).toNanos();

    private final ChaosFlink flink;
    private final Path settings;
    private final Path savepoints;
    private final String name;
    private volatile long submittedAt;
    private volatile long goneSince = NOT_GONE;

    /**
     * @param settings properties file of the job
     * @param savepoints directory of the savepoints
     * @param name the job's name
     */
    ChaosJob(ChaosFlink flink, Path settings, Path savepoints, String name) {
        this.flink = flink;
        this.settings = settings;
        this.savepoints = savepoints;
        this.name = name;
    }

    /** Submits the job without state. */
    void start() throws Exception {
        submit(List.of());
    }

    /** Returns when the job was submitted last, in milliseconds since 1970-01-01T00:00Z. */
    long submittedAt() {
        return submittedAt;
    }

    /** Returns the job as Flink describes it; empty if Flink does not answer or has no job. */
    private Optional<FlinkJob> find() {
        String address = flink.rest();
        if (address.isEmpty()) {
            return Optional.empty();
        }
        try {
            FlinkJob job = new FlinkRestClient(address).job(name);
            goneSince = NOT_GONE;
            return Optional.of(job);
        } catch (UserException e) {
            if (goneSince == NOT_GONE) {
                goneSince = System.nanoTime();
            }
            return Optional.empty();
        } catch (IOException e) {
            goneSince = NOT_GONE;
            return Optional.empty();
        }
    }

    /** Returns whether Flink answers that it has no such job, and has done so for a while. */
    private boolean isGone() {
        return goneSince != NOT_GONE && System.nanoTime() - goneSince > GONE_NANOS;
    }

    /**
     * Throws if the job has ended.
     *
     * @throws ChaosViolation if it has, with its failure
     */
    void requireNotEnded() {
        find().filter(job -> ENDED.contains(job.state()))
                .ifPresent(
                        job -> {
                            throw new ChaosViolation(
                                    "the job is " + job.state() + ": " + job.failure());
                        });
    }

    /** Returns the state of the job and its newest failure, for people. */
    String describe() {
        return find().map(job -> job.state() + ", newest failure: " + job.failure())
                .orElse("unknown to Flink");
    }

    /** Begins to stop the job with a savepoint and to start it from there. */
    ActiveFault beginSavepointRestart() {
        return new ActiveFault("the job", Duration.ZERO, this::restartFromSavepoint);
    }

    private void restartFromSavepoint() throws Exception {
        Optional<Path> before = newestSavepoint();
        if (!stop(List.of())) {
            // The savepoint failed because of another fault; the job goes on.
            return;
        }
        Optional<Path> savepoint = newestSavepoint();
        if (savepoint.isEmpty() || savepoint.equals(before)) {
            throw new ChaosViolation("the job has ended without a savepoint");
        }
        submit(List.of("-s", savepoint.get().toUri().toString()));
    }

    /** Stops the job for good, with all mini-batches closed. */
    void stopWithDrain() throws Exception {
        for (int attempt = 1; attempt <= ATTEMPTS; attempt++) {
            if (stop(List.of("--drain"))) {
                return;
            }
        }
        throw new ChaosViolation("the job does not stop");
    }

    /** Stops the job with a savepoint, and returns whether it has ended. */
    private boolean stop(List<String> options) throws Exception {
        Waiting.until(
                "the job to run", LIMIT, () -> find().filter(FlinkJob::isRunning).isPresent());
        String id = find().orElseThrow().id();
        List<String> arguments = new ArrayList<>(List.of("stop"));
        arguments.addAll(options);
        arguments.addAll(List.of("--savepointPath", savepoints.toUri().toString(), id));
        if (flink.client(arguments).awaitExit() == 0) {
            return true;
        }
        // With another fault at the same time, the job may have stopped all the same.
        List<Boolean> ended = new ArrayList<>();
        Waiting.until(
                "the job to run or to have ended",
                LIMIT,
                () -> {
                    Optional<FlinkJob> job = find();
                    if (isGone() || job.filter(each -> ENDED.contains(each.state())).isPresent()) {
                        ended.add(true);
                    } else if (job.filter(FlinkJob::isRunning).isPresent()) {
                        ended.add(false);
                    }
                    return !ended.isEmpty();
                });
        return ended.get(0);
    }

    private void submit(List<String> options) throws Exception {
        List<String> arguments = new ArrayList<>(List.of("run", "-d"));
        arguments.addAll(options);
        arguments.addAll(
                List.of(FlinkProcesses.JOB_JAR.toString(), "--config", settings.toString()));
        String output = "";
        for (int attempt = 1; attempt <= ATTEMPTS; attempt++) {
            submittedAt = System.currentTimeMillis();
            JavaProcess client = flink.client(arguments);
            output = client.output();
            if (client.awaitExit() == 0) {
                return;
            }
            // The client may have lost its connection after the job was submitted.
            Optional<FlinkJob> job = find();
            if (job.isPresent() && !ENDED.contains(job.get().state())) {
                return;
            }
        }
        throw new ChaosViolation("flink run failed " + ATTEMPTS + " times, at last:\n" + output);
    }

    /** Returns the newest complete savepoint. */
    private Optional<Path> newestSavepoint() throws IOException {
        if (!Files.exists(savepoints)) {
            return Optional.empty();
        }
        try (Stream<Path> all = Files.list(savepoints)) {
            return all.filter(each -> Files.exists(each.resolve("_metadata")))
                    .max(Comparator.comparing(ChaosJob::modified));
        }
    }

    private static long modified(Path savepoint) {
        return savepoint.resolve("_metadata").toFile().lastModified();
    }
}
