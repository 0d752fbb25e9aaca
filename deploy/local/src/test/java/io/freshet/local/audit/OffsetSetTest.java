package io.freshet.local.audit;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import java.util.TreeSet;
import org.junit.jupiter.api.Test;

class OffsetSetTest {
    /** Number of offsets in a page. */
    private static final long PAGE = 32_768;

    private static OffsetSet of(long... offsets) {
        OffsetSet set = new OffsetSet();
        for (long offset : offsets) {
            assertThat(set.add(offset)).isTrue();
        }
        return set;
    }

    @Test
    void emptySet_hasNoOffset() {
        OffsetSet set = new OffsetSet();

        assertThat(set.size()).isZero();
        assertThat(set.contains(0)).isFalse();
        assertThat(set.next(0)).isEqualTo(OffsetSet.NONE);
    }

    @Test
    void offsetThatIsAddedAgain_isNotNew() {
        OffsetSet set = of(7, 3 * PAGE);

        assertThat(set.add(7)).isFalse();
        assertThat(set.add(3 * PAGE)).isFalse();
        assertThat(set.add(8)).isTrue();
        assertThat(set.size()).isEqualTo(3);
    }

    @Test
    void next_findsOffsetsInLaterPages() {
        OffsetSet set = of(5, PAGE - 1, PAGE, 10 * PAGE + 3);

        assertThat(set.next(0)).isEqualTo(5);
        assertThat(set.next(6)).isEqualTo(PAGE - 1);
        assertThat(set.next(PAGE)).isEqualTo(PAGE);
        assertThat(set.next(PAGE + 1)).isEqualTo(10 * PAGE + 3);
        assertThat(set.next(10 * PAGE + 4)).isEqualTo(OffsetSet.NONE);
        assertThat(set.next(Long.MAX_VALUE)).isEqualTo(OffsetSet.NONE);
    }

    @Test
    void offsetsOfAFullPage_areThereOnce() {
        OffsetSet set = new OffsetSet();
        List<Long> offsets = new ArrayList<>();
        for (long offset = PAGE; offset < 2 * PAGE; offset++) {
            offsets.add(offset);
        }
        Collections.shuffle(offsets, new Random(1));
        offsets.forEach(offset -> assertThat(set.add(offset)).isTrue());

        assertThat(set.add(PAGE + 17)).isFalse();
        assertThat(set.size()).isEqualTo(PAGE);
        assertThat(set.next(0)).isEqualTo(PAGE);
        assertThat(set.contains(2 * PAGE - 1)).isTrue();
        assertThat(set.next(2 * PAGE)).isEqualTo(OffsetSet.NONE);
    }

    @Test
    void randomOffsets_areThoseOfATreeSet() {
        Random random = new Random(5);
        OffsetSet set = new OffsetSet();
        TreeSet<Long> expected = new TreeSet<>();
        for (int i = 0; i < 20_000; i++) {
            long offset = random.nextInt(200_000);
            assertThat(set.add(offset)).isEqualTo(expected.add(offset));
        }
        for (long offset = 0; offset < 200_010; offset++) {
            Long next = expected.ceiling(offset);
            assertThat(set.next(offset)).isEqualTo(next == null ? OffsetSet.NONE : next);
            assertThat(set.contains(offset)).isEqualTo(expected.contains(offset));
        }
        assertThat(set.size()).isEqualTo(expected.size());
    }
}
