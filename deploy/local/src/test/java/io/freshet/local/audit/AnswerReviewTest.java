package io.freshet.local.audit;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.apache.kafka.common.TopicPartition;
import org.junit.jupiter.api.Test;

/** Test of the comparison of one partition, whose events name the model m unless it says else. */
class AnswerReviewTest {
    private static final TopicPartition PARTITION = new TopicPartition("requests", 1);

    private final PartitionAnswers answers = new PartitionAnswers(PARTITION);
    private final List<OffsetSet> earlierEpochs = new ArrayList<>();
    private final TreeMap<Long, String> records = new TreeMap<>();
    private boolean startsLatest;
    private boolean mayWait = true;
    private boolean answersRemoved;
    private boolean open;
    private boolean recordsMayBeRemoved;
    private long start;

    private AnswerReview review() {
        AnswerReview review =
                new AnswerReview(
                        PARTITION,
                        answers,
                        earlierEpochs,
                        new AnswerReview.Conditions(startsLatest, mayWait, answersRemoved, open),
                        start);
        for (Map.Entry<Long, String> record : records.entrySet()) {
            if (review.add(record.getKey())) {
                review.addUnanswered(record.getKey(), record.getValue());
            }
        }
        review.end();
        return review;
    }

    private List<Finding> findings() {
        return review().findings(recordsMayBeRemoved);
    }

    private Finding finding() {
        List<Finding> findings = findings();
        assertThat(findings).hasSize(1);
        assertThat(findings.get(0).check()).isEqualTo(AuditCheck.FEATURE_EVENTS);
        return findings.get(0);
    }

    private void records(long from, long to) {
        for (long offset = from; offset <= to; offset++) {
            records.put(offset, "m");
        }
    }

    private void predictions(long from, long to) {
        for (long offset = from; offset <= to; offset++) {
            answers.addPrediction(offset, "m", true);
        }
    }

    private static List<Long> offsets(List<EventPosition> positions) {
        assertThat(positions).allMatch(position -> position.partition().equals(PARTITION));
        return positions.stream().map(EventPosition::offset).toList();
    }

    @Test
    void eventsWithOneAnswerEach_areProven() {
        records(0, 9);
        predictions(0, 6);
        answers.addDeadLetter(7, true);
        predictions(8, 9);

        PartitionReport report = review().report("id");

        assertThat(findings()).isEmpty();
        assertThat(report).isEqualTo(new PartitionReport(PARTITION, "id", true, 0, 0, 0, 9, 0, 0));
    }

    @Test
    void orderOfTheAnswers_doesNotMatter() {
        records(0, 9);
        predictions(5, 9);
        predictions(0, 4);

        assertThat(findings()).isEmpty();
    }

    @Test
    void offsetsWithoutARecord_needNoAnswer() {
        records(0, 3);
        records(6, 9); // between them: an aborted event and the mark of a transaction
        predictions(0, 3);
        predictions(6, 9);

        assertThat(findings()).isEmpty();
    }

    @Test
    void eventWithoutAnAnswer_isNamed() {
        records(0, 9);
        predictions(0, 3);
        predictions(5, 6);
        predictions(8, 9);

        Finding finding = finding();

        assertThat(finding.verdict()).isEqualTo(Verdict.MISMATCH);
        assertThat(offsets(finding.missing())).containsExactly(4L, 7L);
        assertThat(finding.repeated()).isEmpty();
        assertThat(finding.spans()).containsExactly(new OffsetSpan(PARTITION, 4, 7));
        assertThat(finding.text()).isEqualTo("events without an answer: 2");
        assertThat(finding.isFinal()).isFalse();
    }

    @Test
    void eventWithoutAnAnswer_isUndecided_whileTransactionsAreOpen() {
        records(0, 9);
        predictions(0, 3);
        predictions(5, 9);
        open = true;

        Finding finding = finding();

        assertThat(finding.verdict()).isEqualTo(Verdict.UNPROVEN);
        assertThat(finding.isFinal()).isFalse();
        assertThat(offsets(finding.missing())).containsExactly(4L);
    }

    @Test
    void eventWithTwoAnswers_isNamed() {
        records(0, 9);
        predictions(0, 9);
        predictions(3, 3);
        answers.addDeadLetter(5, true);

        Finding finding = finding();

        assertThat(finding.verdict()).isEqualTo(Verdict.MISMATCH);
        assertThat(offsets(finding.repeated())).containsExactly(3L, 5L);
        assertThat(finding.missing()).isEmpty();
        assertThat(finding.isFinal()).isTrue();
    }

    @Test
    void eventsAfterTheLastAnswer_areToldAndNoMismatch() {
        records(0, 9);
        predictions(0, 6);

        assertThat(findings()).isEmpty();
        assertThat(review().report("").unread()).isEqualTo(3);
        assertThat(review().report("").provenTo()).isEqualTo(6);
    }

    @Test
    void answersThatBecameVisibleMeanwhile_moveNoBoundary() {
        records(0, 9);
        predictions(0, 3);
        answers.addPrediction(6, "m", false); // its transaction may have been read in part
        answers.addDeadLetter(7, false);

        assertThat(findings()).isEmpty();
        assertThat(review().report("").provenTo()).isEqualTo(3);
        assertThat(review().report("").unread()).isEqualTo(4); // 4, 5, 8 and 9
    }

    @Test
    void eventOfAModelThatPredictsNoLaterOne_mayWait() {
        records(0, 9);
        records.put(4L, "late");
        records.put(6L, "100 %s");
        predictions(0, 3);
        predictions(5, 5);
        predictions(7, 9);

        Finding finding = finding();

        assertThat(finding.verdict()).isEqualTo(Verdict.UNPROVEN);
        assertThat(offsets(finding.missing())).containsExactly(4L, 6L);
        assertThat(finding.text())
                .isEqualTo(
                        "events without an answer, which wait for models 100 %s, late or are lost:"
                                + " 2");
    }

    @Test
    void eventOfAModelThatPredictsALaterOne_doesNotWait() {
        records(0, 9);
        records.put(4L, "late");
        records.put(8L, "late");
        predictions(0, 3);
        predictions(5, 7);
        answers.addPrediction(8, "late", true);
        predictions(9, 9);

        assertThat(finding().verdict()).isEqualTo(Verdict.MISMATCH);
    }

    /** A dead letter needs no model. */
    @Test
    void laterDeadLetter_doesNotShowThatTheModelIsThere() {
        records(0, 9);
        predictions(0, 7);
        answers.addDeadLetter(9, true);

        assertThat(finding().verdict()).isEqualTo(Verdict.UNPROVEN);
    }

    @Test
    void eventThatCannotBeRead_doesNotWait() {
        records(0, 9);
        records.put(4L, MessageDecoder.NO_MODEL);
        predictions(0, 3);
        predictions(5, 9);

        assertThat(finding().verdict()).isEqualTo(Verdict.MISMATCH);
    }

    @Test
    void noEventWaits_ifTheJobAnswersThemAtOnce() {
        records(0, 9);
        records.put(4L, "late");
        predictions(0, 3);
        predictions(5, 9);
        mayWait = false;

        assertThat(finding().verdict()).isEqualTo(Verdict.MISMATCH);
    }

    @Test
    void eventsBeforeTheFirstAnswer_areNotProven_unlessTheJobStartsAtTheEnd() {
        records(0, 9);
        predictions(6, 9);

        Finding finding = finding();
        assertThat(finding.verdict()).isEqualTo(Verdict.UNPROVEN);
        assertThat(finding.spans()).containsExactly(new OffsetSpan(PARTITION, 0, 5));
        assertThat(review().report("").before()).isEqualTo(6);

        startsLatest = true;
        assertThat(findings()).isEmpty();
    }

    @Test
    void answerWithoutARecord_isAMismatch_unlessRecordsMayBeRemoved() {
        records(0, 3);
        records(6, 9);
        predictions(0, 4);
        predictions(6, 10);

        assertThat(finding().verdict()).isEqualTo(Verdict.MISMATCH);
        assertThat(offsets(finding().repeated())).containsExactly(4L, 10L);

        recordsMayBeRemoved = true;
        assertThat(finding().verdict()).isEqualTo(Verdict.UNPROVEN);
    }

    @Test
    void eventsThatRetentionHasRemoved_areNotProven_andLaterOnesAre() {
        records(5, 9);
        start = 5;
        predictions(0, 2);
        predictions(4, 9);

        Finding finding = finding();

        assertThat(finding.verdict()).isEqualTo(Verdict.UNPROVEN);
        assertThat(finding.spans()).containsExactly(new OffsetSpan(PARTITION, 0, 4));
        assertThat(review().report("").provenFrom()).isEqualTo(5);
    }

    @Test
    void missingAnswers_areNotCalledLost_ifRetentionHasRemovedAnswers() {
        records(0, 9);
        predictions(1, 2);
        predictions(5, 9);
        answersRemoved = true;

        assertThat(findings()).extracting(Finding::verdict).containsOnly(Verdict.UNPROVEN);
        assertThat(findings())
                .allMatch(finding -> finding.text().contains("retention has removed"));
        assertThat(review().report("").provenFrom()).isEqualTo(5);
    }

    @Test
    void eventThatOnlyAnEarlierEpochAnswered_isNotProven() {
        records(0, 9);
        OffsetSet earlier = new OffsetSet();
        for (long offset = 0; offset < 5; offset++) {
            earlier.add(offset);
        }
        earlierEpochs.add(earlier);
        predictions(2, 2); // waited when the job was rolled back
        predictions(5, 9);

        Finding finding = finding();

        assertThat(finding.verdict()).isEqualTo(Verdict.UNPROVEN);
        assertThat(finding.text())
                .isEqualTo(
                        "events with an answer of an earlier epoch only: 4; right only after a"
                                + " roll-back");
    }

    @Test
    void manyMissingEvents_areCounted_andTheFirstAreNamed() {
        records(0, 5_000);
        predictions(0, 0);
        predictions(5_000, 5_000);

        Finding finding = finding();

        assertThat(finding.text()).isEqualTo("events without an answer: 4,999");
        assertThat(finding.missing()).hasSize(1_000);
        assertThat(finding.spans()).containsExactly(new OffsetSpan(PARTITION, 1, 4_999));
    }

    @Test
    void partitionWithoutAnswers_isUnproven() {
        records(0, 9);

        assertThat(finding().verdict()).isEqualTo(Verdict.UNPROVEN);
        assertThat(finding().text())
                .isEqualTo(
                        "events of a partition without any answer: 10; they are not read yet, or"
                                + " are lost");
        assertThat(finding().spans()).containsExactly(new OffsetSpan(PARTITION, 0, 9));
        assertThat(review().report("").unread()).isEqualTo(10);
        assertThat(review().report("").provenTo()).isEqualTo(-1);

        startsLatest = true;
        assertThat(findings()).isEmpty();
    }

    @Test
    void partitionWithAnswersOfAnEarlierEpochOnly_hasNothingToCompare() {
        records(0, 9);
        OffsetSet earlier = new OffsetSet();
        for (long offset = 0; offset < 10; offset++) {
            earlier.add(offset);
        }
        earlierEpochs.add(earlier);

        assertThat(findings()).isEmpty();
        assertThat(review().report("").unread()).isZero();
    }
}
