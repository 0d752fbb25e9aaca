package io.freshet.model.check;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import org.junit.jupiter.api.Test;

class BaselinesTest {
    private static final Shape SHAPE = new Shape(512, 54, 7, 7, 0, 0);

    @Test
    void lines_areTimesAndRemarks_andOthersAreLeftOut() {
        Baselines baselines =
                Baselines.parse(
                        List.of(
                                "some warning of a framework",
                                "pytorch 512,54,7,7 5200.5",
                                "jax 512,54,7,7 4100.0",
                                "pytorch 256,54,7,1 2685.0",
                                "# no jax here"));

        assertThat(baselines.micros("pytorch", SHAPE)).hasValue(5200.5);
        assertThat(baselines.best(SHAPE)).hasValue(4100);
        assertThat(baselines.best(new Shape(256, 54, 7, 1, 0, 0))).hasValue(2685);
        assertThat(baselines.best(new Shape(1, 54, 7, 1, 0, 0))).isEmpty();
        assertThat(baselines.remarks()).containsExactly("no jax here");
    }
}
