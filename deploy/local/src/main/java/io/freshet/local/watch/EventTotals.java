package io.freshet.local.watch;

import static io.freshet.local.watch.TerminalDisplay.format;

import io.freshet.local.cli.TerminalText;
import io.freshet.schemas.DriftAlertEvent;
import io.freshet.schemas.MetricsEvent;
import io.freshet.schemas.ModelSnapshotEvent;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.Function;
import java.util.function.ToLongFunction;
import java.util.stream.Collectors;

/**
 * Listener that adds up the events of all models by what became of them, from the newest metrics
 * record of each model.
 */
public final class EventTotals implements ResultsListener {
    private static final int WIDTH = 78;

    private final Map<String, MetricsEvent> newest = new HashMap<>();

    @Override
    public synchronized void onMetrics(MetricsEvent event, long emittedAt) {
        newest.put(event.getModelId(), event);
    }

    @Override
    public void onDriftAlert(DriftAlertEvent event, long emittedAt) {}

    @Override
    public void onSnapshot(ModelSnapshotEvent event, long emittedAt) {}

    @Override
    public void onUnreadableRecord(String topic) {}

    @Override
    public void onStateChange(ReaderState state) {}

    /** Returns the number of events. */
    public synchronized long events() {
        return usable()
                + sum(event -> event.getAudit().getIgnored().getCount())
                + sum(event -> event.getAudit().getDeadLetters().getCount());
    }

    /** Returns the number of events that were trained on or predicted. */
    public synchronized long usable() {
        return sum(event -> event.getAudit().getAccepted().getCount())
                + sum(event -> event.getAudit().getUnlabelled().getCount());
    }

    /** Returns the totals as lines. */
    public synchronized List<String> lines() {
        return lines(
                sum(event -> event.getAudit().getAccepted().getCount()),
                sum(event -> event.getAudit().getUnlabelled().getCount()),
                sums(MetricsEvent::getIgnoredByReason),
                sums(MetricsEvent::getDeadLettersByReason),
                sum(MetricsEvent::getDrifts));
    }

    private long sum(ToLongFunction<MetricsEvent> number) {
        return newest.values().stream().mapToLong(number).sum();
    }

    private Map<String, Long> sums(Function<MetricsEvent, Map<String, Long>> byReason) {
        Map<String, Long> sums = new TreeMap<>();
        for (MetricsEvent event : newest.values()) {
            byReason.apply(event).forEach((reason, n) -> sums.merge(reason, n, Long::sum));
        }
        return sums;
    }

    /** Returns numbers of events, by reason where they were not used, and of drifts as lines. */
    static List<String> lines(
            long accepted,
            long unlabelled,
            Map<String, Long> ignored,
            Map<String, Long> deadLetters,
            long drifts) {
        List<String> lines = new ArrayList<>();
        lines.addAll(
                TerminalText.wrapped(
                        format(
                                "%,d accepted · %,d unlabelled · %,d ignored · %,d dead letters",
                                accepted, unlabelled, sum(ignored), sum(deadLetters)),
                        WIDTH));
        lines.addAll(reasons("ignored: ", ignored));
        lines.addAll(reasons("dead letters: ", deadLetters));
        lines.add(format("%,d %s", drifts, drifts == 1 ? "drift" : "drifts"));
        return lines;
    }

    private static long sum(Map<String, Long> counts) {
        return counts.values().stream().mapToLong(count -> count).sum();
    }

    private static List<String> reasons(String title, Map<String, Long> counts) {
        if (counts.isEmpty()) {
            return List.of();
        }
        return TerminalText.wrapped(
                title
                        + counts.entrySet().stream()
                                .map(count -> format("%,d %s", count.getValue(), count.getKey()))
                                .collect(Collectors.joining(" · ")),
                WIDTH);
    }
}
