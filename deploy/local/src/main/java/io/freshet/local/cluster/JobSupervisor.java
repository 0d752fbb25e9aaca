package io.freshet.local.cluster;

import io.freshet.local.cli.Failures;
import io.freshet.local.cli.JobFailedException;
import io.freshet.local.cli.LogFile;
import io.freshet.local.cli.ProcessShutdown;
import java.time.Duration;
import java.util.HashSet;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Set;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Consumer;
import org.apache.flink.api.common.JobStatus;
import org.apache.flink.runtime.executiongraph.ErrorInfo;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The watch over a job on a {@link LocalCluster}: tells when the job restarts, why, and when it is
 * running again, and replaces a TaskManager that has ended.
 */
public final class JobSupervisor {
    private static final Logger LOG = LoggerFactory.getLogger(JobSupervisor.class);
    private static final Duration POLL_INTERVAL = Duration.ofMillis(200);

    /** A TaskManager that is only late to register is not replaced. */
    private static final Duration TASK_MANAGER_TIMEOUT = Duration.ofSeconds(5);

    /** Looks in a row that may fail. */
    private static final int MAX_FAILED_CHECKS = 10;

    /** TaskManagers that are started in place of others before the job runs again. */
    private static final int MAX_REPLACEMENTS = 3;

    private final LocalCluster cluster;
    private final Consumer<String> messages;
    private final Set<String> reportedReasons = new HashSet<>();
    private JobStatus status = JobStatus.INITIALIZING;
    private boolean isRunning;
    private int failedChecks;
    private int replacements;
    private boolean taskManagerMissing;
    private long missingSince;
    private boolean restarting;
    private long restartStart;
    private long lastFailureTime;

    /**
     * @param messages gets a line whenever there is something to tell
     */
    public JobSupervisor(LocalCluster cluster, Consumer<String> messages) {
        this.cluster = cluster;
        this.messages = messages;
    }

    /**
     * Looks after the job until all its tasks run, or it ends.
     *
     * @throws JobFailedException if it failed, was cancelled, or Flink itself has ended
     */
    public void awaitRunning() throws Exception {
        while (!check().isGloballyTerminalState() && !isRunning) {
            LockSupport.parkNanos(POLL_INTERVAL.toNanos());
        }
    }

    /**
     * Looks after the job until it ends.
     *
     * @throws JobFailedException if it failed, was cancelled, or Flink itself has ended
     */
    public void awaitEnd() throws Exception {
        while (!check().isGloballyTerminalState()) {
            LockSupport.parkNanos(POLL_INTERVAL.toNanos());
        }
    }

    /**
     * Looks after the job once.
     *
     * @return what it is doing, or that it has ended as asked
     * @throws JobFailedException if it failed, was cancelled, or Flink itself has ended
     */
    public JobStatus check() throws Exception {
        if (ProcessShutdown.hasBegun()) {
            return status; // Flink is being stopped, and that is no news
        }
        if (!cluster.isRunning()) {
            throw new JobFailedException("Flink has ended; why is in the log " + LogFile.path());
        }
        try {
            status = cluster.status();
            handleStatus();
            failedChecks = 0;
        } catch (ExecutionException e) {
            // A request may be late, or meet a part of Flink that is just being replaced.
            failedChecks++;
            if (failedChecks == MAX_FAILED_CHECKS) {
                throw new JobFailedException(
                        "Flink does not say how the job is doing: " + Failures.reason(e));
            }
            LOG.warn("Flink did not answer what the status of the job is", e);
        }
        return status;
    }

    private void handleStatus() throws Exception {
        switch (status) {
            case FAILED -> throw new JobFailedException("the job failed: " + cluster.failure());
            case CANCELED -> throw new JobFailedException("the job was cancelled");
            case FINISHED, FAILING, CANCELLING -> {} // what comes of it is told at the end
            default -> {
                JobExecution execution = cluster.execution();
                isRunning = execution.isEveryTaskRunning();
                replaceTaskManager();
                reportRestarts(execution);
            }
        }
    }

    private void reportRestarts(JobExecution execution) {
        Optional<ErrorInfo> failure = execution.failureAfter(lastFailureTime);
        if (failure.isPresent()) {
            lastFailureTime = failure.get().getTimestamp();
            if (Failures.isFinal(failure.get().getException())) {
                return; // the job is about to fail
            }
            String reason = Failures.reason(failure.get().getException());
            if (!restarting) {
                restarting = true;
                restartStart = System.nanoTime();
                reportedReasons.clear();
            }
            // While an outage lasts, each attempt fails; reasons that differ in numbers are one.
            if (reportedReasons.add(reason.replaceAll("[0-9]+", "#"))) {
                report("the job restarts: " + reason);
            }
        } else if (restarting && isRunning) {
            restarting = false;
            replacements = 0;
            OptionalLong checkpoint = execution.restoredCheckpoint();
            long seconds = TimeUnit.NANOSECONDS.toSeconds(System.nanoTime() - restartStart);
            report(
                    "the job is running again after "
                            + seconds
                            + " s"
                            + (checkpoint.isPresent()
                                    ? ", from checkpoint " + checkpoint.getAsLong()
                                    : ", from the start, since no checkpoint was complete"));
        }
    }

    private void replaceTaskManager() throws Exception {
        if (cluster.taskManagers() > 0) {
            taskManagerMissing = false;
            return;
        }
        long now = System.nanoTime();
        if (!taskManagerMissing) {
            taskManagerMissing = true;
            missingSince = now;
        } else if (now - missingSince > TASK_MANAGER_TIMEOUT.toNanos()) {
            taskManagerMissing = false;
            if (replacements == MAX_REPLACEMENTS) {
                throw new JobFailedException(
                        "Flink's TaskManager has ended "
                                + (replacements + 1)
                                + " times before the job ran again; why is in the log "
                                + LogFile.path());
            }
            replacements++;
            report("Flink's TaskManager has ended; starting another");
            cluster.startTaskManager();
        }
    }

    private void report(String line) {
        LOG.info("{}", line);
        messages.accept(line);
    }
}
