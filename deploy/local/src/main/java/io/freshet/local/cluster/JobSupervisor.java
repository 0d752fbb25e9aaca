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
 * Supervisor of the job on a {@link LocalCluster}: reports when and why the job restarts and when
 * it is running again, and replaces a TaskManager that has ended.
 */
public final class JobSupervisor {
    private static final Logger LOG = LoggerFactory.getLogger(JobSupervisor.class);
    private static final Duration POLL_INTERVAL = Duration.ofMillis(200);

    /** Time that a missing TaskManager has to register before it is replaced. */
    private static final Duration TASK_MANAGER_TIMEOUT = Duration.ofSeconds(5);

    /** Number of consecutive failed checks after which the supervisor gives up. */
    private static final int MAX_FAILED_CHECKS = 10;

    /** Maximum number of replaced TaskManagers before the job runs again. */
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
     * @param messages receives one-line messages about restarts
     */
    public JobSupervisor(LocalCluster cluster, Consumer<String> messages) {
        this.cluster = cluster;
        this.messages = messages;
    }

    /**
     * Supervises the job until all its tasks run, or it ends.
     *
     * @throws JobFailedException if it failed, was cancelled, or Flink itself has ended
     */
    public void awaitRunning() throws Exception {
        while (!check().isGloballyTerminalState() && !isRunning) {
            LockSupport.parkNanos(POLL_INTERVAL.toNanos());
        }
    }

    /**
     * Supervises the job until it ends.
     *
     * @throws JobFailedException if it failed, was cancelled, or Flink itself has ended
     */
    public void awaitEnd() throws Exception {
        while (!check().isGloballyTerminalState()) {
            LockSupport.parkNanos(POLL_INTERVAL.toNanos());
        }
    }

    /**
     * Checks the job once, and acts on what it finds.
     *
     * @return the job's status; a terminal status only if the job ended as requested
     * @throws JobFailedException if it failed, was cancelled, or Flink itself has ended
     */
    public JobStatus check() throws Exception {
        if (ProcessShutdown.hasBegun()) {
            return status; // Flink is being shut down, which is not reported
        }
        if (!cluster.isRunning()) {
            throw new JobFailedException(
                    "Flink has ended; for the reason see the log " + LogFile.path());
        }
        try {
            status = cluster.status();
            handleStatus();
            failedChecks = 0;
        } catch (ExecutionException e) {
            // The request may have timed out, or a component of Flink is being restarted.
            failedChecks++;
            if (failedChecks == MAX_FAILED_CHECKS) {
                throw new JobFailedException(
                        "Flink does not return the job's status: " + Failures.reason(e));
            }
            LOG.warn("Flink did not return the status of the job", e);
        }
        return status;
    }

    private void handleStatus() throws Exception {
        switch (status) {
            case FAILED -> throw new JobFailedException("the job failed: " + cluster.failure());
            case CANCELED -> throw new JobFailedException("the job was cancelled");
            case FINISHED, FAILING, CANCELLING -> {} // the outcome is reported at the end
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
            String reason = cluster.reason(failure.get().getException());
            if (!restarting) {
                restarting = true;
                restartStart = System.nanoTime();
                reportedReasons.clear();
            }
            // During an outage every attempt fails; reasons that differ only in numbers are
            // reported once.
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
                                    : ", from the start: no checkpoint was complete"));
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
                                + " times before the job ran again; for the reason see the log "
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
