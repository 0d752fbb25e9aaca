package io.freshet.local;

import io.freshet.schemas.Expert;
import io.freshet.schemas.MetricsEvent;
import io.freshet.schemas.Scores;
import java.io.PrintWriter;
import java.math.BigDecimal;
import java.math.MathContext;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * Shows how a model learns: at a terminal a picture that is drawn anew in place, elsewhere a line
 * about every second.
 */
final class Display {
    private static final int LABEL = 12;
    private static final int FIGURE = 14;
    private static final int WIDEST = 100;
    private static final String MODELS_HEADER =
            "       learnt    loss  accuracy  no-change  majority    version  drifts  model";

    private final PrintWriter out;
    private final boolean interactive;
    private final boolean colours;
    private final int width;
    private int drawn;
    private boolean headerPrinted;

    Display(PrintWriter out, boolean interactive, boolean colours, int width) {
        this.out = out;
        this.interactive = interactive;
        this.colours = colours;
        this.width = Math.min(width, WIDEST);
    }

    /** A display fit for where the output goes, as the script {@code freshet} tells. */
    static Display forTerminal(PrintWriter out) {
        String columns = System.getenv("FRESHET_COLUMNS");
        if (columns == null || !columns.matches("[0-9]{2,4}")) {
            return new Display(out, false, false, WIDEST);
        }
        boolean colours = System.getenv("NO_COLOR") == null;
        return new Display(out, true, colours, Integer.parseInt(columns));
    }

    /** Whether it redraws in place, and so may be shown often. */
    boolean isInteractive() {
        return interactive;
    }

    /**
     * Shows where things stand.
     *
     * @param sent events handed to Kafka
     * @param total events that there will be
     * @param eventsPerSecond that the model has taken lately
     */
    void show(LearningCurve curve, long sent, long total, double eventsPerSecond) {
        if (interactive) {
            redraw(picture(curve, sent, total, eventsPerSecond));
        } else {
            line(curve, eventsPerSecond);
        }
    }

    private void redraw(List<String> lines) {
        StringBuilder screen = new StringBuilder();
        if (drawn > 0) {
            screen.append("\u001b[").append(drawn).append('A');
        }
        for (String text : lines) {
            screen.append("\u001b[2K").append(text).append('\n');
        }
        if (lines.size() < drawn) {
            screen.append("\u001b[J"); // what is left of before
        }
        out.print(screen);
        out.flush();
        drawn = lines.size();
    }

    List<String> picture(LearningCurve curve, long sent, long total, double eventsPerSecond) {
        List<String> lines = new ArrayList<>();
        MetricsEvent last = curve.last();
        long seen = last == null ? 0 : last.getExamplesSeen();
        int bar = Math.max(10, width - 52);
        int full = (int) (bar * Math.min(seen, total) / Math.max(1, total));
        lines.add(
                "  "
                        + colour(36, "█".repeat(full))
                        + "░".repeat(bar - full)
                        + format("  %,d of %,d learnt", seen, total)
                        + (sent < total ? "" : ", all sent"));
        lines.add("");
        lines.addAll(curves(curve, eventsPerSecond));
        return lines;
    }

    private List<String> curves(LearningCurve curve, @Nullable Double eventsPerSecond) {
        List<String> lines = new ArrayList<>();
        MetricsEvent last = curve.last();
        int room = width - LABEL - FIGURE - 4;
        double worst = curve.loss().stream().mapToDouble(loss -> loss).max().orElse(1);
        lines.add(row("accuracy", 32, curve.accuracy(), 0, 1, room, ""));
        lines.add(row("no change", 90, curve.noChange(), 0, 1, room, ""));
        lines.add(row("majority", 90, curve.majority(), 0, 1, room, ""));
        lines.add(row("loss", 33, curve.loss(), 0, Math.max(worst, 1e-9), room, " nats"));
        lines.add("");
        lines.add(
                format(
                        "  %s events/s · model version %,d · %,d dead letters",
                        eventsPerSecond == null ? "–" : format("%,.0f", eventsPerSecond),
                        last == null ? 0 : last.getModelVersion(),
                        curve.deadLetters()));
        mixture(last).ifPresent(text -> lines.add("  " + text));
        return lines;
    }

    /** Shows jobs that are watched: the curves of one model, or a line a model of several. */
    void showWatched(Collection<LearningCurve> curves, List<String> alerts) {
        List<String> lines = new ArrayList<>();
        if (curves.size() == 1) {
            LearningCurve curve = curves.iterator().next();
            MetricsEvent last = curve.last();
            long drifts = last == null ? 0 : last.getDrifts();
            lines.add(
                    fit(
                            format(
                                    "  %,d learnt · %,d %s · model %s",
                                    last == null ? 0 : last.getExamplesSeen(),
                                    drifts,
                                    drifts == 1 ? "drift" : "drifts",
                                    printable(curve.modelId()))));
            lines.add("");
            lines.addAll(curves(curve, last == null ? null : last.getThroughput()));
        } else {
            lines.add(MODELS_HEADER);
            curves.forEach(curve -> lines.add(fit(modelLine(curve))));
        }
        if (!alerts.isEmpty()) {
            lines.add("");
            alerts.forEach(alert -> lines.add(fit("  " + alert)));
        }
        redraw(lines);
    }

    /** Prints a line about each model, below a header the first time. */
    void printWatched(Collection<LearningCurve> curves) {
        if (!headerPrinted) {
            headerPrinted = true;
            out.println(MODELS_HEADER);
        }
        curves.forEach(curve -> out.println(modelLine(curve)));
        out.flush();
    }

    /** Prints one line; a picture goes on below it. */
    void print(String text) {
        out.println(text);
        out.flush();
        drawn = 0;
    }

    private static String modelLine(LearningCurve curve) {
        MetricsEvent last = curve.last();
        if (last == null) {
            return printable(curve.modelId());
        }
        Scores rolling = last.getRolling();
        return format(
                "%,13d %7s %9s %10s %9s %,10d %7d  %s",
                last.getExamplesSeen(),
                figure(rolling.getLoss()),
                figure(rolling.getAccuracy()),
                figure(rolling.getNoChangeAccuracy()),
                figure(rolling.getMajorityAccuracy()),
                last.getModelVersion(),
                last.getDrifts(),
                printable(curve.modelId()));
    }

    /** A text from the data, without what a terminal might take for a command. */
    static String printable(String text) {
        return text.replaceAll("\\p{C}", "\ufffd");
    }

    private String fit(String text) {
        return text.length() <= width ? text : text.substring(0, width - 1) + "…";
    }

    private String row(
            String label,
            int colour,
            List<Double> values,
            double low,
            double high,
            int room,
            String unit) {
        String figure =
                values.isEmpty() ? "" : format("%.3f", values.get(values.size() - 1)) + unit;
        String curve = Curve.draw(values, low, high, room);
        return "  "
                + pad(label, LABEL)
                + colour(colour, curve)
                + " ".repeat(Math.max(0, room - curve.length()))
                + "  "
                + figure;
    }

    private void line(LearningCurve curve, double eventsPerSecond) {
        MetricsEvent last = curve.last();
        if (last == null) {
            return;
        }
        if (!headerPrinted) {
            headerPrinted = true;
            out.println(
                    "     learnt    loss  accuracy  no-change  majority   events/s    version"
                            + "  dead letters");
        }
        Scores rolling = last.getRolling();
        out.println(
                format(
                        "%,11d %7s %9s %10s %9s %,10.0f %,10d %,13d",
                        last.getExamplesSeen(),
                        figure(rolling.getLoss()),
                        figure(rolling.getAccuracy()),
                        figure(rolling.getNoChangeAccuracy()),
                        figure(rolling.getMajorityAccuracy()),
                        eventsPerSecond,
                        last.getModelVersion(),
                        curve.deadLetters()));
        out.flush();
    }

    /** What a mixture of learning rates has come to; empty where there is only one. */
    static Optional<String> mixture(@Nullable MetricsEvent event) {
        if (event == null || event.getExperts().size() < 2) {
            return Optional.empty();
        }
        Expert leader =
                event.getExperts().stream()
                        .max(Comparator.comparingDouble(Expert::getWeight))
                        .orElseThrow();
        return Optional.of(
                format(
                        "learning rate %s · %s leads with %.0f %%",
                        twoDigits(event.getLearningRate()),
                        leader.getName(),
                        100 * leader.getWeight()));
    }

    /** A rate to two digits that count, as people write it. */
    private static String twoDigits(double value) {
        return new BigDecimal(value).round(new MathContext(2)).stripTrailingZeros().toPlainString();
    }

    /** A figure to four digits, or a dash where it is not defined. */
    static String figure(@Nullable Double value) {
        return value == null ? "–" : format("%.4f", value);
    }

    static String format(String format, Object... values) {
        return String.format(Locale.ROOT, format, values);
    }

    private static String pad(String text, int length) {
        return text + " ".repeat(Math.max(0, length - text.length()));
    }

    /** Text in a colour of the terminal, where there are any. */
    String colour(int code, String text) {
        return colours ? "\u001b[" + code + "m" + text + "\u001b[0m" : text;
    }
}
