package io.freshet.model;

import java.util.Arrays;
import java.util.function.LongSupplier;

/** Measurement of the events that an engine learns a second, after a warm-up. */
final class EngineTiming {
    private static final int MIN_RUNS = 3;
    private static final int MAX_RUNS = 1000;

    private final LongSupplier clock;
    private final long warmUp;
    private final long measured;

    /**
     * @param clock in nanoseconds
     * @param warmUp nanoseconds for which a block runs again and again before it is measured, after
     *     a first run
     * @param measured nanoseconds for which it is measured. Either lasts one run longer than that,
     *     and at least {@value #MIN_RUNS} are measured.
     */
    EngineTiming(LongSupplier clock, long warmUp, long measured) {
        this.clock = clock;
        this.warmUp = warmUp;
        this.measured = measured;
    }

    /**
     * Measures a block.
     *
     * @param block learns the events of one block
     * @param numEvents number of these events
     * @return events a second, of the median run
     */
    double eventsPerSecond(Runnable block, int numEvents) {
        // Compiles the kernels of a device.
        block.run();
        long begin = clock.getAsLong();
        while (clock.getAsLong() - begin < warmUp) {
            block.run();
        }
        long[] times = new long[MAX_RUNS];
        int runs = 0;
        begin = clock.getAsLong();
        long before = begin;
        while (runs < MIN_RUNS || (runs < MAX_RUNS && before - begin < measured)) {
            block.run();
            long now = clock.getAsLong();
            times[runs++] = now - before;
            before = now;
        }
        Arrays.sort(times, 0, runs);
        // A clock may be coarser than a block.
        return numEvents * 1e9 / Math.max(1, times[runs / 2]);
    }
}
