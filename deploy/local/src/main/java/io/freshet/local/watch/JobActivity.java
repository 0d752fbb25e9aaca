package io.freshet.local.watch;

import io.freshet.local.cli.TimeText;
import java.time.Duration;
import java.util.Locale;
import java.util.OptionalLong;

/**
 * Signs of life of a job, as far as Kafka shows them.
 *
 * <p>Metrics are late after {@value #LATE_INTERVALS} typical intervals, but not before 30 s, and
 * the job is silent after {@value #SILENT_INTERVALS}, but not before 2 min. A job that has read all
 * events is idle, and not late, as long as its checkpoints come at that pace. If it has read all
 * events but its checkpoints cannot be seen, it may be idle or dead; it is then late, but never
 * silent.
 *
 * @param newestMetrics time at which the newest metrics could be read, milliseconds since
 *     1970-01-01T00:00Z; empty if there are none
 * @param metricsInterval typical time between new metrics, milliseconds; 0 if unknown
 * @param source position of the source
 */
public record JobActivity(OptionalLong newestMetrics, long metricsInterval, SourcePosition source) {
    /** Activity of a job of which nothing is known. */
    public static final JobActivity UNKNOWN =
            new JobActivity(OptionalLong.empty(), 0, SourcePosition.UNKNOWN);

    private static final int LATE_INTERVALS = 3;
    private static final int SILENT_INTERVALS = 12;
    private static final long MIN_LATE = Duration.ofSeconds(30).toMillis();
    private static final long MIN_SILENT = Duration.ofMinutes(2).toMillis();

    /**
     * Returns the longer of the typical times between new metrics and between checkpoints, in
     * milliseconds; 0 if both are unknown.
     */
    public long interval() {
        return Math.max(metricsInterval, source.checkpointInterval());
    }

    /** Returns the age in milliseconds from which on metrics are late. */
    public long lateAfter() {
        return Math.max(MIN_LATE, LATE_INTERVALS * interval());
    }

    private long silentAfter() {
        return Math.max(MIN_SILENT, SILENT_INTERVALS * interval());
    }

    /**
     * Returns the job's state.
     *
     * @param now milliseconds since 1970-01-01T00:00Z
     */
    public JobCondition at(long now) {
        if (newestMetrics.isEmpty()) {
            return new JobCondition(JobState.NO_METRICS, "No metrics yet");
        }
        if (source.stoppedAt().isPresent()) {
            return stopped(source.stoppedAt().getAsLong(), now);
        }
        long age = Math.max(0, now - newestMetrics.getAsLong());
        if (age <= lateAfter()) {
            return new JobCondition(JobState.LIVE, "Live");
        }
        String duration = TimeText.duration(age);
        OptionalLong unread = source.unread();
        boolean hasReadAll = unread.isPresent() && unread.getAsLong() == 0;
        if (hasReadAll && source.newestCheckpoint().isEmpty()) {
            return new JobCondition(
                    JobState.LATE, "No events for " + duration + ", the job may be idle or dead");
        }
        long checkpointAge = now - source.newestCheckpoint().orElse(0);
        if (hasReadAll && checkpointAge <= lateAfter()) {
            return new JobCondition(JobState.IDLE, "Live, no events for " + duration);
        }
        JobState state = age > silentAfter() ? JobState.SILENT : JobState.LATE;
        if (hasReadAll) {
            return new JobCondition(
                    checkpointAge > silentAfter() ? state : JobState.LATE,
                    "No checkpoint for " + TimeText.duration(checkpointAge));
        }
        String waiting =
                unread.isEmpty()
                        ? ""
                        : String.format(
                                Locale.ROOT,
                                ", %s%,d %s",
                                isExact() ? "" : "about ",
                                unread.getAsLong(),
                                unread.getAsLong() == 1
                                        ? "event is waiting"
                                        : "events are waiting");
        return new JobCondition(state, "No update for " + duration + waiting);
    }

    private boolean isExact() {
        return source.lags().stream().allMatch(SourcePosition.Lag::exact);
    }

    /**
     * Returns the condition of a job that has ended as requested.
     *
     * @param stoppedAt milliseconds since 1970-01-01T00:00Z
     * @param now milliseconds since 1970-01-01T00:00Z
     */
    public static JobCondition stopped(long stoppedAt, long now) {
        return new JobCondition(
                JobState.STOPPED,
                "Stopped " + TimeText.duration(Math.max(0, now - stoppedAt)) + " ago");
    }
}
