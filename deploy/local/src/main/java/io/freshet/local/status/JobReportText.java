package io.freshet.local.status;

import static io.freshet.local.cli.TerminalText.printable;

import io.freshet.local.cli.TerminalText;
import io.freshet.local.cli.TimeText;
import io.freshet.local.watch.JobActivity;
import io.freshet.local.watch.SourcePosition.Lag;
import io.freshet.schemas.DriftAlertEvent;
import io.freshet.schemas.MetricsEvent;
import java.io.PrintWriter;
import java.util.Comparator;
import java.util.Locale;
import java.util.Map;
import java.util.OptionalLong;
import java.util.stream.Collectors;

/** Text of a {@link JobReport} on one screen, in lines of at most 80 columns. */
public final class JobReportText {
    private static final int WIDTH = 80;
    private static final int LABEL = 14;

    private final PrintWriter out;
    private final JobReport report;

    private JobReportText(PrintWriter out, JobReport report) {
        this.out = out;
        this.report = report;
    }

    /** Prints a report. */
    public static void print(PrintWriter out, JobReport report) {
        new JobReportText(out, report).print();
        out.flush();
    }

    private void print() {
        JobActivity activity = report.activity();
        row("state", report.condition().text());
        row("metrics", newest(activity.newestMetrics(), activity.metricsInterval(), "none"));
        row(
                "checkpoint",
                newest(
                        activity.source().newestCheckpoint(),
                        activity.source().checkpointInterval(),
                        "unknown"));
        row(
                "lag",
                activity.source().lags().isEmpty()
                        ? "unknown"
                        : activity.source().lags().stream()
                                .map(JobReportText::lag)
                                .collect(Collectors.joining(", ")));
        String atLeast = report.allModels() ? "" : "at least ";
        row(
                "events",
                format(
                        "%s%,d trained on, %,d predicted only, %,d ignored, %,d dead letters",
                        atLeast,
                        report.accepted(),
                        report.unlabelled(),
                        sum(report.ignored()),
                        sum(report.deadLetters())));
        row("dead letters", byReason(report.deadLetters()));
        row("ignored", byReason(report.ignored()));
        models(atLeast);
        drifts(atLeast);
        flink();
        report.problems().forEach(problem -> row("unknown", problem));
    }

    private void models(String atLeast) {
        MetricsEvent newest = report.newestModel();
        row(
                "models",
                newest == null
                        ? "none"
                        : format(
                                "%s%,d with %,d examples, highest version %,d of %s",
                                atLeast,
                                report.models(),
                                report.examples(),
                                newest.getModelVersion(),
                                printable(newest.getModelId())));
    }

    private void drifts(String atLeast) {
        DriftAlertEvent alert = report.newestAlert();
        String newest =
                alert == null
                        ? ""
                        : format(
                                ", the newest %s in %s, detected by %s",
                                ago(report.newestAlertAt()),
                                printable(alert.getModelId()),
                                printable(alert.getDetector()));
        row("drifts", format("%s%,d", atLeast, report.drifts()) + newest);
    }

    private void flink() {
        FlinkJob flink = report.flink();
        if (flink == null) {
            return;
        }
        String restarts =
                flink.restarts().isEmpty()
                        ? "restarts unknown"
                        : counted(flink.restarts().getAsLong(), "restart");
        row(
                "flink",
                format(
                        "%s: %s for %s, %s, %s completed, %,d failed",
                        printable(flink.name()),
                        printable(flink.state()),
                        TimeText.duration(Math.max(0, report.now() - flink.since())),
                        restarts,
                        counted(flink.completedCheckpoints(), "checkpoint"),
                        flink.failedCheckpoints()));
        if (!flink.failure().isEmpty()) {
            row("last failure", printable(flink.failure()));
        }
    }

    private String newest(OptionalLong at, long interval, String none) {
        return at.isEmpty()
                ? none
                : "newest "
                        + ago(at.getAsLong())
                        + (interval == 0 ? "" : ", usually every " + TimeText.duration(interval));
    }

    private String ago(long at) {
        return TimeText.duration(Math.max(0, report.now() - at)) + " ago";
    }

    private static String lag(Lag lag) {
        return (lag.exact() ? "" : "about ")
                + counted(lag.events(), "event")
                + " of "
                + printable(lag.topic());
    }

    private static String counted(long number, String one) {
        return format("%,d %s", number, number == 1 ? one : one + "s");
    }

    private static long sum(Map<String, Long> byReason) {
        return byReason.values().stream().mapToLong(Long::longValue).sum();
    }

    /** Returns the numbers with their reasons, the largest first. */
    private static String byReason(Map<String, Long> numbers) {
        return numbers.isEmpty()
                ? "none"
                : numbers.entrySet().stream()
                        .sorted(Map.Entry.comparingByValue(Comparator.reverseOrder()))
                        .map(entry -> format("%,d %s", entry.getValue(), printable(entry.getKey())))
                        .collect(Collectors.joining(", "));
    }

    private void row(String label, String text) {
        String start = label;
        for (String line : TerminalText.wrapped(printable(text), WIDTH - LABEL)) {
            out.println(format("%-" + LABEL + "s%s", start, line));
            start = "";
        }
    }

    private static String format(String format, Object... values) {
        return String.format(Locale.ROOT, format, values);
    }
}
