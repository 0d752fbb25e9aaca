package io.freshet.local;

import java.time.Duration;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Consumer;
import org.apache.flink.api.common.JobStatus;
import org.apache.flink.runtime.executiongraph.ErrorInfo;
import org.apache.flink.util.ExceptionUtils;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The watch over a job on a {@link LocalCluster}: tells when the job restarts, why, and when it
 * goes on, and replaces a TaskManager that has ended.
 */
final class JobSupervisor {
    private static final Logger LOG = LoggerFactory.getLogger(JobSupervisor.class);
    private static final Duration PACE = Duration.ofMillis(200);

    /** A TaskManager that is only late to register is not replaced. */
    private static final Duration WITHOUT_TASK_MANAGER = Duration.ofSeconds(5);

    private final LocalCluster cluster;
    private final Consumer<String> news;
    private JobStatus status = JobStatus.INITIALIZING;
    private boolean taskManagerMissing;
    private long taskManagerMissingSince;
    private boolean restarting;
    private long restartingSince;
    private long lastFailureAt;
    private String lastReason = "";

    /**
     * @param news gets a line whenever there is something to tell
     */
    JobSupervisor(LocalCluster cluster, Consumer<String> news) {
        this.cluster = cluster;
        this.news = news;
    }

    /**
     * Looks after the job until all its tasks run, or it ends.
     *
     * @throws JobFailedException if it failed, was cancelled, or Flink itself has ended
     */
    void awaitRunning() throws Exception {
        while (!look().isGloballyTerminalState() && !cluster.isEveryTaskRunning()) {
            LockSupport.parkNanos(PACE.toNanos());
        }
    }

    /**
     * Looks after the job until it ends.
     *
     * @throws JobFailedException if it failed, was cancelled, or Flink itself has ended
     */
    void awaitEnd() throws Exception {
        while (!look().isGloballyTerminalState()) {
            LockSupport.parkNanos(PACE.toNanos());
        }
    }

    /**
     * Looks after the job once.
     *
     * @return what it is doing, or that it has ended as asked
     * @throws JobFailedException if it failed, was cancelled, or Flink itself has ended
     */
    JobStatus look() throws Exception {
        if (!cluster.isRunning()) {
            throw new JobFailedException("Flink has ended; why is in the log " + LogFile.path());
        }
        try {
            status = cluster.status();
            act();
        } catch (ExecutionException e) {
            if (ExceptionUtils.findThrowable(e, TimeoutException.class).isEmpty()) {
                throw e;
            }
            LOG.warn("Flink is slow to say how the job is doing", e);
        }
        return status;
    }

    private void act() throws Exception {
        switch (status) {
            case FAILED -> throw new JobFailedException("the job failed: " + cluster.failure());
            case CANCELED -> throw new JobFailedException("the job was cancelled");
            case FINISHED -> {}
            default -> {
                replaceTaskManager();
                lookForRestarts();
            }
        }
    }

    private void lookForRestarts() throws Exception {
        Optional<ErrorInfo> failure = cluster.failureAfter(lastFailureAt);
        if (failure.isPresent()) {
            lastFailureAt = failure.get().getTimestamp();
            String reason = Failures.reason(failure.get().getException());
            if (!restarting) {
                restarting = true;
                restartingSince = System.nanoTime();
                lastReason = "";
            }
            // While an outage lasts, each attempt fails; the same reason is told once.
            if (!sameKind(reason, lastReason)) {
                lastReason = reason;
                tell("the job restarts: " + reason);
            }
        } else if (restarting && cluster.isEveryTaskRunning()) {
            restarting = false;
            OptionalLong checkpoint = cluster.restoredCheckpoint();
            long seconds = TimeUnit.NANOSECONDS.toSeconds(System.nanoTime() - restartingSince);
            tell(
                    "the job goes on after "
                            + seconds
                            + " s"
                            + (checkpoint.isPresent()
                                    ? " from checkpoint " + checkpoint.getAsLong()
                                    : " from the start, since no checkpoint was complete"));
        }
    }

    /** Whether two reasons differ in nothing but numbers. */
    private static boolean sameKind(String one, String other) {
        return one.replaceAll("[0-9]+", "#").equals(other.replaceAll("[0-9]+", "#"));
    }

    private void replaceTaskManager() throws Exception {
        if (cluster.taskManagers() > 0) {
            taskManagerMissing = false;
            return;
        }
        long now = System.nanoTime();
        if (!taskManagerMissing) {
            taskManagerMissing = true;
            taskManagerMissingSince = now;
        } else if (now - taskManagerMissingSince > WITHOUT_TASK_MANAGER.toNanos()) {
            taskManagerMissing = false;
            tell("Flink's TaskManager has ended; starting another");
            cluster.startTaskManager();
        }
    }

    private void tell(String line) {
        LOG.info("{}", line);
        news.accept(line);
    }
}
