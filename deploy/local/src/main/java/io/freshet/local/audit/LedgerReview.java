package io.freshet.local.audit;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.apache.kafka.common.TopicPartition;
import org.jspecify.annotations.Nullable;

/**
 * Comparison of what the records of an epoch state with what the audit found in the topics, range
 * by range.
 */
final class LedgerReview {
    private static final int MAX_FINDINGS = 200;

    /**
     * State of the topics while they were read.
     *
     * @param inputStarts offset of the first record that each input partition still has
     * @param lost input topics that no longer exist, or exist anew
     * @param deadLettersRemoved whether retention has removed dead letters
     * @param predictionsRemoved whether retention has removed predictions
     * @param isOpen whether transactions were open that may contain further results
     * @param mayBeInFlight whether events may overtake each other on their way to different models
     */
    record Topics(
            Map<TopicPartition, Long> inputStarts,
            Set<String> lost,
            boolean deadLettersRemoved,
            boolean predictionsRemoved,
            boolean isOpen,
            boolean mayBeInFlight) {}

    private final EpochLedger ledger;
    private final Topics topics;
    private final List<Finding> findings = new ArrayList<>();
    private final Map<TopicPartition, Long> provenFrom = new HashMap<>();
    private long ranges;

    private LedgerReview(EpochLedger ledger, Topics topics) {
        this.ledger = ledger;
        this.topics = topics;
        provenFrom.putAll(ledger.firsts());
    }

    /** Compares everything; the events must have been added to the ledger. */
    static LedgerReview of(EpochLedger ledger, Topics topics) {
        LedgerReview review = new LedgerReview(ledger, topics);
        ledger.models().forEach(review::review);
        ledger.uncovered().forEach(review::review);
        return review;
    }

    /** Returns the mismatches, and what cannot be proven. */
    List<Finding> findings() {
        return findings;
    }

    /** Returns the offset from which on each partition's events are proven. */
    Map<TopicPartition, Long> provenFrom() {
        return provenFrom;
    }

    /** Returns the number of ranges of offsets that were compared. */
    long ranges() {
        return ranges;
    }

    private void add(Finding finding) {
        if (findings.size() < MAX_FINDINGS) {
            findings.add(finding);
        }
    }

    private void review(ModelLedger model) {
        if (model.last().isWithoutPartitions()) {
            add(
                    Finding.unproven(
                            AuditCheck.EVENTS_READ,
                            model.modelId(),
                            "its records are older than version 3 and do not name the offsets",
                            List.of()));
            return;
        }
        OutcomeReview outcomes = new OutcomeReview(model);
        UnlabelledReview unlabelled = new UnlabelledReview(model);
        PublicationReview deadLetters =
                new PublicationReview(
                        model,
                        AuditCheck.DEAD_LETTERS,
                        topics.deadLettersRemoved() || model.startsLate());
        PublicationReview predictions =
                new PublicationReview(
                        model,
                        AuditCheck.PREDICTIONS,
                        topics.predictionsRemoved() || model.startsLate());
        Map<TopicPartition, EventSum> previous = new HashMap<>();
        Map<TopicPartition, OffsetSpan> removed = new HashMap<>();
        boolean trained = true;
        for (int i = 0; i < model.size(); i++) {
            boolean whole = reviewRead(model, i, previous, removed);
            unlabelled.review(i, deadLetters.review(i) && whole);
            outcomes.review(i, whole, unlabelled.waiting());
            predictions.review(i);
            Boundary boundary = model.boundary(i);
            if (trained && boundary.examplesSeen() != boundary.accepted().count()) {
                trained = false;
                add(
                        Finding.mismatch(
                                AuditCheck.EXAMPLES_SEEN,
                                model.modelId(),
                                AuditText.format(
                                        "%s: %,d trained on, %,d accepted",
                                        boundary.origin(),
                                        boundary.examplesSeen(),
                                        boundary.accepted().count())));
            }
        }
        unlabelled.end();
        deadLetters.end(EventSum.NONE);
        predictions.end(unlabelled.waiting());
        removed.forEach((partition, span) -> addRemoved(model, partition, span));
    }

    private void addRemoved(ModelLedger model, TopicPartition partition, OffsetSpan span) {
        String why =
                topics.lost().contains(partition.topic())
                        ? "the topic that was read no longer exists"
                        : "retention has removed events before offset "
                                + topics.inputStarts().getOrDefault(partition, 0L);
        add(Finding.unproven(AuditCheck.EVENTS_READ, model.modelId(), why, List.of(span)));
    }

    private boolean isRemoved(OffsetSpan span) {
        return topics.lost().contains(span.partition().topic())
                || span.from() < topics.inputStarts().getOrDefault(span.partition(), 0L);
    }

    /**
     * Compares the events between two records.
     *
     * @param previous difference in the range before, by partition
     * @param removed receives the ranges that cannot be proven, joined by partition
     * @return whether all of them are as stated
     */
    private boolean reviewRead(
            ModelLedger model,
            int index,
            Map<TopicPartition, EventSum> previous,
            Map<TopicPartition, OffsetSpan> removed) {
        Boundary before = model.boundary(index - 1);
        Boundary now = model.boundary(index);
        boolean whole = true;
        for (TopicPartition partition : model.partitions()) {
            EventSum stated =
                    now.partition(partition).read().minus(before.partition(partition).read());
            EventSum found = model.range(index).read(partition).sum();
            if (stated.count() > 0 || found.count() > 0) {
                ranges++;
            }
            EventSum difference = found.minus(stated);
            EventSum last = previous.put(partition, difference);
            if (difference.equals(EventSum.NONE)) {
                continue;
            }
            whole = false;
            OffsetSpan span = span(before, now, partition);
            if (isRemoved(span)) {
                provenFrom.merge(partition, span.to() + 1, Math::max);
                removed.merge(partition, span, OffsetSpan::through);
            } else if (last == null || !difference.plus(last).equals(EventSum.NONE)) {
                // Otherwise this record only makes good the error of the one before.
                add(
                        mismatch(
                                AuditCheck.EVENTS_READ,
                                model,
                                AuditText.format(
                                        "%s states %,d events since %s, the input has %,d",
                                        now.origin(),
                                        stated.count(),
                                        before.origin(),
                                        found.count()),
                                List.of(span),
                                difference));
            }
        }
        return whole;
    }

    private OffsetSpan span(Boundary before, Boundary now, TopicPartition partition) {
        long last = before.partition(partition).last();
        long from = last < 0 ? ledger.firsts().getOrDefault(partition, 0L) : last + 1;
        return new OffsetSpan(partition, from, Math.max(from, now.partition(partition).last()));
    }

    private List<OffsetSpan> spans(ModelLedger model, int from, int to) {
        Boundary before = model.boundary(from);
        Boundary now = model.boundary(to);
        return model.partitions().stream()
                .filter(
                        partition ->
                                now.partition(partition).last()
                                        > before.partition(partition).last())
                .map(partition -> span(before, now, partition))
                .toList();
    }

    private static Finding mismatch(
            AuditCheck check,
            ModelLedger model,
            String text,
            List<OffsetSpan> spans,
            EventSum difference) {
        return new Finding(
                check,
                Verdict.MISMATCH,
                model.modelId(),
                text,
                spans,
                difference,
                List.of(),
                List.of(),
                false);
    }

    private void review(Uncovered events) {
        if (events.count() <= 0) {
            return;
        }
        TopicPartition partition = events.key().partition();
        OffsetSpan span = new OffsetSpan(partition, events.first(), events.last());
        String text = AuditText.format("%,d events are in no metrics record", events.count());
        boolean undecided = ledger.isAtLeastOnce() || topics.isOpen() || topics.mayBeInFlight();
        add(
                new Finding(
                        AuditCheck.EVENTS_READ,
                        undecided ? Verdict.UNPROVEN : Verdict.MISMATCH,
                        events.key().modelId(),
                        undecided ? text + " yet" : text,
                        List.of(span),
                        EventSum.NONE,
                        events.count() == 1
                                ? List.of(new EventPosition(partition, events.first()))
                                : List.of(),
                        List.of(),
                        false));
    }

    /** Comparison of the outcomes of one model's events with the input. */
    private final class OutcomeReview {
        private final ModelLedger model;

        /** Index of the record since which the events are added. */
        private int since = -1;

        /** Whether no event was pending at that record. */
        private boolean exact = true;

        /** Number of pending events that are not pending, but a mismatch found already. */
        private long excess;

        private EventSum found = EventSum.NONE;

        OutcomeReview(ModelLedger model) {
            this.model = model;
        }

        /**
         * Compares the events up to a record.
         *
         * @param whole whether the events since the record before are all in the input
         * @param waiting pending events without a label; null if they are not known
         */
        void review(int index, boolean whole, @Nullable EventSum waiting) {
            Boundary now = model.boundary(index);
            for (TopicPartition partition : model.partitions()) {
                found = found.plus(model.range(index).read(partition).sum());
            }
            long pending = now.pending() - excess;
            EventSum difference =
                    found.minus(now.outcomes().minus(model.boundary(since).outcomes()));
            if (pending < 0) {
                mismatch(
                        index,
                        whole && exact ? difference : EventSum.NONE,
                        AuditText.format("%,d more outcomes than events read", -pending));
            } else if (!whole) {
                reset(index);
            } else if (pending == 0) {
                if (exact && difference.digest() != 0) {
                    mismatch(index, difference, "an outcome of another event");
                }
                reset(index);
            } else if (index == model.size() - 1
                    && exact
                    && waiting != null
                    && model.afterTraining().count() <= pending - waiting.count()) {
                EventSum lost = difference.minus(model.afterTraining()).minus(waiting);
                if (!lost.equals(EventSum.NONE)) {
                    mismatch(
                            index,
                            lost,
                            AuditText.format(
                                    "%,d events neither have an outcome nor wait for one",
                                    lost.count()));
                }
            }
        }

        private void mismatch(int index, EventSum difference, String text) {
            add(
                    LedgerReview.mismatch(
                            AuditCheck.OUTCOMES,
                            model,
                            model.boundary(index).origin() + ": " + text,
                            spans(model, since, index),
                            difference));
            excess = model.boundary(index).pending();
            reset(index);
        }

        private void reset(int index) {
            since = index;
            exact = model.boundary(index).pending() == excess;
            found = EventSum.NONE;
        }
    }

    /**
     * Comparison of one model's unlabelled events with those without a label in the input. Pending
     * events may be among them if the job cuts blocks by count.
     */
    private final class UnlabelledReview {
        private final ModelLedger model;
        private int since = -1;
        private EventSum found = EventSum.NONE;

        /** Whether no event without a label was pending at that record. */
        private boolean exact = true;

        /** Mismatch at an earlier record, unless those events were pending; null if none. */
        private @Nullable Finding suspect;

        /** Pending events without a label at the record; null if they are not known. */
        private @Nullable EventSum waiting = EventSum.NONE;

        UnlabelledReview(ModelLedger model) {
            this.model = model;
        }

        @Nullable EventSum waiting() {
            return waiting;
        }

        /**
         * Compares the events up to a record.
         *
         * @param whole whether the events since the record before, and the dead letters among them,
         *     are all in their topics
         */
        void review(int index, boolean whole) {
            found = found.plus(model.range(index).unlabelled().sum());
            Boundary before = model.boundary(since);
            Boundary now = model.boundary(index);
            Long unpredictedBefore = before.unpredicted();
            Long unpredicted = now.unpredicted();
            if (whole) {
                if (unpredictedBefore == null || unpredicted == null) {
                    return;
                }
                long ignored = unpredicted - unpredictedBefore;
                EventSum stated = now.unlabelled().minus(before.unlabelled());
                EventSum difference = found.minus(stated);
                long missing = difference.count() - ignored;
                if (!exact && missing <= now.pending() && -missing <= before.pending()) {
                    reset(index, now.pending() == 0);
                    return;
                }
                waiting = missing == 0 ? EventSum.NONE : ignored == 0 ? difference : null;
                if (missing != 0 || (ignored == 0 && difference.digest() != 0)) {
                    Finding finding =
                            mismatch(
                                    AuditCheck.OUTCOMES,
                                    model,
                                    AuditText.format(
                                            "%s: %,d events were unlabelled since %s, the input"
                                                    + " has %,d",
                                            now.origin(),
                                            stated.count() + ignored,
                                            before.origin(),
                                            found.count()),
                                    spans(model, since, index),
                                    ignored == 0 ? difference : EventSum.NONE);
                    if (missing > 0 && missing <= now.pending()) {
                        suspect = suspect == null ? finding : suspect;
                        return;
                    }
                    add(missing > 0 && suspect != null ? suspect : finding);
                }
            }
            reset(index, whole || now.pending() == 0);
        }

        private void reset(int index, boolean nowExact) {
            exact = nowExact;
            waiting = nowExact ? EventSum.NONE : null;
            suspect = null;
            since = index;
            found = EventSum.NONE;
        }

        /** Adds a mismatch that pending events do not explain. */
        void end() {
            if (suspect != null && waiting != null && !model.lastUnlabelled().canBe(waiting)) {
                add(suspect);
            }
        }
    }

    /** Comparison of one model's results on an output topic with the counts in its records. */
    private final class PublicationReview {
        private final ModelLedger model;
        private final AuditCheck check;

        /** First and last range with a result; results before and after may be undecided. */
        private final int firstSeen;

        private final int lastSeen;
        private final boolean removed;
        private EventSum previous = EventSum.NONE;

        /**
         * Predictions of events that were pending at a record, negative; none if there are none.
         */
        private EventSum early = EventSum.NONE;

        /** Mismatch at an earlier record, unless it is due to such events; null if none. */
        private @Nullable Finding suspect;

        private final List<OffsetSpan> undecided = new ArrayList<>();
        private long removedResults;
        private long awaitedResults;

        PublicationReview(ModelLedger model, AuditCheck check, boolean removed) {
            this.model = model;
            this.check = check;
            this.removed = removed;
            int first = model.size();
            int last = -1;
            for (int i = 0; i < model.size(); i++) {
                if (found(i).count() > 0) {
                    first = Math.min(first, i);
                    last = i;
                }
            }
            firstSeen = first;
            lastSeen = last;
        }

        private EventSum found(int index) {
            RangeSums range = model.range(index);
            return check == AuditCheck.DEAD_LETTERS
                    ? range.deadLetters().sum()
                    : range.predictions().sum();
        }

        private EventSum stated(Boundary boundary) {
            return check == AuditCheck.DEAD_LETTERS
                    ? boundary.deadLetters()
                    : boundary.unlabelled();
        }

        /** Compares one range; returns whether all results are there. */
        boolean review(int index) {
            Boundary before = model.boundary(index - 1);
            Boundary now = model.boundary(index);
            EventSum stated = stated(now).minus(stated(before));
            EventSum inRange = stated.minus(found(index));
            EventSum difference = inRange.plus(early);
            early = EventSum.NONE;
            if (check == AuditCheck.PREDICTIONS
                    && difference.count() < 0
                    && -difference.count() <= now.pending()) {
                // Events that are pending at this record may have been predicted after it.
                early = difference;
                suspect = suspect == null ? mismatch(index, stated, difference) : suspect;
                previous = inRange;
                return false;
            }
            if (suspect != null && difference.count() < 0) {
                add(suspect);
                difference = inRange;
            }
            suspect = null;
            EventSum last = previous;
            previous = difference;
            if (difference.equals(EventSum.NONE)) {
                return true;
            }
            if (difference.plus(last).equals(EventSum.NONE)) {
                return false; // this record only makes good the error of the one before
            }
            List<OffsetSpan> spans = spans(model, index - 1, index);
            boolean less = difference.count() > 0;
            if (less && removed && index <= firstSeen) {
                removedResults += difference.count();
                undecided.addAll(spans);
            } else if (less && index >= lastSeen && (topics.isOpen() || ledger.isAtLeastOnce())) {
                awaitedResults += difference.count();
                undecided.addAll(spans);
            } else {
                add(mismatch(index, stated, difference));
            }
            return false;
        }

        private Finding mismatch(int index, EventSum stated, EventSum difference) {
            return LedgerReview.mismatch(
                    check,
                    model,
                    AuditText.format(
                            "%s states %,d since %s, the topic has %,d",
                            model.boundary(index).origin(),
                            stated.count(),
                            model.boundary(index - 1).origin(),
                            found(index).count()),
                    spans(model, index - 1, index),
                    difference);
        }

        /**
         * Adds what could not be decided, as one finding. A running job may have predicted pending
         * events since its newest record was read.
         *
         * @param waiting pending events without a label; null if they are not known
         */
        void end(@Nullable EventSum waiting) {
            if (suspect != null
                    && waiting != null
                    && !model.lastUnlabelled().canBe(waiting.plus(early))) {
                add(suspect);
            }
            if (removedResults > 0) {
                add(
                        Finding.unproven(
                                check,
                                model.modelId(),
                                AuditText.format(
                                        "%,d are of an earlier epoch, or retention has removed"
                                                + " them",
                                        removedResults),
                                joined()));
            }
            if (awaitedResults > 0) {
                add(
                        Finding.undecided(
                                check,
                                model.modelId(),
                                AuditText.format("%,d are not visible yet", awaitedResults),
                                joined()));
            }
        }

        private List<OffsetSpan> joined() {
            Map<TopicPartition, OffsetSpan> joined = new HashMap<>();
            undecided.forEach(span -> joined.merge(span.partition(), span, OffsetSpan::through));
            return List.copyOf(joined.values());
        }
    }
}
