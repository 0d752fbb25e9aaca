package io.freshet.local.watch;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import org.junit.jupiter.api.Test;

class SparklineTest {
    @Test
    void values_areDrawnBetweenTheBounds() {
        assertThat(Sparkline.draw(List.of(0.0, 0.5, 1.0, 2.0, -1.0), 0, 1, 10)).isEqualTo("▁▅██▁");
    }

    @Test
    void moreValuesThanColumns_areAveraged() {
        assertThat(Sparkline.draw(List.of(0.0, 1.0, 1.0, 1.0), 0, 1, 2)).isEqualTo("▅█");
    }

    @Test
    void noValues_giveAnEmptySparkline() {
        assertThat(Sparkline.draw(List.of(), 0, 1, 10)).isEmpty();
    }
}
