package io.freshet.local.dashboard;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.util.List;
import org.junit.jupiter.api.Test;

class ChartHistoryTest {
    private static final int MANY = 100_000;

    /** Returns a point whose value is its sequence number. */
    private static ChartPoint point(long sequence) {
        return new ChartPoint(
                sequence, sequence * 10, sequence * 1000, 1, new float[] {sequence}, new float[0]);
    }

    private static ChartHistory history(int points) {
        ChartHistory history = new ChartHistory();
        for (int i = 0; i < points; i++) {
            history.add(point(i));
        }
        return history;
    }

    @Test
    void manyPoints_areBounded_andStartAtTheFirst() {
        List<ChartPoint> all = history(MANY).all();

        assertThat(all.size()).isLessThanOrEqualTo(ChartHistory.RECENT + ChartHistory.OLDER + 1);
        assertThat(all.stream().mapToInt(ChartPoint::records).sum()).isEqualTo(MANY);
        assertThat(all.get(0).examples()).isLessThan(MANY); // the first of about 3,000 points
        assertThat(all.get(all.size() - 1).sequence()).isEqualTo(MANY - 1);
    }

    @Test
    void newestPoints_areUnchanged_olderOnesAreMeans() {
        List<ChartPoint> all = history(MANY).all();

        List<ChartPoint> newest = all.subList(all.size() - ChartHistory.RECENT, all.size());
        assertThat(newest).allMatch(point -> point.records() == 1);
        ChartPoint oldest = all.get(0);
        // The mean of 0, 1, ..., n - 1; a float holds seven digits.
        assertThat((double) oldest.values()[0])
                .isCloseTo((oldest.records() - 1) / 2.0, within(1e-3));
    }

    @Test
    void undefinedValue_isIgnoredInTheMean() {
        ChartPoint with = new ChartPoint(0, 0, 0, 1, new float[] {3}, new float[] {1});
        ChartPoint without = new ChartPoint(1, 1, 1, 1, new float[] {Float.NaN}, new float[] {0});

        assertThat(with.mergedWith(without).values()).containsExactly(3);
        assertThat(without.mergedWith(with).values()).containsExactly(3);
        assertThat(with.mergedWith(without).experts()).containsExactly(0.5f);
    }

    @Test
    void addedSince_returnsLaterPoints_whileTheyAreKept() {
        ChartHistory history = history(2_000);

        assertThat(history.addedSince(1_998))
                .extracting(ChartPoint::sequence)
                .containsExactly(1_998L, 1_999L);
        assertThat(history.addedSince(2_000)).isEmpty();
        assertThat(history.addedSince(2_000 - ChartHistory.RECENT)).hasSize(ChartHistory.RECENT);
        assertThat(history.addedSince(2_000 - ChartHistory.RECENT - 1)).isNull();
    }

    @Test
    void removeFrom_removesTheSequenceAndLaterOnes() {
        ChartHistory history = history(5_000);

        history.removeFrom(1_500);

        List<ChartPoint> all = history.all();
        assertThat(all.get(all.size() - 1).sequence()).isLessThan(1_500);
        assertThat(all.size()).isGreaterThan(700);
        history.removeFrom(0);
        assertThat(history.all()).isEmpty();
    }
}
