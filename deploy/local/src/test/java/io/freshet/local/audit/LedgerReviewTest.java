package io.freshet.local.audit;

import static org.assertj.core.api.Assertions.assertThat;

import io.freshet.schemas.Audit;
import io.freshet.schemas.MetricsEvent;
import io.freshet.schemas.PartitionAudit;
import io.freshet.schemas.PartitionOffset;
import io.freshet.schemas.Scores;
import io.freshet.schemas.Tally;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.apache.kafka.common.TopicPartition;
import org.junit.jupiter.api.Test;

/** Test of the comparison with one partition, in which each offset is an event of model m. */
class LedgerReviewTest {
    private static final String TOPIC = "labelled-events";
    private static final TopicPartition PARTITION = new TopicPartition(TOPIC, 0);
    private static final long FIRST = 10;
    private static final Scores NONE =
            new Scores(
                    0L, 0.0, null, null, null, null, null, null, null, null, null, null, null,
                    null);

    private final PositionHash hash = new PositionHash();
    private EpochLedger ledger = new EpochLedger(null);
    private boolean open;
    private boolean predictionsRemoved;
    private long inputStart;

    private long hash(long offset) {
        return hash.of(TOPIC, 0, offset);
    }

    private Tally tally(long from, long to) {
        EventSum sum = EventSum.NONE;
        for (long offset = from; offset <= to; offset++) {
            sum = sum.plus(hash(offset));
        }
        return new Tally(sum.count(), sum.digest());
    }

    private static Tally none() {
        return new Tally(0L, 0L);
    }

    /** Returns a record of model m that has read and accepted the offsets from 10 to another. */
    private MetricsEvent accepted(long sequence, long lastAccepted, long lastRead) {
        return event(
                "m", sequence, tally(FIRST, lastAccepted), none(), none(), lastAccepted, lastRead);
    }

    private MetricsEvent event(
            String modelId,
            long sequence,
            Tally accepted,
            Tally unlabelled,
            Tally deadLetters,
            long lastTrained,
            long lastRead) {
        return MetricsEvent.newBuilder()
                .setModelId(modelId)
                .setSequence(sequence)
                .setTimestamp(null)
                .setModelVersion(1)
                .setExamplesSeen(accepted.getCount())
                .setAudit(new Audit(accepted, unlabelled, none(), deadLetters))
                .setIgnoredByReason(Map.of())
                .setDeadLettersByReason(Map.of())
                .setOffsets(List.of(new PartitionOffset(TOPIC, 0, lastTrained)))
                .setWindowSize(1)
                .setRolling(NONE)
                .setPrequential(NONE)
                .setLearningRate(0.1)
                .setSkippedSteps(0)
                .setJob("job")
                .setEpoch(1)
                .setPartitions(
                        List.of(
                                new PartitionAudit(
                                        TOPIC, "", 0, FIRST, lastRead, tally(FIRST, lastRead))))
                .build();
    }

    private void add(MetricsEvent event) {
        ledger.addMetrics(event, false, true);
    }

    private void input(long from, long to) {
        for (long offset = from; offset <= to; offset++) {
            input(offset, EventKind.LABELLED, "m");
        }
    }

    private void input(long offset, EventKind kind, String modelId) {
        ledger.addInput(PARTITION, offset, hash(offset), kind, modelId);
    }

    private List<Finding> findings() {
        return LedgerReview.of(
                        ledger,
                        new LedgerReview.Topics(
                                Map.of(PARTITION, inputStart),
                                Set.of(),
                                false,
                                predictionsRemoved,
                                open,
                                false))
                .findings();
    }

    private static List<AuditCheck> checks(List<Finding> findings) {
        return findings.stream().map(Finding::check).toList();
    }

    @Test
    void eventsAsStated_matchInEachRange() {
        add(accepted(0, 19, 19));
        add(accepted(1, 29, 29));
        ledger.seal();
        input(FIRST, 29);

        assertThat(findings()).isEmpty();
    }

    @Test
    void eventMissingInTheSecondRange_isNarrowedToIt() {
        add(accepted(0, 19, 19));
        add(accepted(1, 29, 29));
        add(accepted(2, 39, 39));
        ledger.seal();
        input(FIRST, 24);
        input(26, 39);

        List<Finding> findings = findings();

        assertThat(checks(findings)).containsExactly(AuditCheck.EVENTS_READ);
        assertThat(findings.get(0).verdict()).isEqualTo(Verdict.MISMATCH);
        assertThat(findings.get(0).spans()).containsExactly(new OffsetSpan(PARTITION, 20, 29));
        assertThat(findings.get(0).difference())
                .isEqualTo(EventSum.NONE.minus(new EventSum(1, hash(25))));
    }

    @Test
    void pendingEvents_areLegitimate_ifTheyComeAfterTheLastOneTrainedOn() {
        add(accepted(0, 16, 19));
        ledger.seal();
        input(FIRST, 19);

        assertThat(findings()).isEmpty();
        assertThat(ledger.model("m").last().pending()).isEqualTo(3);
    }

    /** Returns a record that has read the offsets from 10 to 25; offset 20 has no label. */
    private MetricsEvent withPendingEvents() {
        return event("m", 0, tally(FIRST, 19), none(), none(), 19, 25);
    }

    private void inputWithUnlabelled(long to, Set<Long> unlabelled) {
        for (long offset = FIRST; offset <= to; offset++) {
            boolean isUnlabelled = unlabelled.contains(offset);
            input(offset, isUnlabelled ? EventKind.UNLABELLED : EventKind.LABELLED, "m");
        }
    }

    @Test
    void pendingEventsWithoutLabel_areLegitimate_ifTheyAreTheLastOnes() {
        add(withPendingEvents());
        ledger.seal();
        inputWithUnlabelled(25, Set.of(20L, 23L));

        assertThat(findings()).isEmpty();
        assertThat(ledger.model("m").last().pending()).isEqualTo(6);
    }

    @Test
    void pendingEventsWithoutLabel_mayBePredictedAfterTheirRecord() {
        add(withPendingEvents());
        Tally accepted = tally(FIRST, 29);
        accepted.setCount(19L);
        accepted.setDigest(accepted.getDigest() - hash(20));
        add(event("m", 1, accepted, tally(20, 20), none(), 29, 29));
        ledger.seal();
        inputWithUnlabelled(29, Set.of(20L));
        ledger.addPrediction(PARTITION, 20, hash(20), "m");

        assertThat(findings()).isEmpty();
    }

    @Test
    void pendingEventsWithoutLabel_mayHaveBeenPredictedSinceTheNewestRecord() {
        add(withPendingEvents());
        ledger.seal();
        inputWithUnlabelled(25, Set.of(20L, 23L));
        ledger.addPrediction(PARTITION, 20, hash(20), "m");
        assertThat(findings()).isEmpty();

        ledger.addPrediction(PARTITION, 20, hash(20), "m");
        assertThat(checks(findings())).containsExactly(AuditCheck.PREDICTIONS);
    }

    @Test
    void eventWithoutLabelThatHasNoOutcome_isNotTakenForPending_ifLaterOnesWereTrainedOn() {
        Tally accepted = tally(FIRST, 19);
        accepted.setCount(9L);
        accepted.setDigest(accepted.getDigest() - hash(15));
        add(event("m", 0, accepted, none(), none(), 19, 20));
        ledger.seal();
        inputWithUnlabelled(20, Set.of(15L, 20L));
        assertThat(ledger.model("m").last().pending()).isEqualTo(2);

        assertThat(checks(findings())).containsExactly(AuditCheck.OUTCOMES);
    }

    @Test
    void predictionThatNoRecordStates_isDetected_thoughEventsArePending() {
        add(withPendingEvents());
        add(event("m", 1, tally(FIRST, 29), none(), none(), 29, 35));
        ledger.seal();
        input(FIRST, 35);
        ledger.addPrediction(PARTITION, 20, hash(20), "m");

        List<Finding> findings = findings();

        assertThat(checks(findings)).containsExactly(AuditCheck.PREDICTIONS);
        assertThat(findings.get(0).difference()).isEqualTo(new EventSum(-1, -hash(20)));
        assertThat(findings.get(0).spans()).containsExactly(new OffsetSpan(PARTITION, FIRST, 25));
    }

    @Test
    void eventWithoutOutcome_isNotTakenForPending() {
        MetricsEvent event = accepted(0, 19, 19);
        Tally accepted = event.getAudit().getAccepted();
        accepted.setCount(9L);
        accepted.setDigest(accepted.getDigest() - hash(12));
        event.setExamplesSeen(9L);
        add(event);
        ledger.seal();
        input(FIRST, 19);

        List<Finding> findings = findings();

        assertThat(checks(findings)).containsExactly(AuditCheck.OUTCOMES);
        assertThat(findings.get(0).difference()).isEqualTo(new EventSum(1, hash(12)));
    }

    @Test
    void acceptedEventInPlaceOfAnother_isDetected() {
        MetricsEvent event = accepted(0, 19, 19);
        Tally accepted = event.getAudit().getAccepted();
        accepted.setDigest(accepted.getDigest() - hash(12) + hash(13));
        add(event);
        ledger.seal();
        input(FIRST, 19);

        List<Finding> findings = findings();

        assertThat(checks(findings)).containsExactly(AuditCheck.OUTCOMES);
        assertThat(findings.get(0).difference()).isEqualTo(new EventSum(0, hash(12) - hash(13)));
    }

    @Test
    void unlabelledEventThatWasTrainedOn_isDetected() {
        add(accepted(0, 19, 19));
        ledger.seal();
        input(FIRST, 18);
        input(19, EventKind.UNLABELLED, "m");

        assertThat(checks(findings())).containsExactly(AuditCheck.OUTCOMES);
    }

    @Test
    void missingPrediction_isDetected_unlessATransactionIsOpen() {
        add(event("m", 0, tally(FIRST, 18), tally(19, 19), none(), 18, 19));
        ledger.seal();
        input(FIRST, 18);
        input(19, EventKind.UNLABELLED, "m");

        List<Finding> findings = findings();
        open = true;
        List<Finding> whileOpen = findings();

        assertThat(checks(findings)).containsExactly(AuditCheck.PREDICTIONS);
        assertThat(findings.get(0).difference()).isEqualTo(new EventSum(1, hash(19)));
        assertThat(whileOpen).extracting(Finding::verdict).containsExactly(Verdict.UNPROVEN);
    }

    @Test
    void deadLetterWithoutModel_movesItsEventToTheReservedModel() {
        add(event("m", 0, tally(FIRST, 18), none(), none(), 18, 18));
        MetricsEvent reserved = event("", 0, none(), none(), tally(19, 19), -1, 19);
        reserved.setPartitions(List.of(new PartitionAudit(TOPIC, "", 0, 19L, 19L, tally(19, 19))));
        add(reserved);
        ledger.seal();
        input(FIRST, 18);
        input(19, EventKind.LABELLED, "not allowed");
        ledger.addDeadLetter(PARTITION, 19, hash(19), "", EventKind.LABELLED, "not allowed", true);

        assertThat(findings()).isEmpty();
    }

    @Test
    void removedInput_isUnproven_andLaterRangesAreProven() {
        add(accepted(0, 19, 19));
        add(accepted(1, 29, 29));
        ledger.seal();
        inputStart = 15;
        input(15, 29);

        List<Finding> findings = findings();

        assertThat(findings).extracting(Finding::verdict).containsExactly(Verdict.UNPROVEN);
        assertThat(findings.get(0).spans()).containsExactly(new OffsetSpan(PARTITION, 10, 19));
    }

    @Test
    void eventsThatNoRecordCovers_areMissing_ifAnotherModelIsFurther() {
        add(accepted(0, 19, 19));
        ledger.seal();
        input(FIRST, 19);
        input(17, EventKind.LABELLED, "other");

        List<Finding> findings = findings();

        assertThat(checks(findings)).containsExactly(AuditCheck.EVENTS_READ);
        assertThat(findings.get(0).modelId()).isEqualTo("other");
        assertThat(findings.get(0).missing()).containsExactly(new EventPosition(PARTITION, 17));
    }

    @Test
    void tooManyRecords_makeLongerRanges_withTheSameResult() {
        ledger = new EpochLedger(null, 4);
        for (int i = 0; i < 50; i++) {
            add(accepted(i, FIRST + i, FIRST + i));
        }
        ledger.seal();
        input(FIRST, FIRST + 29);
        input(FIRST + 31, FIRST + 49);

        List<Finding> findings = findings();

        assertThat(ledger.model("m").size()).isLessThanOrEqualTo(5);
        assertThat(checks(findings)).containsExactly(AuditCheck.EVENTS_READ);
        assertThat(findings.get(0).spans().get(0).from()).isLessThanOrEqualTo(FIRST + 30);
        assertThat(findings.get(0).spans().get(0).to()).isGreaterThanOrEqualTo(FIRST + 30);
    }

    @Test
    void recordsOfANewAttempt_replaceThoseFromTheirSequenceOn() {
        add(accepted(0, 19, 19));
        add(accepted(1, 29, 29));
        ledger.addMetrics(accepted(1, 24, 24), true, true);
        ledger.seal();
        input(FIRST, 24);

        assertThat(findings()).isEmpty();
        assertThat(ledger.model("m").size()).isEqualTo(2);
    }

    @Test
    void removedPredictions_areUnproven_butNotThoseAfterTheFirstThatIsThere() {
        add(event("m", 0, none(), tally(FIRST, 19), none(), -1, 19));
        add(event("m", 1, none(), tally(FIRST, 29), none(), -1, 29));
        add(event("m", 2, none(), tally(FIRST, 39), none(), -1, 39));
        ledger.seal();
        for (long offset = FIRST; offset <= 39; offset++) {
            input(offset, EventKind.UNLABELLED, "m");
            if (offset >= 20 && offset != 35) {
                ledger.addPrediction(PARTITION, offset, hash(offset), "m");
            }
        }
        predictionsRemoved = true;

        List<Finding> findings = findings();

        assertThat(findings)
                .extracting(Finding::verdict)
                .containsExactly(Verdict.MISMATCH, Verdict.UNPROVEN);
        assertThat(findings.get(0).difference()).isEqualTo(new EventSum(1, hash(35)));
        assertThat(findings.get(1).spans()).containsExactly(new OffsetSpan(PARTITION, 10, 19));
    }
}
