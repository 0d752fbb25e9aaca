package io.freshet.local.watch;

import java.util.List;
import java.util.OptionalLong;

/**
 * Position of a job's source in its input, and its newest checkpoint, from the offsets that the
 * source commits to Kafka at each checkpoint.
 *
 * @param lags events not yet read, by topic; empty if unknown
 * @param newestCheckpoint time of the newest commit of offsets, by the broker's clock, in
 *     milliseconds since 1970-01-01T00:00Z; empty if unknown
 * @param checkpointInterval typical time between two checkpoints, milliseconds; 0 if unknown
 * @param stoppedAt time at which the job was stopped as requested, by its own clock, in
 *     milliseconds since 1970-01-01T00:00Z; empty if it was not, or if this is unknown
 * @param problems sentences that say why something is unknown
 */
public record SourcePosition(
        List<Lag> lags,
        OptionalLong newestCheckpoint,
        long checkpointInterval,
        OptionalLong stoppedAt,
        List<String> problems) {

    /** Position of which nothing is known. */
    public static final SourcePosition UNKNOWN =
            new SourcePosition(List.of(), OptionalLong.empty(), 0, OptionalLong.empty(), List.of());

    /**
     * Events of a topic that had not been read at the newest checkpoint.
     *
     * @param events number of events
     * @param exact whether the events were counted; otherwise their number is the difference of two
     *     offsets, which is too large if a topic has transactions
     */
    public record Lag(String topic, long events, boolean exact) {}

    public SourcePosition {
        lags = List.copyOf(lags);
        problems = List.copyOf(problems);
    }

    /** Returns this position of a job that has not been stopped. */
    SourcePosition ofRunningJob() {
        return new SourcePosition(
                lags, newestCheckpoint, checkpointInterval, OptionalLong.empty(), problems);
    }

    /** Returns the number of events not yet read; empty if unknown. */
    public OptionalLong unread() {
        return lags.isEmpty()
                ? OptionalLong.empty()
                : OptionalLong.of(lags.stream().mapToLong(Lag::events).sum());
    }
}
