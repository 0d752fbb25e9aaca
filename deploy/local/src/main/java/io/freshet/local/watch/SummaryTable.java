package io.freshet.local.watch;

import static io.freshet.local.cli.TerminalText.printable;
import static io.freshet.local.watch.TerminalDisplay.figure;
import static io.freshet.local.watch.TerminalDisplay.format;

import io.freshet.local.audit.TopicAudit;
import io.freshet.local.cli.TerminalText;
import io.freshet.schemas.MetricsEvent;
import java.io.PrintWriter;
import java.util.Map;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * Final report of a run: the scores of the model and of the baselines, the counts of events, and
 * the checks of the audit.
 */
public final class SummaryTable {
    private static final int WIDTH = 80;
    private static final int CHECK_WIDTH = 41;

    private SummaryTable() {}

    /** Prints the report. */
    public static void print(
            PrintWriter out, RunSummary summary, @Nullable MetricsEvent last, TopicAudit audit) {
        out.println();
        out.println("                        model   no-change    majority");
        out.println(
                format(
                        "  accuracy         %10s  %10s  %10s",
                        figure(summary.accuracy()),
                        figure(summary.noChangeAccuracy()),
                        figure(summary.majorityAccuracy())));
        out.println(format("  loss, nats       %10s", figure(summary.loss())));
        out.println(format("  kappa            %10s", figure(summary.kappa())));
        out.println(format("  kappa-temporal   %10s", figure(summary.kappaTemporal())));
        out.println();
        out.println(
                format(
                        "  %,d events in %.1f s (%,.0f events/s) · model version %,d",
                        summary.events(),
                        summary.seconds(),
                        summary.eventsPerSecond(),
                        summary.modelVersion()));
        String counts =
                format(
                        "%,d accepted · %,d unlabelled · %,d ignored · %,d dead letters",
                        summary.accepted(),
                        summary.unlabelled(),
                        summary.ignored(),
                        summary.deadLetters());
        printWrapped(out, counts);
        printReasons(out, "ignored: ", audit.ignoredByReason());
        printReasons(out, "dead letters: ", audit.deadLettersByReason());
        printWrapped(
                out, format("%,d %s", audit.drifts(), audit.drifts() == 1 ? "drift" : "drifts"));
        TerminalDisplay.mixture(last).ifPresent(text -> out.println("  " + text));
        out.println();
        audit.checks().forEach(check -> print(out, check));
        out.println();
        out.flush();
    }

    private static void printReasons(PrintWriter out, String title, Map<String, Long> counts) {
        if (!counts.isEmpty()) {
            printWrapped(
                    out,
                    title
                            + counts.entrySet().stream()
                                    .map(
                                            count ->
                                                    format(
                                                            "%,d %s",
                                                            count.getValue(), count.getKey()))
                                    .collect(Collectors.joining(" · ")));
        }
    }

    private static void printWrapped(PrintWriter out, String text) {
        TerminalText.wrapped(text, WIDTH - 2).forEach(line -> out.println("  " + line));
    }

    private static void print(PrintWriter out, TopicAudit.Check check) {
        String start = format("  %s %-36s ", check.holds() ? "✓" : "✗", check.name());
        for (String line : TerminalText.wrapped(printable(check.detail()), WIDTH - CHECK_WIDTH)) {
            out.println(start + line);
            start = " ".repeat(CHECK_WIDTH);
        }
    }
}
