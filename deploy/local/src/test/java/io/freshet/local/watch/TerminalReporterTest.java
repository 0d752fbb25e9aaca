package io.freshet.local.watch;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.atIndex;

import io.freshet.local.AdjustableClock;
import io.freshet.local.MutatedEvents;
import io.freshet.local.SimulatedResults;
import io.freshet.local.cli.TerminalText;
import io.freshet.schemas.DriftAlertEvent;
import io.freshet.schemas.MetricsEvent;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.util.List;
import java.util.OptionalLong;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class TerminalReporterTest {
    private static final ReaderState LIVE = new ReaderState(ReaderState.Kind.LIVE, "");

    private static final long START = 1_700_000_000_000L;

    private final StringWriter out = new StringWriter();
    private final AdjustableClock clock = new AdjustableClock(START);

    private TerminalReporter reporter(boolean interactive, String only) {
        return reporter(interactive, false, only);
    }

    private TerminalReporter reporter(boolean interactive, boolean colours, String only) {
        return new TerminalReporter(
                new TerminalDisplay(new PrintWriter(out), interactive, colours, 80), only, clock);
    }

    private static JobActivity activity(long newestMetrics) {
        return new JobActivity(OptionalLong.of(newestMetrics), 0, SourcePosition.UNKNOWN);
    }

    private static SimulatedResults results(String modelId) {
        return new SimulatedResults(5, modelId, List.of("a", "b"), List.of(500L), 0, 1_000);
    }

    @Test
    void alert_isOneLine_withChangedScoresAndClassesOfLowerRecall() {
        assertThat(TerminalReporter.alertLine(results("m").alert(0)))
                .isEqualTo(
                        "drift 1 of m after 680 examples, detected by adwin: accuracy 0.8600 to"
                                + " 0.4700, loss 0.4200 to 1.6100; recall fell: a (0.88 to 0.07), b"
                                + " (0.88 to 0.31); reaction none");
    }

    @Test
    void alertWithRequiredFieldsOnly_isOneLine() {
        var alert = results("m").alert(0);
        alert.setBefore(null);
        alert.setAfter(null);
        alert.setClasses(List.of());

        assertThat(TerminalReporter.alertLine(alert))
                .isEqualTo("drift 1 of m after 680 examples, detected by adwin; reaction none");
    }

    @Test
    void modelId_isPrintedWithoutControlCharacters() {
        TerminalReporter reporter = reporter(false, null);

        reporter.onMetrics(results("\u001b[2Jevil\u202e\n").metrics(0), 0);
        reporter.onStateChange(LIVE);

        assertThat(out.toString()).doesNotContain("\u001b").doesNotContain("\u202e");
        assertThat(out.toString().lines()).hasSize(2);
        assertThat(out.toString()).contains("\ufffd[2Jevil\ufffd\ufffd");
    }

    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void mutatedEvents_areAllPrinted(boolean interactive) throws Exception {
        TerminalReporter reporter = reporter(interactive, null);
        SimulatedResults results = results("m");
        int count = 0;
        for (MetricsEvent event : MutatedEvents.of(results.metrics(3), 1, 2_000)) {
            reporter.onMetrics(event, count++);
            reporter.onStateChange(LIVE);
        }
        for (DriftAlertEvent event : MutatedEvents.of(results.alert(0), 2, 1_000)) {
            reporter.onDriftAlert(event, count++);
        }
        assertThat(count).isGreaterThan(500);
        assertThat(out.toString().lines()).allMatch(line -> !interactive || columnsOf(line) <= 80);
    }

    @Test
    void alert_isPrintedOnOneLineForEachPart() {
        reporter(false, null).onDriftAlert(results("m").alert(0), 0);

        assertThat(out.toString())
                .isEqualTo(
                        """
                        drift 1 of m after 680 examples, detected by adwin:
                            accuracy 0.8600 to 0.4700, loss 0.4200 to 1.6100;
                            recall fell: a (0.88 to 0.07), b (0.88 to 0.31);
                            reaction none
                        """);
    }

    @Test
    void alertWithLongNames_isPrintedInLinesOfAtMostEightyColumns() {
        DriftAlertEvent alert = results("m".repeat(200)).alert(0);
        alert.getClasses().forEach(change -> change.setName("a class with a name ".repeat(9)));

        reporter(false, null).onDriftAlert(alert, 0);

        assertThat(out.toString().lines())
                .hasSizeGreaterThan(4)
                .allMatch(line -> columnsOf(line) <= 80);
    }

    private static int columnsOf(String line) {
        return TerminalText.columns(line.replaceAll("\u001b\\[[0-9]*[AJK]", ""));
    }

    @Test
    void learningRateNaN_isPrintedAsNaN() {
        MetricsEvent event = results("m").metrics(3);
        event.setLearningRate(Double.NaN);
        TerminalReporter reporter = reporter(true, null);

        reporter.onMetrics(event, 0);
        reporter.onStateChange(LIVE);

        assertThat(out.toString()).contains("learning rate NaN · ");
    }

    @Test
    void messages_arePrintedWithoutControlCharacters() {
        TerminalReporter reporter = reporter(false, null);

        reporter.onStateChange(
                new ReaderState(ReaderState.Kind.WAITING, "not\u001b[2J there\u2028yet"));
        reporter.onUnreadableRecord("metrics\u0007");

        assertThat(out.toString())
                .isEqualTo(
                        """
                        not\ufffd[2J there\ufffdyet
                        a record of metrics\ufffd cannot be read; see the log
                        """);
    }

    @Test
    void singleModel_isShownAsSparklines_withAlertsBelow() {
        TerminalReporter reporter = reporter(true, "m");
        for (int i = 0; i < 4; i++) {
            reporter.onMetrics(results("m").metrics(i), i);
            reporter.onMetrics(results("other").metrics(i), i);
        }
        reporter.onDriftAlert(results("m").alert(0), 0);

        reporter.onStateChange(LIVE);

        assertThat(out.toString())
                .contains("2,000 examples · 1 drift · model m")
                .contains("accuracy")
                .contains("drift 1 of m after 680")
                .doesNotContain("other");
        assertThat(out.toString().lines()).allMatch(line -> line.length() < 80 + 8);
    }

    @Test
    void severalModels_areShownAsOneLineEach() {
        TerminalReporter reporter = reporter(true, null);
        reporter.onMetrics(results("m").metrics(0), 0);
        reporter.onMetrics(results("other").metrics(1), 1);

        reporter.onStateChange(LIVE);

        assertThat(out.toString().lines())
                .hasSize(4)
                .satisfies(line -> assertThat(line).endsWith("other"), atIndex(2))
                .last()
                .asString()
                .endsWith("  learns on CUDA: NVIDIA H200");
    }

    @Test
    void silentJob_isDimmed_belowItsAgeInRed() {
        TerminalReporter reporter = reporter(true, true, null);
        reporter.onMetrics(results("m").metrics(0), START);
        reporter.onActivity(activity(START));
        reporter.onStateChange(LIVE);
        assertThat(out.toString()).doesNotContain("No update").contains("500 examples");
        out.getBuffer().setLength(0);

        clock.set(START + 180_000);
        reporter.onStateChange(LIVE);

        assertThat(out.toString())
                .contains("\u001b[31mNo update for 3 min\u001b[0m")
                .contains("\u001b[2m  500 examples · 0 drifts · model m\u001b[0m");
        assertThat(out.toString().lines()).allMatch(line -> columnsOf(line) <= 80);
    }

    @Test
    void changesOfTheJobsState_arePrintedOnce() {
        TerminalReporter reporter = reporter(false, null);
        reporter.onActivity(activity(START));
        for (int second : new int[] {1, 31, 32, 121, 122}) {
            clock.set(START + second * 1000L);
            reporter.onStateChange(LIVE);
        }
        reporter.onActivity(activity(clock.millis()));
        reporter.onStateChange(LIVE);

        assertThat(out.toString())
                .isEqualTo(
                        """
                        No update for 31 s
                        No update for 2 min
                        Live
                        """);
    }
}
