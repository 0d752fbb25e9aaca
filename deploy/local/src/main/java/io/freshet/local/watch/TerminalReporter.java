package io.freshet.local.watch;

import static io.freshet.local.cli.TerminalText.printable;
import static io.freshet.local.watch.TerminalDisplay.figure;
import static io.freshet.local.watch.TerminalDisplay.format;

import io.freshet.local.cli.TerminalText;
import io.freshet.schemas.ClassChange;
import io.freshet.schemas.DriftAlertEvent;
import io.freshet.schemas.DriftWindow;
import io.freshet.schemas.MetricsEvent;
import io.freshet.schemas.ModelSnapshotEvent;
import java.time.Clock;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Deque;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * Listener that shows results on a {@link TerminalDisplay}. On a terminal, the display is redrawn
 * in place; figures of a job whose metrics are missing are dimmed, below a line with their age.
 * Otherwise, each drift alert and each change of the job's state is printed, and about once a
 * second a line for each model with new metrics.
 */
public final class TerminalReporter implements ResultsListener {
    private static final int MAX_ALERTS = 5;
    private static final int MAX_CLASSES = 3;
    private static final int WIDTH = 80;
    private static final String INDENT = "    ";
    private static final double MIN_RECALL_DROP = 0.1;

    private final TerminalDisplay display;
    private final @Nullable String modelFilter;

    private final LearningCurves curves = new LearningCurves();
    private final Set<LearningCurve> changedCurves = new LinkedHashSet<>();
    private final EventTotals totals = new EventTotals();
    private final Deque<String> alerts = new ArrayDeque<>();
    private ReaderState state = new ReaderState(ReaderState.Kind.STARTING, "");
    private long lastShown = System.nanoTime();
    private final Clock clock;
    private JobActivity activity = JobActivity.UNKNOWN;
    private JobCondition shownCondition;

    /**
     * @param modelFilter id of the model to show, or null for all
     */
    public TerminalReporter(TerminalDisplay display, @Nullable String modelFilter) {
        this(display, modelFilter, Clock.systemUTC());
    }

    TerminalReporter(TerminalDisplay display, @Nullable String modelFilter, Clock clock) {
        this.display = display;
        this.modelFilter = modelFilter;
        this.clock = clock;
        shownCondition = activity.at(clock.millis());
    }

    /** Prints what became of the events of all models that are shown. */
    public void printTotals() {
        totals.lines().forEach(display::print);
    }

    @Override
    public void onMetrics(MetricsEvent event, long emittedAt) {
        if (modelFilter == null || matchesFilter(event.getModelId())) {
            totals.onMetrics(event, emittedAt);
        }
        String id = event.getModelId();
        LearningCurve changed = id.isEmpty() || matchesFilter(id) ? curves.add(event) : null;
        if (changed != null) {
            changedCurves.add(changed);
        }
    }

    private boolean matchesFilter(String id) {
        return modelFilter == null || modelFilter.equals(id);
    }

    @Override
    public void onDriftAlert(DriftAlertEvent event, long emittedAt) {
        if (!matchesFilter(event.getModelId())) {
            return;
        }
        if (display.isInteractive()) {
            alerts.addLast(alertLine(event));
            if (alerts.size() > MAX_ALERTS) {
                alerts.removeFirst();
            }
        } else {
            String indent = "";
            for (String part : alertParts(event)) {
                for (String line : TerminalText.wrapped(part, WIDTH - INDENT.length())) {
                    display.print(indent + line);
                    indent = INDENT;
                }
            }
        }
    }

    /** Returns an alert as one line. */
    static String alertLine(DriftAlertEvent event) {
        return String.join(" ", alertParts(event));
    }

    /** Returns the parts of an alert with their punctuation. */
    private static List<String> alertParts(DriftAlertEvent event) {
        List<String> parts = new ArrayList<>();
        DriftWindow before = event.getBefore();
        DriftWindow after = event.getAfter();
        boolean hasScores = before != null && after != null;
        parts.add(
                format(
                        "drift %d of %s after %,d examples, detected by %s%s",
                        event.getSequence() + 1,
                        printable(event.getModelId()),
                        event.getExamplesSeen(),
                        printable(event.getDetector()),
                        hasScores ? ":" : ";"));
        if (before != null && after != null) {
            parts.add(
                    format(
                            "accuracy %s to %s, loss %s to %s;",
                            figure(before.getAccuracy()),
                            figure(after.getAccuracy()),
                            figure(before.getLoss()),
                            figure(after.getLoss())));
        }
        String lowered =
                event.getClasses().stream()
                        .filter(TerminalReporter::hasLowerRecall)
                        .limit(MAX_CLASSES)
                        .map(
                                change ->
                                        format(
                                                "%s (%.2f to %.2f)",
                                                printable(change.getName()),
                                                change.getRecallBefore(),
                                                change.getRecallAfter()))
                        .collect(Collectors.joining(", "));
        if (!lowered.isEmpty()) {
            parts.add("recall fell: " + lowered + ";");
        }
        parts.add("reaction " + printable(event.getReaction()));
        return parts;
    }

    private static boolean hasLowerRecall(ClassChange change) {
        return change.getRecallBefore() != null
                && change.getRecallAfter() != null
                && change.getRecallBefore() - change.getRecallAfter() >= MIN_RECALL_DROP;
    }

    @Override
    public void onSnapshot(ModelSnapshotEvent event, long emittedAt) {}

    @Override
    public void onUnreadableRecord(String topic) {
        if (!display.isInteractive()) {
            display.print("a record of " + topic + " cannot be read; see the log");
        }
    }

    @Override
    public void onStateChange(ReaderState newState) {
        if (!newState.detail().isEmpty() && !newState.equals(state)) {
            display.print(newState.detail());
        }
        state = newState;
        if (state.kind() == ReaderState.Kind.ENDED || state.kind() == ReaderState.Kind.LIVE) {
            show();
        }
    }

    @Override
    public void onActivity(JobActivity newActivity) {
        activity = newActivity;
    }

    @Override
    public void onPollEnd() {
        long pause = TimeUnit.MILLISECONDS.toNanos(display.isInteractive() ? 200 : 1000);
        if (state.kind() == ReaderState.Kind.LIVE && System.nanoTime() - lastShown > pause) {
            show();
        }
    }

    private void show() {
        JobCondition condition = activity.at(clock.millis());
        if (changedCurves.isEmpty() && condition.equals(shownCondition)) {
            return;
        }
        Collection<LearningCurve> changed = List.copyOf(changedCurves);
        changedCurves.clear();
        lastShown = System.nanoTime();
        if (display.isInteractive()) {
            display.showWatched(curves.all(), List.copyOf(alerts), condition);
        } else {
            if (!changed.isEmpty()) {
                display.printWatched(changed);
            }
            printChange(condition);
        }
        shownCondition = condition;
    }

    /** Prints that the job's state has changed, but not that it is live at the start. */
    private void printChange(JobCondition condition) {
        boolean begins = shownCondition.state() == JobState.NO_METRICS;
        if (condition.state() != shownCondition.state()
                && !(begins && condition.state() == JobState.LIVE)) {
            display.print(condition.text());
        }
    }
}
