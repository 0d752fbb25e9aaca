package io.freshet.local.status;

import java.util.OptionalLong;

/**
 * Job as Flink's REST API describes it.
 *
 * @param state Flink's name of the state, such as RUNNING
 * @param since time of the last change of that state, milliseconds since 1970-01-01T00:00Z
 * @param restarts number of restarts; empty if Flink does not return it
 * @param completedCheckpoints number of completed checkpoints since the start
 * @param failedCheckpoints number of failed checkpoints since the start
 * @param newestCheckpoint time at which the newest checkpoint was completed, milliseconds since
 *     1970-01-01T00:00Z; empty if there is none
 * @param failure newest failure, as one line; "" if there is none
 */
public record FlinkJob(
        String id,
        String name,
        String state,
        long since,
        OptionalLong restarts,
        long completedCheckpoints,
        long failedCheckpoints,
        OptionalLong newestCheckpoint,
        String failure) {
    private static final String RUNNING = "RUNNING";
    private static final String FINISHED = "FINISHED";

    /** Returns whether the job runs. */
    public boolean isRunning() {
        return state.equals(RUNNING);
    }

    boolean isFinished() {
        return state.equals(FINISHED);
    }
}
