package io.freshet.local.watch;

import static org.assertj.core.api.Assertions.assertThat;

import io.freshet.local.watch.SourcePosition.Lag;
import java.util.List;
import java.util.OptionalLong;
import org.junit.jupiter.api.Test;

class JobActivityTest {
    private static final long START = 1_700_000_000_000L;
    private static final long SECOND = 1000;
    private static final long MINUTE = 60_000;

    private static SourcePosition source(long unread, OptionalLong checkpoint, long interval) {
        return new SourcePosition(
                List.of(new Lag("labelled-events", unread, true)),
                checkpoint,
                interval,
                OptionalLong.empty(),
                List.of());
    }

    private static JobActivity activity(long interval, SourcePosition source) {
        return new JobActivity(OptionalLong.of(START), interval, source);
    }

    private static void assertCondition(
            JobActivity activity, long millisLater, JobState state, String text) {
        assertThat(activity.at(START + millisLater)).isEqualTo(new JobCondition(state, text));
    }

    @Test
    void metricsOfAQuickJob_areLateAfterHalfAMinute_andSilentAfterTwoMinutes() {
        JobActivity activity = activity(SECOND, SourcePosition.UNKNOWN);

        assertCondition(activity, -5 * SECOND, JobState.LIVE, "Live");
        assertCondition(activity, 30 * SECOND, JobState.LIVE, "Live");
        assertCondition(activity, 31 * SECOND, JobState.LATE, "No update for 31 s");
        assertCondition(activity, 2 * MINUTE, JobState.LATE, "No update for 2 min");
        assertCondition(activity, 2 * MINUTE + 1, JobState.SILENT, "No update for 2 min");
        assertCondition(activity, 24 * MINUTE, JobState.SILENT, "No update for 24 min");
    }

    @Test
    void metricsOfASlowJob_areLateAfterThreeIntervals_andSilentAfterTwelve() {
        JobActivity activity = activity(MINUTE, SourcePosition.UNKNOWN);

        assertCondition(activity, 3 * MINUTE, JobState.LIVE, "Live");
        assertCondition(activity, 3 * MINUTE + 1, JobState.LATE, "No update for 3 min");
        assertCondition(activity, 12 * MINUTE, JobState.LATE, "No update for 12 min");
        assertCondition(activity, 13 * MINUTE, JobState.SILENT, "No update for 13 min");
    }

    @Test
    void jobThatWasStopped_isStopped_howeverOldItsMetrics() {
        SourcePosition source =
                new SourcePosition(
                        List.of(new Lag("labelled-events", 5, true)),
                        OptionalLong.of(START),
                        SECOND,
                        OptionalLong.of(START + SECOND),
                        List.of());

        assertCondition(
                activity(SECOND, source), 2 * SECOND, JobState.STOPPED, "Stopped 1.0 s ago");
        assertCondition(activity(SECOND, source.ofRunningJob()), 2 * SECOND, JobState.LIVE, "Live");
    }

    @Test
    void intervalOfCheckpoints_countsIfItIsLonger() {
        SourcePosition source = source(1, OptionalLong.of(START), 10 * MINUTE);

        assertCondition(activity(SECOND, source), 29 * MINUTE, JobState.LIVE, "Live");
    }

    @Test
    void eventsThatWait_areTold() {
        assertCondition(
                activity(0, source(1, OptionalLong.of(START), 0)),
                3 * MINUTE,
                JobState.SILENT,
                "No update for 3 min, 1 event is waiting");
        SourcePosition inexact =
                new SourcePosition(
                        List.of(new Lag("a", 4_000, false), new Lag("b", 5, true)),
                        OptionalLong.empty(),
                        0,
                        OptionalLong.empty(),
                        List.of());
        assertCondition(
                activity(0, inexact),
                3 * MINUTE,
                JobState.SILENT,
                "No update for 3 min, about 4,005 events are waiting");
    }

    @Test
    void jobThatHasReadEverything_isIdle_aslongAsCheckpointsCome() {
        long now = 60 * MINUTE;
        assertCondition(
                activity(0, source(0, OptionalLong.of(START + now - 9 * SECOND), 10 * SECOND)),
                now,
                JobState.IDLE,
                "Live, no events for 60 min");
        assertCondition(
                activity(0, source(0, OptionalLong.of(START + now - 31 * SECOND), 10 * SECOND)),
                now,
                JobState.LATE,
                "No checkpoint for 31 s");
        assertCondition(
                activity(0, source(0, OptionalLong.of(START + now - 3 * MINUTE), 10 * SECOND)),
                now,
                JobState.SILENT,
                "No checkpoint for 3 min");
    }

    @Test
    void jobThatHasReadEverything_isNeverSilent_ifCheckpointsCannotBeSeen() {
        assertCondition(
                activity(0, source(0, OptionalLong.empty(), 0)),
                60 * MINUTE,
                JobState.LATE,
                "No events for 60 min, the job may be idle or dead");
    }

    @Test
    void jobWithoutMetrics_isNeitherLiveNorStale() {
        JobCondition condition = JobActivity.UNKNOWN.at(START);

        assertThat(condition).isEqualTo(new JobCondition(JobState.NO_METRICS, "No metrics yet"));
        assertThat(condition.state().isStale()).isFalse();
    }

    @Test
    void typicalInterval_ignoresSinglePauses_andTimesThatDoNotAdvance() {
        TypicalInterval interval = new TypicalInterval();
        assertThat(interval.millis()).isZero();
        interval.add(START);
        assertThat(interval.millis()).isZero();
        interval.add(START + SECOND);
        interval.add(START + SECOND);
        interval.add(START);
        assertThat(interval.millis()).isEqualTo(SECOND);
        interval.add(START + 60 * MINUTE);
        assertThat(interval.millis()).isEqualTo(SECOND);
        for (int i = 1; i <= TypicalInterval.WINDOW; i++) {
            interval.add(START + 60 * MINUTE + i * (10 * SECOND));
        }
        assertThat(interval.millis()).isEqualTo(10 * SECOND);
    }
}
