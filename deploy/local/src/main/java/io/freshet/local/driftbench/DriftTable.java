package io.freshet.local.driftbench;

import static io.freshet.local.watch.TerminalDisplay.format;

import io.freshet.config.Key;
import java.io.PrintWriter;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** Results table of the drift benchmark, with one line for each detector. */
public final class DriftTable {
    private final List<DriftContender> contenders;
    private final List<DriftScore> totals = new ArrayList<>();
    private final List<Map<DriftKind, DriftScore>> byKind = new ArrayList<>();
    private final List<Map<String, DriftScore>> byFamily = new ArrayList<>();
    private int streams;
    private long examples;

    public DriftTable(List<DriftContender> contenders) {
        this.contenders = contenders;
        for (int i = 0; i < contenders.size(); i++) {
            totals.add(new DriftScore());
            byKind.add(new EnumMap<>(DriftKind.class));
            byFamily.add(new LinkedHashMap<>());
        }
    }

    /** Runs each detector on a stream and adds the results. */
    public void add(LossStream stream) {
        streams++;
        examples += stream.size();
        for (int i = 0; i < contenders.size(); i++) {
            DriftScore score = new DriftScore();
            score.add(stream, contenders.get(i).alarms(stream));
            totals.get(i).add(score);
            byKind.get(i).computeIfAbsent(stream.kind(), kind -> new DriftScore()).add(score);
            byFamily.get(i).computeIfAbsent(stream.family(), family -> new DriftScore()).add(score);
        }
    }

    /** Returns the total score of a detector, by index. */
    public DriftScore total(int contender) {
        return totals.get(contender);
    }

    /** Returns the score of a detector on the streams of a kind; there must be at least one. */
    public DriftScore total(int contender, DriftKind kind) {
        DriftScore score = byKind.get(contender).get(kind);
        if (score == null) {
            throw new IllegalArgumentException("no stream was " + kind);
        }
        return score;
    }

    /** Prints the table: detection delays and missed drifts, false alarms, and scores. */
    public void print(PrintWriter out) {
        List<DriftKind> kinds =
                byKind.get(0).entrySet().stream()
                        .filter(entry -> entry.getValue().drifts() > 0)
                        .map(Map.Entry::getKey)
                        .toList();
        List<String> families = List.copyOf(byFamily.get(0).keySet());
        out.println(
                format(
                        "  %,d streams, %,d examples, %,d drifts",
                        streams, examples, totals.get(0).drifts()));
        out.println();
        StringBuilder header = new StringBuilder();
        header.append(format("  %-21s %-18s", "detector", "signal"));
        for (DriftKind kind : kinds) {
            header.append(format("  %13s", Key.kebab(kind)));
        }
        header.append("  false  repeated  precision  recall     F1");
        if (families.size() > 1) {
            families.forEach(family -> header.append(format("  %7s", family)));
        }
        out.println(header);
        for (int i = 0; i < contenders.size(); i++) {
            DriftContender contender = contenders.get(i);
            DriftScore total = totals.get(i);
            StringBuilder line = new StringBuilder();
            line.append(format("  %-21s %-18s", contender.name(), Key.kebab(contender.signal())));
            for (DriftKind kind : kinds) {
                DriftScore score = total(i, kind);
                line.append(
                        format(
                                "  %13s",
                                score.missed() == score.drifts()
                                        ? format("– (%d)", score.missed())
                                        : format("%,.0f (%d)", score.meanDelay(), score.missed())));
            }
            line.append(
                    format(
                            "  %5s  %8d  %9s  %6s  %5s",
                            share(total.falseAlarms()),
                            total.repeated(),
                            share(total.precision()),
                            share(total.recall()),
                            share(total.f1())));
            if (families.size() > 1) {
                byFamily.get(i)
                        .values()
                        .forEach(score -> line.append(format("  %7s", share(score.f1()))));
            }
            out.println(line);
        }
        out.println();
        out.println(
                format(
                        "  mean delay of detected drifts, in examples (number of missed drifts) ·"
                            + " false alarms per%n  10,000 stationary examples · repeated alarms"
                            + " within %,d examples of a drift"
                                + (families.size() > 1 ? " · F1 by family" : ""),
                        DriftScore.DETECTION_WINDOW));
        out.flush();
    }

    /** Returns a number with three decimals, or a dash for NaN. */
    private static String share(double value) {
        return Double.isNaN(value) ? "–" : format("%.3f", value);
    }
}
