package io.freshet.local.audit;

import static io.freshet.local.cli.TerminalText.printable;

import io.freshet.local.cli.TerminalText;
import io.freshet.pipeline.JobKind;
import java.io.PrintWriter;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.function.Function;
import java.util.stream.Collectors;

/** Report of an audit as text of at most 80 columns. */
public final class AuditText {
    private static final int WIDTH = 80;
    private static final int CHECK_WIDTH = 41;
    private static final String MARGIN = "  ";
    private static final int MAX_LISTED = 20;
    private static final int MAX_OFFSETS = 10;

    private final PrintWriter out;
    private final AuditReport report;

    private AuditText(PrintWriter out, AuditReport report) {
        this.out = out;
        this.report = report;
    }

    /** Prints a report. */
    public static void print(PrintWriter out, AuditReport report) {
        AuditText text = new AuditText(out, report);
        text.printHeader();
        text.printChecks();
        text.printPartitions();
        text.printFindings();
        text.printVerdict();
        out.flush();
    }

    /** Formats in {@link Locale#ROOT}. */
    static String format(String format, Object... values) {
        return String.format(Locale.ROOT, format, values);
    }

    private void printHeader() {
        JobEpoch job = report.job();
        String name = job.job().isEmpty() ? "a job without a name" : "job " + job.job();
        SnapshotTarget until = report.until();
        out.println();
        wrap(
                "",
                format(
                        "Audit of %s, epoch %d%s",
                        name,
                        job.epoch(),
                        until == null
                                ? ""
                                : ": version "
                                        + until.modelVersion()
                                        + " of model "
                                        + until.modelId()));
        if (until != null) {
            wrap("", "content hash " + until.contentHash());
        }
        if (report.kind() == JobKind.LEARN) {
            wrap(
                    "",
                    format(
                            "%,d accepted · %,d unlabelled · %,d ignored · %,d dead letters"
                                    + " · %,d pending",
                            count(Boundary::accepted),
                            count(Boundary::unlabelled),
                            count(Boundary::ignored),
                            count(Boundary::deadLetters),
                            report.pending()));
        }
        out.println();
    }

    private long count(Function<Boundary, EventSum> outcome) {
        return report.models().values().stream()
                .mapToLong(model -> outcome.apply(model).count())
                .sum();
    }

    private void printChecks() {
        for (AuditCheck check : AuditCheck.values()) {
            if (!report.includes(check)) {
                continue;
            }
            String start = format("  %s %-36s ", mark(report.verdict(check)), check.title());
            String detail = printable(report.details().getOrDefault(check, ""));
            for (String line : TerminalText.wrapped(detail, WIDTH - CHECK_WIDTH)) {
                out.println((start + line).stripTrailing());
                start = " ".repeat(CHECK_WIDTH);
            }
        }
        out.println();
    }

    private static String mark(Verdict verdict) {
        return switch (verdict) {
            case PROVEN -> "✓";
            case MISMATCH -> "✗";
            case UNPROVEN -> "?";
        };
    }

    private void printPartitions() {
        List<PartitionReport> partitions = report.partitions();
        for (PartitionReport partition :
                partitions.subList(0, Math.min(MAX_LISTED, partitions.size()))) {
            wrap("", describe(partition));
        }
        if (partitions.size() > MAX_LISTED) {
            wrap("", format("and %,d more partitions", partitions.size() - MAX_LISTED));
        }
        out.println();
    }

    private static String describe(PartitionReport partition) {
        StringBuilder text = new StringBuilder(partition.partition() + ": ");
        if (partition.provenTo() < partition.provenFrom()) {
            text.append("nothing can be compared");
        } else {
            text.append("compared from offset ")
                    .append(partition.provenFrom())
                    .append(" to ")
                    .append(partition.provenTo());
        }
        if (partition.unread() > 0) {
            text.append(
                    format(
                            partition.isPredictedOnly()
                                    ? "; %,d events without an answer yet"
                                    : "; %,d events not in the metrics yet",
                            partition.unread()));
        }
        if (partition.before() > 0) {
            text.append(
                    format(
                            partition.isPredictedOnly()
                                    ? "; %,d before the first answer without one"
                                    : "; %,d before the job's first not read",
                            partition.before()));
        }
        return text.toString();
    }

    private void printFindings() {
        List<Finding> findings = new ArrayList<>(report.findings());
        findings.sort(
                (a, b) ->
                        a.verdict() == b.verdict()
                                ? a.check().compareTo(b.check())
                                : a.verdict().compareTo(b.verdict()));
        for (Finding finding : findings.subList(0, Math.min(MAX_LISTED, findings.size()))) {
            wrap("", mark(finding.verdict()) + " " + place(finding));
            wrap(MARGIN, finding.text());
            wrapIfAny("missing: ", finding.missing());
            wrapIfAny("repeated: ", finding.repeated());
        }
        if (findings.size() > MAX_LISTED) {
            wrap("", format("and %,d more; --json lists them", findings.size() - MAX_LISTED));
        }
        if (!findings.isEmpty()) {
            out.println();
        }
    }

    private static String place(Finding finding) {
        List<String> parts = new ArrayList<>();
        parts.add(finding.check().json());
        if (!finding.modelId().isEmpty()) {
            parts.add("model " + finding.modelId());
        }
        finding.spans().stream().limit(MAX_OFFSETS).forEach(span -> parts.add(span.toString()));
        return String.join(", ", parts);
    }

    private void wrapIfAny(String title, List<EventPosition> positions) {
        if (!positions.isEmpty()) {
            wrap(
                    MARGIN,
                    title
                            + positions.stream()
                                    .limit(MAX_OFFSETS)
                                    .map(EventPosition::toString)
                                    .collect(Collectors.joining(", "))
                            + (positions.size() > MAX_OFFSETS
                                    ? format(" and %,d more", positions.size() - MAX_OFFSETS)
                                    : ""));
        }
    }

    private void printVerdict() {
        Map<Verdict, Long> findings =
                report.findings().stream()
                        .collect(Collectors.groupingBy(Finding::verdict, Collectors.counting()));
        String text =
                switch (report.verdict()) {
                    case PROVEN ->
                            report.kind() == JobKind.LEARN
                                    ? "Proven: no event is lost and none is counted twice."
                                    : "Proven: no event is lost and none is answered twice.";
                    case MISMATCH ->
                            format(
                                    "Mismatch: %,d found.",
                                    findings.getOrDefault(Verdict.MISMATCH, 0L));
                    case UNPROVEN -> "Nothing is wrong, but a part cannot be proven.";
                };
        wrap("", text);
        out.println();
    }

    private void wrap(String margin, String text) {
        String start = MARGIN + margin;
        for (String line : TerminalText.wrapped(printable(text), WIDTH - start.length())) {
            out.println(start + line);
        }
    }
}
