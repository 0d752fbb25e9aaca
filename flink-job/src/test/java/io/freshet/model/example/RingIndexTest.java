package io.freshet.model.example;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Arrays;
import java.util.stream.LongStream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class RingIndexTest {
    @ParameterizedTest
    @CsvSource({"1, 5", "3, 2", "3, 3", "3, 4", "20, 57"})
    void ring_holdsTheLastItems_oldestFirst(int capacity, int count) {
        RingIndex ring = new RingIndex(capacity);
        long[] items = new long[0];
        for (int i = 0; i < count; i++) {
            if (ring.next() == items.length) {
                items = Arrays.copyOf(items, ring.grownLength(items.length, ring.next() + 1));
            }
            assertThat(ring.isFull()).isEqualTo(i >= capacity);
            assertThat(ring.next()).isEqualTo(ring.position(i));
            items[ring.next()] = i;
            ring.advance();
        }

        assertThat(items.length).isLessThanOrEqualTo(capacity);
        assertThat(ring.added()).isEqualTo(count);
        assertThat(ring.size()).isEqualTo(Math.min(capacity, count));
        assertThat(ring.oldestFirst(items))
                .containsExactly(LongStream.range(count - ring.size(), count).toArray());
        assertThat(items[ring.oldest()]).isEqualTo(count - ring.size());
    }

    @ParameterizedTest
    @CsvSource({"1, 5", "3, 2", "3, 3", "3, 4", "20, 57"})
    void restoredRing_continuesAtTheSamePosition(int capacity, int count) {
        RingIndex ring = new RingIndex(capacity);
        for (int i = 0; i < count; i++) {
            ring.advance();
        }
        RingIndex restored = new RingIndex(capacity);
        restored.restore(count);

        assertThat(restored.next()).isEqualTo(ring.next());
        assertThat(restored.oldest()).isEqualTo(ring.oldest());
        assertThat(restored.size()).isEqualTo(ring.size());
    }
}
