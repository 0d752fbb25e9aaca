package io.freshet.local.dashboard;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.util.List;
import org.junit.jupiter.api.Test;

class HistoryTest {
    private static final int MANY = 100_000;

    /** A point whose figure is its sequence. */
    private static Point point(long sequence) {
        return new Point(
                sequence, sequence * 10, sequence * 1000, 1, new float[] {sequence}, new float[0]);
    }

    private static History history(int points) {
        History history = new History();
        for (int i = 0; i < points; i++) {
            history.add(point(i));
        }
        return history;
    }

    @Test
    void manyPoints_areBounded_andGoBackToTheBeginning() {
        List<Point> all = history(MANY).all();

        assertThat(all.size()).isLessThanOrEqualTo(History.RECENT + History.OLDER + 1);
        assertThat(all.stream().mapToInt(Point::records).sum()).isEqualTo(MANY);
        assertThat(all.get(0).examples()).isLessThan(MANY); // the first of some 3,000
        assertThat(all.get(all.size() - 1).sequence()).isEqualTo(MANY - 1);
    }

    @Test
    void newestPoints_areAsTheyCame_olderOnesMeans() {
        List<Point> all = history(MANY).all();

        List<Point> newest = all.subList(all.size() - History.RECENT, all.size());
        assertThat(newest).allMatch(point -> point.records() == 1);
        Point oldest = all.get(0);
        // The mean of 0, 1, ..., n - 1; a float holds seven digits.
        assertThat((double) oldest.figures()[0])
                .isCloseTo((oldest.records() - 1) / 2.0, within(1e-3));
    }

    @Test
    void figureThatIsNotDefined_leavesTheOtherOfAPair() {
        Point with = new Point(0, 0, 0, 1, new float[] {3}, new float[] {1});
        Point without = new Point(1, 1, 1, 1, new float[] {Float.NaN}, new float[] {0});

        assertThat(with.mergedWith(without).figures()).containsExactly(3);
        assertThat(without.mergedWith(with).figures()).containsExactly(3);
        assertThat(with.mergedWith(without).weights()).containsExactly(0.5f);
    }

    @Test
    void pointsSince_areThoseThatCameLater_whileTheyAreKept() {
        History history = history(2_000);

        assertThat(history.since(1_998))
                .extracting(Point::sequence)
                .containsExactly(1_998L, 1_999L);
        assertThat(history.since(2_000)).isEmpty();
        assertThat(history.since(2_000 - History.RECENT)).hasSize(History.RECENT);
        assertThat(history.since(2_000 - History.RECENT - 1)).isNull();
    }

    @Test
    void cutBack_forgetsFromThere() {
        History history = history(5_000);

        history.cutBackTo(1_500);

        List<Point> all = history.all();
        assertThat(all.get(all.size() - 1).sequence()).isLessThan(1_500);
        assertThat(all.size()).isGreaterThan(700);
        history.cutBackTo(0);
        assertThat(history.all()).isEmpty();
    }
}
