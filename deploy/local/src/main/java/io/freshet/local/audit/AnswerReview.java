package io.freshet.local.audit;

import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;
import org.apache.kafka.common.TopicPartition;

/**
 * Comparison of one partition of feature events with the answers of a job in one epoch.
 *
 * <p>The records are added in their order, after all answers were read. An event without an answer
 * may wait for its model. It does not if it cannot be read, or if a later event of the partition
 * was predicted by its model: a job reads a partition in its order, and releases all events that
 * wait for a model at once.
 */
final class AnswerReview {
    private static final int MAX_MODELS = 3;

    /**
     * Conditions of the comparison.
     *
     * @param startsLatest whether a job without state begins at the end of its input
     * @param mayWait whether events may wait for their model
     * @param answersRemoved whether retention has removed answers
     * @param isOpen whether transactions were open that may contain further answers
     */
    record Conditions(
            boolean startsLatest, boolean mayWait, boolean answersRemoved, boolean isOpen) {}

    private final TopicPartition partition;
    private final PartitionAnswers answers;
    private final List<OffsetSet> earlierEpochs;
    private final Conditions conditions;
    private final long start;
    private final long first;
    private final FoundOffsets before;
    private final FoundOffsets missing;
    private final FoundOffsets waiting;
    private final FoundOffsets answeredBefore;
    private final FoundOffsets withoutRecord;
    private final FoundOffsets unread;
    private final Set<String> waitedFor = new TreeSet<>();
    private long expected;

    /**
     * @param earlierEpochs offsets that the job has answered in each earlier epoch
     * @param start offset of the first record that the partition still has
     */
    AnswerReview(
            TopicPartition partition,
            PartitionAnswers answers,
            List<OffsetSet> earlierEpochs,
            Conditions conditions,
            long start) {
        this.partition = partition;
        this.answers = answers;
        this.earlierEpochs = earlierEpochs;
        this.conditions = conditions;
        this.start = start;
        first = answers.answered().next(0);
        expected = start;
        before = new FoundOffsets(partition);
        missing = new FoundOffsets(partition);
        waiting = new FoundOffsets(partition);
        answeredBefore = new FoundOffsets(partition);
        withoutRecord = new FoundOffsets(partition);
        unread = new FoundOffsets(partition);
    }

    /**
     * Adds a record.
     *
     * @return whether it should have an answer and has none, so that it must be added by {@link
     *     #addUnanswered}, too
     */
    boolean add(long offset) {
        addWithoutRecord(offset);
        expected = offset + 1;
        if (answers.answered().contains(offset)) {
            return false;
        }
        boolean isAnsweredBefore = earlierEpochs.stream().anyMatch(e -> e.contains(offset));
        if (offset > answers.frontier()) {
            if (!isAnsweredBefore) {
                unread.add(offset);
            }
        } else if (isAnsweredBefore) {
            answeredBefore.add(offset);
        } else if (offset < first) {
            before.add(offset);
        } else {
            return true;
        }
        return false;
    }

    /** Notes the answers between the last record and the next one. */
    private void addWithoutRecord(long next) {
        OffsetSet answered = answers.answered();
        if (expected < next) {
            for (long offset = answered.next(expected);
                    offset != OffsetSet.NONE && offset < next;
                    offset = answered.next(offset + 1)) {
                withoutRecord.add(offset);
            }
        }
    }

    /**
     * Adds a record without an answer.
     *
     * @param modelId model that it names; {@link MessageDecoder#NO_MODEL} if it cannot be read
     */
    void addUnanswered(long offset, String modelId) {
        if (!conditions.mayWait()
                || modelId.equals(MessageDecoder.NO_MODEL)
                || answers.isPredictedAfter(offset, modelId)) {
            missing.add(offset);
        } else {
            waiting.add(offset);
            if (waitedFor.size() <= MAX_MODELS) {
                waitedFor.add(modelId);
            }
        }
    }

    /** Ends the records. */
    void end() {
        addWithoutRecord(Long.MAX_VALUE);
    }

    /** Returns whether there are answers for offsets at which there is no record. */
    boolean hasAnswersWithoutRecord() {
        return !withoutRecord.isEmpty();
    }

    /**
     * Returns the mismatches, and what cannot be proven.
     *
     * @param mayBeRemoved whether compaction may have removed records from the input, or retention
     *     while they were read
     */
    List<Finding> findings(boolean mayBeRemoved) {
        List<Finding> findings = new ArrayList<>();
        if (!answers.repeated().isEmpty()) {
            findings.add(
                    repeated(
                            Verdict.MISMATCH,
                            answers.repeated(),
                            "answers to events that already have one",
                            ""));
        }
        if (hasAnswersWithoutRecord()) {
            findings.add(
                    repeated(
                            mayBeRemoved ? Verdict.UNPROVEN : Verdict.MISMATCH,
                            withoutRecord,
                            "answers to offsets without a record",
                            mayBeRemoved ? "; it may have been removed" : ""));
        }
        if (first != OffsetSet.NONE && first < start) {
            findings.add(
                    Finding.unproven(
                            AuditCheck.FEATURE_EVENTS,
                            "",
                            "retention has removed events before offset "
                                    + start
                                    + "; of those, only repeated answers are found",
                            List.of(new OffsetSpan(partition, first, start - 1))));
        }
        if (!answeredBefore.isEmpty()) {
            findings.add(
                    unanswered(
                            Verdict.UNPROVEN,
                            answeredBefore,
                            "events with an answer of an earlier epoch only",
                            "; right only after a roll-back"));
        }
        addUnanswered(findings);
        return findings;
    }

    private void addUnanswered(List<Finding> findings) {
        boolean removed = conditions.answersRemoved();
        String unknown = removed ? "; retention has removed answers, perhaps theirs" : "";
        if (!missing.isEmpty()) {
            findings.add(
                    unanswered(
                            removed || conditions.isOpen() ? Verdict.UNPROVEN : Verdict.MISMATCH,
                            missing,
                            "events without an answer" + (conditions.isOpen() ? " yet" : ""),
                            unknown));
        }
        if (!waiting.isEmpty()) {
            findings.add(
                    unanswered(
                            Verdict.UNPROVEN,
                            waiting,
                            "events without an answer, which wait for " + models() + " or are lost",
                            unknown));
        }
        if (first == OffsetSet.NONE && !unread.isEmpty() && !conditions.startsLatest()) {
            findings.add(
                    unanswered(
                            Verdict.UNPROVEN,
                            unread,
                            "events of a partition without any answer",
                            "; they are not read yet, or are lost" + unknown));
        }
        if (!before.isEmpty() && !conditions.startsLatest()) {
            findings.add(
                    unanswered(
                            Verdict.UNPROVEN,
                            before,
                            "events without an answer before the first that has one",
                            "; they wait for their model or were not read, which is right only"
                                    + " with source.start=latest"
                                    + unknown));
        }
    }

    private String models() {
        String names = waitedFor.stream().limit(MAX_MODELS).collect(Collectors.joining(", "));
        if (waitedFor.size() > MAX_MODELS) {
            return "models " + names + " and others";
        }
        return (waitedFor.size() == 1 ? "model " : "models ") + names;
    }

    private static Finding unanswered(
            Verdict verdict, FoundOffsets events, String what, String remark) {
        return finding(verdict, events, what, remark, events.kept(), List.of(), false);
    }

    private static Finding repeated(
            Verdict verdict, FoundOffsets events, String what, String remark) {
        return finding(verdict, events, what, remark, List.of(), events.kept(), true);
    }

    private static Finding finding(
            Verdict verdict,
            FoundOffsets events,
            String what,
            String remark,
            List<EventPosition> missing,
            List<EventPosition> repeated,
            boolean isFinal) {
        return new Finding(
                AuditCheck.FEATURE_EVENTS,
                verdict,
                "",
                what + AuditText.format(": %,d", events.count()) + remark,
                List.of(events.span()),
                EventSum.NONE,
                missing,
                repeated,
                isFinal);
    }

    /**
     * Returns what was compared.
     *
     * @param topicId Kafka's id of the topic
     */
    PartitionReport report(String topicId) {
        long from = Math.max(start, Math.max(0, first));
        if (conditions.answersRemoved()) {
            from = Math.max(from, Math.max(missing.last(), waiting.last()) + 1);
        }
        return new PartitionReport(
                partition,
                topicId,
                true,
                start,
                first,
                from,
                answers.frontier(),
                unread.count(),
                before.count());
    }
}
