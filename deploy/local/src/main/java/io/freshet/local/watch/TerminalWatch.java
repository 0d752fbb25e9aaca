package io.freshet.local.watch;

import static io.freshet.local.cli.TerminalText.printable;
import static io.freshet.local.watch.Display.figure;
import static io.freshet.local.watch.Display.format;

import io.freshet.schemas.ClassChange;
import io.freshet.schemas.DriftAlertEvent;
import io.freshet.schemas.DriftWindow;
import io.freshet.schemas.MetricsEvent;
import io.freshet.schemas.ModelSnapshotEvent;
import java.util.ArrayDeque;
import java.util.Collection;
import java.util.Deque;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * Prints how models do: at a terminal a picture that is drawn anew in place, elsewhere a line about
 * every second for each model that told something, and one for each alert.
 */
public final class TerminalWatch implements Watcher {
    private static final int MOST_MODELS = 20;
    private static final int MOST_ALERTS = 5;
    private static final int MOST_CLASSES = 3;
    private static final double BROKEN = 0.1;

    private final Display display;
    private final @Nullable String only;

    /** The one told of last is the last. */
    private final Map<String, LearningCurve> curves = new LinkedHashMap<>();

    private final Set<LearningCurve> news = new LinkedHashSet<>();
    private final Deque<String> alerts = new ArrayDeque<>();
    private FeedState state = new FeedState(FeedState.Kind.STARTING, "");
    private long shown = System.nanoTime();

    /**
     * @param only the model to show, or null for all
     */
    public TerminalWatch(Display display, @Nullable String only) {
        this.display = display;
        this.only = only;
    }

    @Override
    public void metrics(MetricsEvent event, long told) {
        String id = event.getModelId();
        if (id.isEmpty()) {
            curves.values().forEach(curve -> curve.add(event));
        } else if (isWanted(id)) {
            LearningCurve known = curves.remove(id);
            LearningCurve curve = known == null ? new LearningCurve(id) : known;
            curve.add(event);
            curves.put(id, curve);
            news.add(curve);
            if (curves.size() > MOST_MODELS) {
                curves.remove(curves.keySet().iterator().next());
            }
        }
    }

    private boolean isWanted(String id) {
        return only == null || only.equals(id);
    }

    @Override
    public void driftAlert(DriftAlertEvent event, long told) {
        if (!isWanted(event.getModelId())) {
            return;
        }
        if (display.isInteractive()) {
            alerts.addLast(line(event));
            if (alerts.size() > MOST_ALERTS) {
                alerts.removeFirst();
            }
        } else {
            display.print(line(event));
        }
    }

    /** An alert in one line. */
    static String line(DriftAlertEvent event) {
        StringBuilder line = new StringBuilder();
        line.append(
                format(
                        "drift %d of %s at %,d learnt, by %s",
                        event.getSequence() + 1,
                        printable(event.getModelId()),
                        event.getExamplesSeen(),
                        printable(event.getDetector())));
        DriftWindow before = event.getBefore();
        DriftWindow after = event.getAfter();
        if (before != null && after != null) {
            line.append(
                    format(
                            ": accuracy %s to %s, loss %s to %s",
                            figure(before.getAccuracy()),
                            figure(after.getAccuracy()),
                            figure(before.getLoss()),
                            figure(after.getLoss())));
        }
        String broken =
                event.getClasses().stream()
                        .filter(TerminalWatch::isBroken)
                        .limit(MOST_CLASSES)
                        .map(
                                change ->
                                        format(
                                                "%s (recall %.2f to %.2f)",
                                                printable(change.getName()),
                                                change.getRecallBefore(),
                                                change.getRecallAfter()))
                        .collect(Collectors.joining(", "));
        if (!broken.isEmpty()) {
            line.append("; broke ").append(broken);
        }
        return line.append("; reaction ").append(printable(event.getReaction())).toString();
    }

    private static boolean isBroken(ClassChange change) {
        return change.getRecallBefore() != null
                && change.getRecallAfter() != null
                && change.getRecallBefore() - change.getRecallAfter() >= BROKEN;
    }

    @Override
    public void snapshot(ModelSnapshotEvent event, long told) {}

    @Override
    public void unreadable(String topic) {
        if (!display.isInteractive()) {
            display.print("a record of " + topic + " cannot be read; the log says which");
        }
    }

    @Override
    public void state(FeedState newState) {
        if (!newState.detail().isEmpty() && !newState.equals(state)) {
            display.print(newState.detail());
        }
        state = newState;
        if (state.kind() == FeedState.Kind.ENDED || state.kind() == FeedState.Kind.LIVE) {
            show();
        }
    }

    @Override
    public void upToDate() {
        long pause = TimeUnit.MILLISECONDS.toNanos(display.isInteractive() ? 200 : 1000);
        if (state.kind() == FeedState.Kind.LIVE && System.nanoTime() - shown > pause) {
            show();
        }
    }

    private void show() {
        if (news.isEmpty()) {
            return;
        }
        Collection<LearningCurve> changed = List.copyOf(news);
        news.clear();
        shown = System.nanoTime();
        if (display.isInteractive()) {
            display.showWatched(curves.values(), List.copyOf(alerts));
        } else {
            display.printWatched(changed);
        }
    }
}
