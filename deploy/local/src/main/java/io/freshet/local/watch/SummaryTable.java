package io.freshet.local.watch;

import static io.freshet.local.cli.TerminalText.printable;
import static io.freshet.local.watch.TerminalDisplay.figure;
import static io.freshet.local.watch.TerminalDisplay.format;

import io.freshet.local.audit.TopicAudit;
import io.freshet.local.cli.TerminalText;
import io.freshet.schemas.MetricsEvent;
import java.io.PrintWriter;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Final report of a run: the scores of each model and of the baselines, the counts of events, and
 * the checks of the audit.
 */
public final class SummaryTable {
    private static final int WIDTH = 80;
    private static final int CHECK_WIDTH = 41;
    private static final int MODEL_WIDTH = 18;
    private static final int MAX_MODELS = 20;

    private SummaryTable() {}

    /** Prints the report. */
    public static void print(PrintWriter out, RunSummary summary, TopicAudit audit) {
        out.println();
        if (summary.models().size() > 1) {
            printModels(out, summary.models());
        } else {
            printModel(out, summary, audit.onlyModel());
        }
        out.println();
        Long version = summary.modelVersion();
        out.println(
                format(
                        "  %,d events in %.1f s (%,.0f events/s) · %s",
                        summary.events(),
                        summary.seconds(),
                        summary.eventsPerSecond(),
                        summary.models().size() > 1
                                ? format("%,d models", summary.models().size())
                                : format("model version %,d", version == null ? 0 : version)));
        EventTotals.lines(
                        summary.accepted(),
                        summary.unlabelled(),
                        audit.ignoredByReason(),
                        audit.deadLettersByReason(),
                        audit.drifts())
                .forEach(line -> out.println("  " + line));
        TerminalDisplay.experts(audit.onlyModel()).forEach(out::println);
        out.println();
        audit.checks().forEach(check -> print(out, check));
        out.println();
        out.flush();
    }

    private static void printModels(PrintWriter out, Map<String, RunSummary.ModelScores> models) {
        out.println(
                "  model                 examples  accuracy no-change  majority    loss   kappa");
        models.entrySet().stream()
                .limit(MAX_MODELS)
                .forEach(
                        model -> {
                            RunSummary.ModelScores scores = model.getValue();
                            String id = TerminalText.fit(printable(model.getKey()), MODEL_WIDTH);
                            out.println(
                                    format(
                                            "  %s%s %,11d %9s %9s %9s %7s %7s",
                                            id,
                                            " ".repeat(MODEL_WIDTH - TerminalText.columns(id)),
                                            scores.examplesSeen(),
                                            figure(scores.accuracy()),
                                            figure(scores.noChangeAccuracy()),
                                            figure(scores.majorityAccuracy()),
                                            figure(scores.loss()),
                                            figure(scores.kappa())));
                        });
        if (models.size() > MAX_MODELS) {
            out.println(format("  … and %,d more", models.size() - MAX_MODELS));
        }
    }

    private static void printModel(
            PrintWriter out, RunSummary summary, @Nullable MetricsEvent last) {
        out.println("                        model   no-change    majority");
        out.println(
                format(
                        "  accuracy         %10s  %10s  %10s",
                        figure(summary.accuracy()),
                        figure(summary.noChangeAccuracy()),
                        figure(summary.majorityAccuracy())));
        out.println(
                format(
                        "  balanced accuracy%10s",
                        figure(last == null ? null : last.getPrequential().getBalancedAccuracy())));
        out.println(format("  loss, nats       %10s", figure(summary.loss())));
        out.println(format("  kappa            %10s", figure(summary.kappa())));
        out.println(format("  kappa-temporal   %10s", figure(summary.kappaTemporal())));
    }

    private static void print(PrintWriter out, TopicAudit.Check check) {
        String start = format("  %s %-36s ", check.holds() ? "✓" : "✗", check.name());
        for (String line : TerminalText.wrapped(printable(check.detail()), WIDTH - CHECK_WIDTH)) {
            out.println(start + line);
            start = " ".repeat(CHECK_WIDTH);
        }
    }
}
