package io.freshet.local.watch;

import static io.freshet.local.cli.TerminalText.printable;

import io.freshet.local.cli.TerminalText;
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
import java.util.Objects;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * Text output of a model's learning curve: a display that is redrawn in place if the output is a
 * terminal, otherwise about one line a second.
 *
 * <p>Thread-safe.
 */
public final class TerminalDisplay {
    private static final int LABEL = 12;
    private static final int FIGURE = 14;
    private static final int MAX_WIDTH = 100;

    /** Width below which numbers are shown without margins and sparklines. */
    private static final int NARROW = 40;

    private static final int BAR = 10;

    /** Width of the lines of a summary. */
    private static final int SUMMARY_WIDTH = 80;

    /** Number of experts of an ensemble that are shown. */
    private static final int SHOWN_EXPERTS = 3;

    private static final int PLAIN = 0;
    private static final int DIM = 2;
    private static final int RED = 31;
    private static final int YELLOW = 33;
    private static final String SEPARATOR = " · ";
    private static final String MODELS_HEADER =
            "    examples    loss accuracy no-change majority      version drifts  model";
    private static final String RUN_HEADER =
            "  examples    loss accuracy no-change majority  events/s    version dead letters";
    private static final String NARROW_MODELS_HEADER = "accuracy  model";

    private final PrintWriter out;
    private final boolean interactive;
    private final boolean colours;
    private final int width;
    private final String margin;
    private List<String> drawn = List.of();
    private String header = "";

    TerminalDisplay(PrintWriter out, boolean interactive, boolean colours, int width) {
        this.out = out;
        this.interactive = interactive;
        this.colours = colours;
        this.width = Math.min(width, MAX_WIDTH);
        margin = width < NARROW ? "" : "  ";
    }

    /**
     * Creates the display that fits the output. The script {@code freshet} sets {@code
     * FRESHET_COLUMNS} if the output is a terminal.
     */
    public static TerminalDisplay forTerminal(PrintWriter out) {
        String columns = System.getenv("FRESHET_COLUMNS");
        if (columns == null || !columns.matches("[0-9]{2,4}")) {
            return new TerminalDisplay(out, false, false, MAX_WIDTH);
        }
        boolean colours = System.getenv("NO_COLOR") == null;
        return new TerminalDisplay(out, true, colours, Integer.parseInt(columns));
    }

    /** Returns whether the display is redrawn in place. */
    public boolean isInteractive() {
        return interactive;
    }

    /**
     * Shows the current state of a run: the curves of a single model, or one line for each of
     * several models.
     *
     * @param sent events sent to Kafka so far
     * @param total events that will be sent
     * @param eventsPerSecond recent rate of training
     */
    public synchronized void show(
            LearningCurves curves, long sent, long total, double eventsPerSecond) {
        LearningCurve only = curves.only();
        if (only != null) {
            show(only, sent, total, eventsPerSecond);
        } else if (interactive) {
            redraw(picture(curves, sent, total, eventsPerSecond));
        } else {
            printWatched(curves.all());
        }
    }

    synchronized void show(LearningCurve curve, long sent, long total, double eventsPerSecond) {
        if (interactive) {
            redraw(picture(curve, sent, total, eventsPerSecond));
        } else {
            line(curve, eventsPerSecond);
        }
    }

    /** Shows one line, in place of what was shown before if the output is a terminal. */
    public synchronized void showLine(String text) {
        if (interactive) {
            redraw(List.of(text));
        } else {
            out.println(text);
            out.flush();
        }
    }

    private void redraw(List<String> lines) {
        StringBuilder screen = new StringBuilder();
        if (!drawn.isEmpty()) {
            screen.append("\u001b[").append(drawn.size()).append('A');
        }
        for (String text : lines) {
            // A line that wraps would occupy two rows, and the next redraw would start too low.
            screen.append("\u001b[2K").append(TerminalText.fit(text, width)).append('\n');
        }
        if (lines.size() < drawn.size()) {
            screen.append("\u001b[J"); // clears the rest of the previous display
        }
        out.print(screen);
        out.flush();
        drawn = List.copyOf(lines);
    }

    List<String> picture(LearningCurve curve, long sent, long total, double eventsPerSecond) {
        MetricsEvent last = curve.last();
        List<String> lines = progress(last == null ? 0 : last.getExamplesSeen(), sent, total);
        lines.addAll(curves(curve, eventsPerSecond));
        return lines;
    }

    private List<String> picture(
            LearningCurves curves, long sent, long total, double eventsPerSecond) {
        List<String> lines = progress(curves.examplesSeen(), sent, total);
        lines.addAll(table(curves.all()));
        lines.add("");
        lines.addAll(
                joined(
                        SEPARATOR,
                        format("%,.0f events/s", eventsPerSecond),
                        format("%,d dead letters", curves.deadLetters())));
        lines.addAll(deviceLines(curves.all()));
        return lines;
    }

    private List<String> progress(long seen, long sent, long total) {
        List<String> lines = new ArrayList<>();
        String progress =
                format("%,d of %,d trained on", seen, total) + (sent < total ? "" : ", all sent");
        int bar = Math.max(BAR, width - 52);
        int full = (int) (bar * Math.max(0, Math.min(seen, total)) / Math.max(1, total));
        lines.addAll(joined("  ", colour(36, "█".repeat(full)) + "░".repeat(bar - full), progress));
        lines.add("");
        return lines;
    }

    private List<String> curves(LearningCurve curve, @Nullable Double eventsPerSecond) {
        List<String> lines = new ArrayList<>();
        MetricsEvent last = curve.last();
        int room = width < NARROW ? 0 : width - LABEL - FIGURE - 4;
        double worst = curve.loss().stream().mapToDouble(loss -> loss).max().orElse(1);
        lines.add(row("accuracy", 32, curve.accuracy(), 0, 1, room, ""));
        lines.add(row("no-change", 90, curve.noChange(), 0, 1, room, ""));
        lines.add(row("majority", 90, curve.majority(), 0, 1, room, ""));
        lines.add(row("loss", 33, curve.loss(), 0, Math.max(worst, 1e-9), room, " nats"));
        lines.add("");
        lines.addAll(
                joined(
                        SEPARATOR,
                        format(
                                "%s events/s",
                                eventsPerSecond == null ? "–" : format("%,.0f", eventsPerSecond)),
                        format("model version %,d", last == null ? 0 : last.getModelVersion()),
                        format("%,d dead letters", curve.deadLetters())));
        lines.addAll(joined(SEPARATOR, expertParts(last)));
        lines.addAll(deviceLines(List.of(curve)));
        return lines;
    }

    /** Returns a line that names the GPUs on which models learn; none for the CPU. */
    private List<String> deviceLines(Collection<LearningCurve> curves) {
        String devices =
                curves.stream()
                        .map(LearningCurve::last)
                        .filter(Objects::nonNull)
                        .map(last -> printable(last.getDevice()))
                        .filter(device -> !device.isEmpty() && !device.equals("CPU"))
                        .distinct()
                        .sorted()
                        .collect(Collectors.joining(", "));
        return devices.isEmpty() ? List.of() : joined(SEPARATOR, "learns on " + devices);
    }

    /**
     * Redraws a watched job: sparklines of a single model, or one line for each of several models.
     * If the job is not live, its condition is the first line.
     */
    synchronized void showWatched(
            Collection<LearningCurve> curves, List<String> alerts, JobCondition condition) {
        boolean stale = condition.state().isStale();
        List<String> lines = new ArrayList<>();
        if (curves.size() == 1) {
            LearningCurve curve = curves.iterator().next();
            MetricsEvent last = curve.last();
            long drifts = last == null ? 0 : last.getDrifts();
            lines.addAll(
                    joined(
                            SEPARATOR,
                            format("%,d examples", last == null ? 0 : last.getExamplesSeen()),
                            format("%,d %s", drifts, drifts == 1 ? "drift" : "drifts"),
                            "model " + printable(curve.modelId())));
            lines.add("");
            lines.addAll(curves(curve, last == null ? null : last.getThroughput()));
        } else {
            lines.addAll(table(curves));
            lines.addAll(deviceLines(curves));
        }
        if (!alerts.isEmpty()) {
            lines.add("");
            alerts.forEach(alert -> lines.add(margin + alert));
        }
        if (stale) {
            lines.replaceAll(line -> colour(DIM, TerminalText.withoutColours(line)));
        }
        if (stale || condition.state() == JobState.IDLE) {
            lines.add(0, margin + colour(colourOf(condition.state()), condition.text()));
        }
        redraw(lines);
    }

    /** Returns one line for each model, below a header. */
    private List<String> table(Collection<LearningCurve> curves) {
        List<String> lines = new ArrayList<>();
        boolean all = width > MODELS_HEADER.length();
        lines.add(all ? MODELS_HEADER : NARROW_MODELS_HEADER);
        curves.stream()
                .sorted(Comparator.comparing(LearningCurve::modelId)) // a line keeps its place
                .forEach(curve -> lines.add(all ? modelLine(curve) : narrowModelLine(curve)));
        return lines;
    }

    private static int colourOf(JobState state) {
        return switch (state) {
            case LATE -> YELLOW;
            case SILENT -> RED;
            default -> PLAIN;
        };
    }

    /** Prints one line for each model, with a header the first time. */
    synchronized void printWatched(Collection<LearningCurve> curves) {
        printHeader(MODELS_HEADER);
        curves.forEach(curve -> out.println(modelLine(curve)));
        out.flush();
    }

    private void printHeader(String needed) {
        if (!header.equals(needed)) {
            header = needed;
            out.println(needed);
        }
    }

    /** Prints one line; the display continues below it. */
    public synchronized void print(String text) {
        out.println(printable(text));
        out.flush();
        drawn = List.of();
    }

    /** Prints one line above the display, which is drawn again below it. */
    public synchronized void printAbove(String text) {
        List<String> below = drawn;
        replaceBy(text);
        if (!below.isEmpty()) {
            redraw(below);
        }
    }

    /** Prints one line in place of the display, which continues below it. */
    public synchronized void replaceBy(String text) {
        if (!drawn.isEmpty()) {
            redraw(List.of());
        }
        print(text);
    }

    private static String modelLine(LearningCurve curve) {
        MetricsEvent last = curve.last();
        if (last == null) {
            return printable(curve.modelId());
        }
        Scores rolling = last.getRolling();
        return format(
                "%,12d %7s %8s %9s %8s %,12d %6d  %s",
                last.getExamplesSeen(),
                figure(rolling.getLoss()),
                figure(rolling.getAccuracy()),
                figure(rolling.getNoChangeAccuracy()),
                figure(rolling.getMajorityAccuracy()),
                last.getModelVersion(),
                last.getDrifts(),
                printable(curve.modelId()));
    }

    private static String narrowModelLine(LearningCurve curve) {
        MetricsEvent last = curve.last();
        return format(
                "%8s  %s",
                figure(last == null ? null : last.getRolling().getAccuracy()),
                printable(curve.modelId()));
    }

    private List<String> joined(String separator, String... parts) {
        return joined(margin, width, separator, parts);
    }

    /**
     * Joins parts into one line, or into several if they do not fit. Without parts there is no
     * line.
     */
    private static List<String> joined(
            String margin, int width, String separator, String... parts) {
        List<String> lines = new ArrayList<>();
        for (String part : parts) {
            int last = lines.size() - 1;
            String longer = last < 0 ? "" : lines.get(last) + separator + part;
            if (last >= 0 && TerminalText.columns(longer) <= width) {
                lines.set(last, longer);
            } else {
                lines.add(margin + part);
            }
        }
        return lines;
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
        String curve = Sparkline.draw(values, low, high, room);
        String start = margin + pad(label, LABEL);
        return room == 0
                ? start + figure
                : start + colour(colour, curve) + " ".repeat(room - curve.length()) + "  " + figure;
    }

    private void line(LearningCurve curve, double eventsPerSecond) {
        MetricsEvent last = curve.last();
        if (last == null) {
            return;
        }
        printHeader(RUN_HEADER);
        Scores rolling = last.getRolling();
        out.println(
                format(
                        "%,10d %7s %8s %9s %8s %,9.0f %,10d %,12d",
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

    /**
     * Returns which experts carry the stream, in lines: of a mixture the effective learning rate,
     * and the expert with the largest weight as a percentage; of an ensemble the experts with the
     * largest weights in the stack. Empty if there is only one expert.
     */
    static List<String> experts(@Nullable MetricsEvent event) {
        return joined("  ", SUMMARY_WIDTH, SEPARATOR, expertParts(event));
    }

    private static String[] expertParts(@Nullable MetricsEvent event) {
        if (event == null || event.getExperts().size() < 2) {
            return new String[0];
        }
        if (!event.getCombinations().isEmpty()) {
            return stackParts(event.getExperts());
        }
        Expert dominant =
                event.getExperts().stream()
                        .max(Comparator.comparingDouble(Expert::getWeight))
                        .orElseThrow();
        return new String[] {
            "learning rate " + twoDigits(event.getLearningRate()),
            format(
                            "largest weight: %s, %.0f %%",
                            printable(dominant.getName()), 100 * dominant.getWeight())
                    + (dominant.getLoss() == null
                            ? ""
                            : format(", recent loss %.3f", dominant.getLoss()))
        };
    }

    private static String[] stackParts(List<Expert> experts) {
        String[] parts =
                experts.stream()
                        .filter(expert -> expert.getStackWeight() != null)
                        .sorted(
                                Comparator.comparingDouble(
                                        expert -> -Math.abs(expert.getStackWeight())))
                        .limit(SHOWN_EXPERTS)
                        .map(TerminalDisplay::stackPart)
                        .toArray(String[]::new);
        if (parts.length > 0) {
            parts[0] = "largest stack weights (recent loss): " + parts[0];
        }
        return parts;
    }

    private static String stackPart(Expert expert) {
        return format("%s %+.2f", printable(expert.getName()), expert.getStackWeight())
                + (expert.getLoss() == null ? "" : format(" (%.3f)", expert.getLoss()));
    }

    /** Returns a number rounded to two significant digits, without an exponent. */
    private static String twoDigits(double value) {
        if (!Double.isFinite(value)) {
            return Double.toString(value);
        }
        return new BigDecimal(value).round(new MathContext(2)).stripTrailingZeros().toPlainString();
    }

    /** Returns a number with four decimals, or a dash if it is undefined. */
    static String figure(@Nullable Double value) {
        return value == null ? "–" : format("%.4f", value);
    }

    /** Formats in {@link Locale#ROOT}. */
    public static String format(String format, Object... values) {
        return String.format(Locale.ROOT, format, values);
    }

    private static String pad(String text, int length) {
        return text + " ".repeat(Math.max(0, length - text.length()));
    }

    /** Returns a text in a terminal colour, if colours are enabled. */
    String colour(int code, String text) {
        return colours ? "\u001b[" + code + "m" + text + "\u001b[0m" : text;
    }
}
