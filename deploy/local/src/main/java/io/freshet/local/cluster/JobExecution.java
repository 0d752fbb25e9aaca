package io.freshet.local.cluster;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import org.apache.flink.runtime.checkpoint.CheckpointStatsSnapshot;
import org.apache.flink.runtime.execution.ExecutionState;
import org.apache.flink.runtime.executiongraph.AccessExecutionGraph;
import org.apache.flink.runtime.executiongraph.AccessExecutionVertex;
import org.apache.flink.runtime.executiongraph.ErrorInfo;

/**
 * Execution graph of a job at one moment: the states of its tasks, their failures, and the
 * checkpoint that it was restored from.
 */
public final class JobExecution {
    private final AccessExecutionGraph graph;

    JobExecution(AccessExecutionGraph graph) {
        this.graph = graph;
    }

    /** Returns whether every task runs; false while the job is being set up and has no tasks. */
    boolean isEveryTaskRunning() {
        boolean running = false;
        for (AccessExecutionVertex task : graph.getAllExecutionVertices()) {
            running = task.getExecutionState() == ExecutionState.RUNNING;
            if (!running) {
                break;
            }
        }
        return running;
    }

    /** Returns the number of restarts of the task that was restarted most often. */
    public int restarts() {
        int restarts = 0;
        for (AccessExecutionVertex task : graph.getAllExecutionVertices()) {
            restarts = Math.max(restarts, task.getCurrentExecutionAttempt().getAttemptNumber());
        }
        return restarts;
    }

    /**
     * Returns the first failure, of a task or of the whole job, after a time.
     *
     * @param time milliseconds since 1970-01-01T00:00Z; earlier failures are left out
     */
    Optional<ErrorInfo> failureAfter(long time) {
        List<ErrorInfo> failures = new ArrayList<>();
        Optional.ofNullable(graph.getFailureInfo()).ifPresent(failures::add);
        for (AccessExecutionVertex task : graph.getAllExecutionVertices()) {
            task.getFailureInfo().ifPresent(failures::add);
            task.getExecutionHistory()
                    .getHistoricalExecutions()
                    .forEach(attempt -> attempt.getFailureInfo().ifPresent(failures::add));
        }
        return failures.stream()
                .filter(failure -> failure.getTimestamp() > time)
                .min(Comparator.comparingLong(ErrorInfo::getTimestamp));
    }

    /** Returns the checkpoint that the job was last restored from; empty if it never was. */
    OptionalLong restoredCheckpoint() {
        CheckpointStatsSnapshot checkpoints = graph.getCheckpointStatsSnapshot();
        return checkpoints == null || checkpoints.getLatestRestoredCheckpoint() == null
                ? OptionalLong.empty()
                : OptionalLong.of(checkpoints.getLatestRestoredCheckpoint().getCheckpointId());
    }
}
