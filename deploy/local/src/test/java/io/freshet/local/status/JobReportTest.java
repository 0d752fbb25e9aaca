package io.freshet.local.status;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import io.freshet.local.MutatedEvents;
import io.freshet.local.SimulatedResults;
import io.freshet.local.watch.JobActivity;
import io.freshet.local.watch.JobState;
import io.freshet.local.watch.SourcePosition;
import io.freshet.local.watch.SourcePosition.Lag;
import io.freshet.schemas.MetricsEvent;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.util.List;
import java.util.Map;
import java.util.OptionalLong;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class JobReportTest {
    private static final long START = 1_700_000_000_000L;
    private static final long MINUTE = 60_000;

    private static SimulatedResults results(String modelId) {
        return new SimulatedResults(5, modelId, List.of("a", "b"), List.of(500L), START, 1_000);
    }

    private static NewestResults twoModels() {
        NewestResults results = new NewestResults();
        results.onMetrics(results("m").metrics(39), START);
        results.onMetrics(results("other").metrics(19), START);
        results.onActivity(new JobActivity(OptionalLong.of(START), 1_000, SourcePosition.UNKNOWN));
        return results;
    }

    private static FlinkJob flink(String state) {
        return new FlinkJob(
                "id",
                "freshet",
                state,
                START,
                OptionalLong.of(1),
                7,
                2,
                OptionalLong.of(START + 4 * MINUTE),
                "IOException: disk\u001b full");
    }

    private static SourcePosition source(long unread) {
        return new SourcePosition(
                List.of(new Lag("labelled-events", unread, unread < 1_000)),
                OptionalLong.empty(),
                0,
                OptionalLong.empty(),
                List.of());
    }

    private static String text(JobReport report) {
        StringWriter out = new StringWriter();
        JobReportText.print(new PrintWriter(out), report);
        return out.toString();
    }

    @Test
    void report_isOneScreen_ofPrintableText() {
        NewestResults results = twoModels();
        results.onDriftAlert(results("m").alert(0), START - 3 * MINUTE);
        JobReport report =
                JobReport.of(
                        results,
                        source(4_000),
                        false,
                        flink("RUNNING"),
                        List.of("Something \u001b is unknown."),
                        START + 5 * MINUTE);

        assertThat(text(report))
                .isEqualTo(
                        """
                        state         No update for 5 min, about 4,000 events are waiting
                        metrics       newest 5 min ago, usually every 1.0 s
                        checkpoint    newest 60 s ago
                        lag           about 4,000 events of labelled-events
                        events        at least 30,000 trained on, 2,499 predicted only, 1 ignored, 3
                                      dead letters
                        dead letters  2 TRUNCATED, 1 LABEL_OUT_OF_RANGE
                        ignored       1 ZERO_WEIGHT
                        models        at least 2 with 30,000 examples, highest version 20,000 of m
                        drifts        at least 2, the newest 8 min ago in m, detected by adwin
                        flink         freshet: RUNNING for 5 min, 1 restart, 7 checkpoints completed, 2
                                      failed
                        last failure  IOException: disk\ufffd full
                        unknown       Something \ufffd is unknown.
                        """);
        JsonNode json = JobReportJson.of(report);
        assertThat(json.get("state").asText()).isEqualTo("silent");
        assertThat(json.at("/deadLetters/TRUNCATED").asLong()).isEqualTo(2);
        assertThat(json.at("/flink/restarts").asLong()).isEqualTo(1);
        assertThat(json.at("/models/complete").asBoolean()).isFalse();
    }

    @ParameterizedTest
    @CsvSource({
        "RUNNING, LIVE, true",
        "RESTARTING, LATE, false",
        "FAILED, LATE, false",
        "CANCELED, LATE, false",
        "FINISHED, STOPPED, false"
    })
    void stateInFlink_overridesFreshMetrics(String inFlink, JobState state, boolean fresh) {
        JobReport report =
                JobReport.of(twoModels(), source(0), true, flink(inFlink), List.of(), START + 1);

        assertThat(report.condition().state()).isEqualTo(state);
        assertThat(report.isFresh()).isEqualTo(fresh);
    }

    @Test
    void checkpointInFlink_showsThatAJobIsIdle() {
        long later = START + 4 * MINUTE + 1_000;

        assertThat(
                        JobReport.of(
                                        twoModels(),
                                        source(0),
                                        true,
                                        flink("RUNNING"),
                                        List.of(),
                                        later)
                                .condition()
                                .text())
                .isEqualTo("Live, no events for 4 min");
        assertThat(
                        JobReport.of(twoModels(), source(0), true, null, List.of(), later)
                                .condition()
                                .text())
                .isEqualTo("No events for 4 min, the job may be idle or dead");
    }

    @Test
    void recordOfAnEarlierAttempt_doesNotReplaceThatOfALater() {
        NewestResults results = new NewestResults();
        MetricsEvent first = results("m").metrics(39);
        first.setAttempt(1L);
        MetricsEvent second = results("m").metrics(39);
        second.setAttempt(2L);
        second.setDeadLettersByReason(Map.of("TRUNCATED", 9L));
        results.onMetrics(second, START);
        results.onMetrics(first, START);

        assertThat(results.sums(MetricsEvent::getDeadLettersByReason))
                .isEqualTo(Map.of("TRUNCATED", 9L));
    }

    @Test
    void mutatedEvents_areAllReported() throws Exception {
        for (MetricsEvent event : MutatedEvents.of(results("m").metrics(39), 1, 1_000)) {
            NewestResults results = new NewestResults();
            results.onMetrics(event, START);
            JobReport report =
                    JobReport.of(results, source(0), true, null, List.of(), START + MINUTE);

            assertThat(text(report).lines()).allMatch(line -> !line.contains("\u001b"));
            assertThat(JobReportJson.write(report)).startsWith("{");
        }
    }
}
