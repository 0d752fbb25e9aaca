package io.freshet.local.evaluate;

import static io.freshet.local.cli.TerminalText.printable;

import io.freshet.local.cli.TerminalText;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.stream.IntStream;

/** Report of an evaluation for a terminal of 80 columns. */
public final class EvaluationText {
    private static final int WIDTH = 80;
    private static final String MARGIN = "  ";
    private static final int NAME_WIDTH = 22;
    private static final int CELL_NAME_WIDTH = 12;
    private static final int CELL_WIDTH = 6;

    /** Largest number of classes whose confusion matrix fits the terminal. */
    private static final int MATRIX_CLASSES = 10;

    private static final int MAX_CLASSES = 50;
    private static final int MAX_PAIRS = 20;

    /** Pair of classes that were confused. */
    private record Confused(int label, int predicted, long count) {}

    private EvaluationText() {}

    /**
     * Returns the accuracy in the words of PyTorch's tutorial, rounded down as there.
     *
     * @param set what the examples are, in the plural
     */
    public static String accuracy(EvaluationScores scores, String set) {
        return scores.examples() == 0
                ? "no example could be predicted"
                : "Accuracy of the network on the "
                        + scores.examples()
                        + " "
                        + set
                        + ": "
                        + 100 * scores.hits() / scores.examples()
                        + " %";
    }

    /** Returns a line for each reason for which examples are left out. */
    public static List<String> leftOut(EvaluationScores scores) {
        List<String> lines = new ArrayList<>();
        scores.leftOut()
                .forEach(
                        (reason, count) ->
                                TerminalText.wrapped(
                                                format("%,d left out: ", count) + printable(reason),
                                                WIDTH - MARGIN.length())
                                        .forEach(line -> lines.add(MARGIN + line)));
        return lines;
    }

    /** Returns the lines of the report. */
    public static List<String> lines(EvaluationScores scores) {
        List<String> lines = leftOut(scores);
        if (scores.examples() == 0) {
            return lines;
        }
        lines.add("");
        lines.add(format("  loss, nats         %10.4f", scores.loss()));
        lines.add(format("  accuracy           %10.4f", scores.accuracy()));
        lines.add(format("  balanced accuracy  %10.4f", scores.balancedAccuracy()));
        if (scores.impossible() > 0) {
            lines.add(
                    format(
                            "  labels with the probability 0, which count as 103 nats: %,d",
                            scores.impossible()));
        }
        lines.add("");
        addClasses(scores, lines);
        lines.add("");
        if (scores.classes().size() <= MATRIX_CLASSES) {
            addMatrix(scores, lines);
        } else {
            addConfused(scores, lines);
        }
        return lines;
    }

    private static void addClasses(EvaluationScores scores, List<String> lines) {
        lines.add("  class                     examples  precision     recall         F1");
        int shown = Math.min(scores.classes().size(), MAX_CLASSES);
        for (int c = 0; c < shown; c++) {
            lines.add(
                    format(
                            "  %s  %,10d %10s %10s %10s",
                            name(scores, c, NAME_WIDTH),
                            scores.labels(c),
                            figure(scores.precision(c)),
                            figure(scores.recall(c)),
                            figure(scores.f1(c))));
        }
        if (shown < scores.classes().size()) {
            lines.add(format("  … and %,d more", scores.classes().size() - shown));
        }
    }

    private static void addMatrix(EvaluationScores scores, List<String> lines) {
        int classes = scores.classes().size();
        lines.add("  confusion matrix: a row for each class, a column for each prediction");
        StringBuilder header = new StringBuilder("  " + " ".repeat(CELL_NAME_WIDTH));
        for (int c = 0; c < classes; c++) {
            String name = name(scores, c, CELL_WIDTH - 1).strip();
            header.append(" ".repeat(CELL_WIDTH - TerminalText.columns(name))).append(name);
        }
        lines.add(header.toString());
        for (int label = 0; label < classes; label++) {
            StringBuilder row = new StringBuilder("  " + name(scores, label, CELL_NAME_WIDTH));
            for (int c = 0; c < classes; c++) {
                row.append(format("%" + CELL_WIDTH + "d", scores.count(label, c)));
            }
            lines.add(row.toString());
        }
    }

    private static void addConfused(EvaluationScores scores, List<String> lines) {
        int classes = scores.classes().size();
        List<Confused> confused =
                IntStream.range(0, classes * classes)
                        .mapToObj(
                                cell ->
                                        new Confused(
                                                cell / classes,
                                                cell % classes,
                                                scores.count(cell / classes, cell % classes)))
                        .filter(pair -> pair.label() != pair.predicted() && pair.count() > 0)
                        .sorted(Comparator.comparingLong(Confused::count).reversed())
                        .limit(MAX_PAIRS)
                        .toList();
        lines.add("  confused most often: the class, the prediction");
        for (Confused pair : confused) {
            lines.add(
                    format(
                            "  %s  %s %,10d",
                            name(scores, pair.label(), NAME_WIDTH),
                            name(scores, pair.predicted(), NAME_WIDTH),
                            pair.count()));
        }
    }

    private static String name(EvaluationScores scores, int of, int width) {
        String name = TerminalText.fit(printable(scores.classes().get(of)), width);
        return name + " ".repeat(width - TerminalText.columns(name));
    }

    private static String figure(double value) {
        return Double.isNaN(value) ? "–" : format("%.4f", value);
    }

    private static String format(String format, Object... values) {
        return String.format(Locale.ROOT, format, values);
    }
}
