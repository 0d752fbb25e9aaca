package io.freshet.local.audit;

import io.freshet.schemas.DeadLetterEvent;
import io.freshet.schemas.MetricsEvent;
import io.freshet.schemas.PartitionOffset;
import io.freshet.schemas.PredictionEvent;
import io.freshet.schemas.Tally;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * Comparison of the counts and digests that a job publishes with those of an independent consumer
 * of its topics.
 *
 * <p>The caller passes it every record of the topics, so that it does not depend on Kafka. It
 * hashes positions with code of its own, which detects errors in the job's hash function.
 */
public final class TopicAudit {
    /**
     * Result of one check.
     *
     * @param name what is checked, in at most 36 characters
     * @param holds whether the check passed
     * @param detail the numbers that were compared, as text
     */
    public record Check(String name, boolean holds, String detail) {}

    private final Map<String, MetricsEvent> last = new TreeMap<>();
    private final Map<String, Long> records = new TreeMap<>();
    private final List<String> outOfSequence = new ArrayList<>();
    private final PositionHash hash = new PositionHash();
    private EventSum input = EventSum.NONE;
    private EventSum deadLetters = EventSum.NONE;
    private EventSum predictions = EventSum.NONE;

    /** Adds a record of the topic of labelled events. */
    void input(String topic, int partition, long offset) {
        input = input.plus(hash.of(topic, partition, offset));
    }

    /**
     * Adds a metrics record. Records must be added in the order of the topic. Under at-least-once
     * delivery, records may be repeated with a higher attempt number.
     */
    public void metrics(MetricsEvent event) {
        String modelId = event.getModelId();
        long expected = records.getOrDefault(modelId, 0L);
        MetricsEvent before = last.get(modelId);
        boolean again =
                before != null
                        && event.getSequence() < expected
                        && attempt(event) > attempt(before);
        if (event.getSequence() != expected && !again && outOfSequence.size() < 3) {
            outOfSequence.add(
                    "model \""
                            + modelId
                            + "\": "
                            + event.getSequence()
                            + " instead of "
                            + expected);
        }
        records.put(modelId, again ? event.getSequence() + 1 : expected + 1);
        last.put(modelId, event);
    }

    private static long attempt(MetricsEvent event) {
        return event.getAttempt() == null ? 0 : event.getAttempt();
    }

    /** Adds a dead letter. */
    void deadLetter(DeadLetterEvent event) {
        deadLetters =
                deadLetters.plus(
                        hash.of(event.getTopic(), event.getPartition(), event.getOffset()));
    }

    /** Adds a prediction. */
    void prediction(PredictionEvent event) {
        PartitionOffset source = event.getSource();
        predictions =
                predictions.plus(
                        hash.of(source.getTopic(), source.getPartition(), source.getOffset()));
    }

    /** Returns the last metrics record of a model; null if there is none. */
    public @Nullable MetricsEvent last(String modelId) {
        return last.get(modelId);
    }

    /** Returns the last metrics record of the only model; null if there are none or several. */
    public @Nullable MetricsEvent onlyModel() {
        return models().size() == 1 ? last.get(models().get(0)) : null;
    }

    /** Returns the ids of the models that occur in the metrics. */
    public List<String> models() {
        return last.keySet().stream().filter(id -> !id.isEmpty()).toList();
    }

    /** Returns the number of events that were ignored, by reason, over all models. */
    public SortedMap<String, Long> ignoredByReason() {
        return byReason(MetricsEvent::getIgnoredByReason);
    }

    /** Returns the number of dead letters by reason, over all models. */
    public SortedMap<String, Long> deadLettersByReason() {
        return byReason(MetricsEvent::getDeadLettersByReason);
    }

    private SortedMap<String, Long> byReason(Function<MetricsEvent, Map<String, Long>> counts) {
        SortedMap<String, Long> sums = new TreeMap<>();
        for (MetricsEvent event : last.values()) {
            counts.apply(event).forEach((reason, count) -> sums.merge(reason, count, Long::sum));
        }
        sums.values().removeIf(count -> count == 0);
        return sums;
    }

    /** Returns the number of drifts that were detected, over all models. */
    public long drifts() {
        return last.values().stream().mapToLong(MetricsEvent::getDrifts).sum();
    }

    /** Returns the number of records in the topic of labelled events. */
    public long events() {
        return input.count();
    }

    public EventSum accepted() {
        return sum(event -> event.getAudit().getAccepted());
    }

    public EventSum unlabelled() {
        return sum(event -> event.getAudit().getUnlabelled());
    }

    public EventSum ignored() {
        return sum(event -> event.getAudit().getIgnored());
    }

    public EventSum deadLetters() {
        return sum(event -> event.getAudit().getDeadLetters());
    }

    public long examplesSeen() {
        return last.values().stream().mapToLong(MetricsEvent::getExamplesSeen).sum();
    }

    private EventSum sum(Function<MetricsEvent, Tally> outcome) {
        EventSum sum = EventSum.NONE;
        for (MetricsEvent event : last.values()) {
            sum = sum.plus(EventSum.of(outcome.apply(event)));
        }
        return sum;
    }

    /** Returns the results of all checks. */
    public List<Check> checks() {
        EventSum outcomes = accepted().plus(unlabelled()).plus(ignored()).plus(deadLetters());
        return List.of(
                new Check(
                        "every event is accounted for",
                        outcomes.count() == input.count(),
                        String.format("%,d of %,d", outcomes.count(), input.count())),
                new Check(
                        "every accepted event was trained on",
                        examplesSeen() == accepted().count(),
                        String.format("%,d of %,d", examplesSeen(), accepted().count())),
                new Check(
                        "every event is counted once (digest)",
                        outcomes.equals(input),
                        String.format("%016x of %016x", outcomes.digest(), input.digest())),
                new Check(
                        "every dead letter is published",
                        deadLetters.equals(deadLetters()),
                        detail(deadLetters, deadLetters())),
                new Check(
                        "every prediction is published",
                        predictions.equals(unlabelled()),
                        detail(predictions, unlabelled())),
                new Check(
                        "the metrics sequence is complete",
                        outOfSequence.isEmpty(),
                        outOfSequence.isEmpty()
                                ? String.format(
                                        "%,d records",
                                        records.values().stream().mapToLong(n -> n).sum())
                                : String.join("; ", outOfSequence)));
    }

    private static String detail(EventSum found, EventSum expected) {
        return found.equals(expected) ? found.toString() : found + " of " + expected;
    }

    /** Returns whether all checks pass. */
    public boolean holds() {
        return checks().stream().allMatch(Check::holds);
    }
}
