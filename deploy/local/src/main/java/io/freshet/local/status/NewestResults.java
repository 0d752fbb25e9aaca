package io.freshet.local.status;

import io.freshet.local.watch.JobActivity;
import io.freshet.local.watch.ReaderState;
import io.freshet.local.watch.ResultsListener;
import io.freshet.local.watch.TrainedOffsets;
import io.freshet.schemas.DriftAlertEvent;
import io.freshet.schemas.MetricsEvent;
import io.freshet.schemas.ModelSnapshotEvent;
import java.util.LinkedHashSet;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.function.Function;
import java.util.function.ToLongFunction;
import org.apache.kafka.common.TopicPartition;
import org.jspecify.annotations.Nullable;

/**
 * Newest metrics of each model and newest drift alert of a job.
 *
 * <p>Thread-safe: filled by the thread that reads, and read by another.
 */
final class NewestResults implements ResultsListener {
    private final Map<String, MetricsEvent> newest = new TreeMap<>();
    private final Set<String> problems = new LinkedHashSet<>();
    private @Nullable DriftAlertEvent alert;
    private long alertAt;
    private long unreadable;
    private JobActivity activity = JobActivity.UNKNOWN;

    @Override
    public synchronized void onMetrics(MetricsEvent event, long emittedAt) {
        newest.merge(event.getModelId(), event, NewestResults::valid);
    }

    /** Returns which of two records is valid: the later one, unless it is of an earlier attempt. */
    private static MetricsEvent valid(MetricsEvent before, MetricsEvent event) {
        boolean repeated = event.getSequence() <= before.getSequence();
        boolean earlier =
                event.getAttempt() != null
                        && before.getAttempt() != null
                        && event.getAttempt() < before.getAttempt();
        return repeated && earlier ? before : event;
    }

    @Override
    public synchronized void onDriftAlert(DriftAlertEvent event, long emittedAt) {
        if (alert == null || emittedAt >= alertAt) {
            alert = event;
            alertAt = emittedAt;
        }
    }

    @Override
    public void onSnapshot(ModelSnapshotEvent event, long emittedAt) {}

    @Override
    public synchronized void onUnreadableRecord(String topic) {
        unreadable++;
    }

    @Override
    public synchronized void onStateChange(ReaderState state) {
        if (!state.detail().isEmpty()) {
            problems.add(state.detail());
        }
    }

    @Override
    public synchronized void onActivity(JobActivity newActivity) {
        activity = newActivity;
    }

    synchronized JobActivity activity() {
        return activity;
    }

    /** Returns what could not be read, as sentences. */
    synchronized Set<String> problems() {
        Set<String> all = new LinkedHashSet<>(problems);
        if (unreadable > 0) {
            all.add(unreadable + " records cannot be read; the log names them.");
        }
        return all;
    }

    /** Returns the newest alert; null if there is none. */
    synchronized @Nullable DriftAlertEvent alert() {
        return alert;
    }

    /** Returns the time of the newest alert, milliseconds since 1970-01-01T00:00Z. */
    synchronized long alertAt() {
        return alertAt;
    }

    /** Returns the offsets up to which events were trained on. */
    synchronized Map<TopicPartition, Long> trained() {
        TrainedOffsets trained = new TrainedOffsets();
        newest.values().forEach(trained::add);
        return trained.next();
    }

    /** Returns the number of models. */
    synchronized long models() {
        return newest.keySet().stream().filter(id -> !id.isEmpty()).count();
    }

    /** Returns the sum of a number over all models. */
    synchronized long sum(ToLongFunction<MetricsEvent> number) {
        return newest.values().stream().mapToLong(number).sum();
    }

    /** Returns the sums of numbers by reason over all models. */
    synchronized Map<String, Long> sums(Function<MetricsEvent, Map<String, Long>> byReason) {
        Map<String, Long> sums = new TreeMap<>();
        newest.values()
                .forEach(
                        event ->
                                byReason.apply(event)
                                        .forEach((reason, n) -> sums.merge(reason, n, Long::sum)));
        return sums;
    }

    /** Returns the metrics of the model with the highest version; null if there is no model. */
    synchronized @Nullable MetricsEvent newestVersion() {
        MetricsEvent highest = null;
        for (MetricsEvent event : newest.values()) {
            if (!event.getModelId().isEmpty()
                    && (highest == null || event.getModelVersion() > highest.getModelVersion())) {
                highest = event;
            }
        }
        return highest;
    }
}
