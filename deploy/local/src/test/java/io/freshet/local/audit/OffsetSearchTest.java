package io.freshet.local.audit;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import org.apache.kafka.common.TopicPartition;
import org.junit.jupiter.api.Test;

class OffsetSearchTest {
    private static final TopicPartition PARTITION = new TopicPartition("labelled-events", 2);
    private static final int EVENTS = 500;

    private final PositionHash hash = new PositionHash();

    private long hash(long offset) {
        return hash.of(PARTITION.topic(), PARTITION.partition(), offset);
    }

    private EventSum events(long... offsets) {
        EventSum sum = EventSum.NONE;
        for (long offset : offsets) {
            sum = sum.plus(hash(offset));
        }
        return sum;
    }

    private Finding search(EventSum difference) {
        OffsetSearch search = new OffsetSearch(difference);
        for (long offset = 0; offset < EVENTS; offset++) {
            search.add(PARTITION, offset, hash(offset));
        }
        return search.located(Finding.mismatch(AuditCheck.EVENTS_READ, "m", "a difference"));
    }

    private static List<Long> offsets(List<EventPosition> positions) {
        return positions.stream().map(EventPosition::offset).toList();
    }

    @Test
    void oneMissingEvent_isFound() {
        Finding finding = search(events(321));

        assertThat(offsets(finding.missing())).containsExactly(321L);
        assertThat(finding.repeated()).isEmpty();
    }

    @Test
    void oneRepeatedEvent_isFound() {
        Finding finding = search(EventSum.NONE.minus(events(7)));

        assertThat(finding.missing()).isEmpty();
        assertThat(offsets(finding.repeated())).containsExactly(7L);
    }

    @Test
    void twoMissingEvents_areFound() {
        assertThat(offsets(search(events(499, 3)).missing())).containsExactly(3L, 499L);
    }

    @Test
    void twoRepeatedEvents_areFound_andOneRepeatedTwice() {
        assertThat(offsets(search(EventSum.NONE.minus(events(8, 9))).repeated()))
                .containsExactly(8L, 9L);
        assertThat(offsets(search(EventSum.NONE.minus(events(8, 8))).repeated()))
                .containsExactly(8L, 8L);
    }

    @Test
    void eventCountedInsteadOfAnother_isFound_withTheOther() {
        Finding finding = search(events(100).minus(events(200)));

        assertThat(offsets(finding.missing())).containsExactly(100L);
        assertThat(offsets(finding.repeated())).containsExactly(200L);
    }

    @Test
    void wholeRange_isFound() {
        EventSum all = EventSum.NONE;
        for (long offset = 0; offset < EVENTS; offset++) {
            all = all.plus(hash(offset));
        }

        assertThat(search(all).missing()).hasSize(EVENTS);
        assertThat(search(EventSum.NONE.minus(all)).repeated()).hasSize(EVENTS);
    }

    @Test
    void threeEvents_areNotGuessed() {
        Finding finding = search(events(1, 2, 3));

        assertThat(finding.missing()).isEmpty();
        assertThat(finding.repeated()).isEmpty();
    }
}
