package io.freshet.model;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;
import org.junit.jupiter.api.Test;

class EngineTimingTest {
    /** A clock that a block moves on: by each of the given nanoseconds, then by the last again. */
    private static final class Block implements Runnable {
        private final Deque<Long> durations;
        private long now = 1_000_000;
        private int runs;

        Block(Long... durations) {
            this.durations = new ArrayDeque<>(List.of(durations));
        }

        @Override
        public void run() {
            runs++;
            now += durations.size() > 1 ? durations.removeFirst() : durations.getFirst();
        }

        EngineTiming timing(long warmUp, long measured) {
            return new EngineTiming(() -> now, warmUp, measured);
        }
    }

    @Test
    void speed_isThatOfTheMedianRun_afterTheWarmUp() {
        // First run; warm-up 900 + 60 + 60 ns; then one slow run among four of 50 ns.
        Block block = new Block(9_000L, 900L, 60L, 60L, 50L, 700L, 50L, 50L, 50L);

        double speed = block.timing(1_000, 900).eventsPerSecond(block, 100);

        assertThat(speed).isCloseTo(100 / 50e-9, within(1e-3));
        assertThat(block.runs).isEqualTo(9);
    }

    @Test
    void slowBlock_isRunTwiceForWarmUp_andThreeTimesMore() {
        Block block = new Block(5_000L);

        assertThat(block.timing(1_000, 900).eventsPerSecond(block, 10))
                .isCloseTo(10 / 5_000e-9, within(1e-6));
        assertThat(block.runs).isEqualTo(5);
    }

    @Test
    void clockThatStands_givesAFiniteSpeed_afterAFixedNumberOfRuns() {
        Block block = new Block(0L);

        assertThat(block.timing(0, 900).eventsPerSecond(block, 10)).isFinite();
        assertThat(block.runs).isEqualTo(1_001);
    }
}
