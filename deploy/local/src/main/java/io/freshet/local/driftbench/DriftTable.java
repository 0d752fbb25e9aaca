package io.freshet.local.driftbench;

import static io.freshet.local.watch.TerminalDisplay.format;

import io.freshet.config.Key;
import java.io.PrintWriter;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * Results of the drift benchmark, as tables with one line for each detector: the scores, the
 * detection delays by kind of drift, and F1 by family of streams. Lines have at most 80 columns.
 */
public final class DriftTable {
    private static final int DELAY_WIDTH = 9;

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

    /** Prints the tables. */
    public void print(PrintWriter out) {
        out.println(
                format(
                        "  %,d streams, %,d examples, %,d drifts",
                        streams, examples, totals.get(0).drifts()));
        printScores(out);
        List<DriftKind> kinds =
                byKind.get(0).entrySet().stream()
                        .filter(entry -> entry.getValue().drifts() > 0)
                        .map(Map.Entry::getKey)
                        .toList();
        if (!kinds.isEmpty()) {
            printDelays(out, kinds);
        }
        if (byFamily.get(0).size() > 1) {
            printFamilies(out);
        }
        out.println();
        out.flush();
    }

    private void printScores(PrintWriter out) {
        out.println();
        out.println("  false: false alarms per 10,000 stationary examples");
        out.println(
                format(
                        "  repeated: further alarms up to %,d examples after the end of a drift",
                        DriftScore.DETECTION_WINDOW));
        out.println(start("signal") + " false repeated precision recall    F1");
        for (int i = 0; i < contenders.size(); i++) {
            DriftScore total = totals.get(i);
            out.println(
                    start(i, contenders.get(i).signals())
                            + format(
                                    " %5s %8d %9s %6s %5s",
                                    figure(total.falseAlarms()),
                                    total.repeated(),
                                    figure(total.precision()),
                                    figure(total.recall()),
                                    figure(total.f1())));
        }
    }

    private void printDelays(PrintWriter out, List<DriftKind> kinds) {
        out.println();
        out.println("  Mean delay of the detected drifts, in examples (number of missed drifts)");
        StringBuilder header = new StringBuilder(start(""));
        kinds.forEach(kind -> header.append(delayCell(kind, Key.kebab(kind))));
        out.println(header);
        for (int i = 0; i < contenders.size(); i++) {
            StringBuilder line = new StringBuilder(start(i, ""));
            for (DriftKind kind : kinds) {
                DriftScore score = total(i, kind);
                String delay =
                        score.missed() == score.drifts() ? "–" : format("%.0f", score.meanDelay());
                line.append(delayCell(kind, format("%s (%d)", delay, score.missed())));
            }
            out.println(line);
        }
    }

    private static String delayCell(DriftKind kind, String text) {
        int width = Math.max(Key.kebab(kind).length(), DELAY_WIDTH);
        return " " + " ".repeat(Math.max(0, width - text.length())) + text;
    }

    private void printFamilies(PrintWriter out) {
        out.println();
        out.println("  F1 by family of streams");
        StringBuilder header = new StringBuilder(start("signal"));
        byFamily.get(0).keySet().forEach(family -> header.append(format(" %7s", family)));
        out.println(header);
        for (int i = 0; i < contenders.size(); i++) {
            StringBuilder line = new StringBuilder(start(i, contenders.get(i).signals()));
            byFamily.get(i)
                    .values()
                    .forEach(score -> line.append(format(" %7s", figure(score.f1()))));
            out.println(line);
        }
    }

    /** Returns the start of a header; an empty second column is left out. */
    private static String start(String second) {
        return start("", "detector", second);
    }

    /** Returns the start of a detector's line; its number is the same in all tables. */
    private String start(int contender, String second) {
        return start(Integer.toString(contender + 1), contenders.get(contender).name(), second);
    }

    private static String start(String number, String name, String second) {
        String start = format("%2s %-14s", number, name);
        return second.isEmpty() ? start : start + format(" %-18s", second);
    }

    /** Returns a number with three decimals, or a dash for NaN. */
    private static String figure(double value) {
        return Double.isNaN(value) ? "–" : format("%.3f", value);
    }
}
