package io.freshet.local.images;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.stream.LongStream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

class StreamOrderTest {
    private static List<Integer> indices(@Nullable Long seed, long from, long to) {
        StreamOrder order = new StreamOrder(10, seed);
        return LongStream.range(from, to).mapToObj(order::index).toList();
    }

    @Test
    void withoutSeed_isTheOrderOfTheSet() {
        assertThat(indices(null, 0, 20))
                .containsExactly(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9);
    }

    @Test
    void withSeed_eachEpochHasEveryImageInAnotherOrder() {
        List<Integer> all = indices(5L, 0, 30);

        assertThat(all.subList(0, 10)).containsExactlyInAnyOrder(0, 1, 2, 3, 4, 5, 6, 7, 8, 9);
        assertThat(all.subList(10, 20))
                .containsExactlyInAnyOrderElementsOf(all.subList(0, 10))
                .isNotEqualTo(all.subList(0, 10));
        assertThat(all.subList(20, 30)).isNotEqualTo(all.subList(10, 20));
        assertThat(indices(6L, 0, 10)).isNotEqualTo(all.subList(0, 10));
    }

    @Test
    void start_inALaterEpoch_isTheSameOrder() {
        assertThat(indices(5L, 17, 30)).isEqualTo(indices(5L, 0, 30).subList(17, 30));
    }
}
