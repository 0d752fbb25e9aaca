package io.freshet.monitor;

import io.freshet.learn.ModelCost;

/** Estimate of the heap memory used by the metrics of one live model with a full window. */
public final class MonitorMemory {
    /** Bytes of a monitor's other objects and of its entry in the operator. */
    private static final long MONITOR_BYTES = 3_500;

    /** Largest fraction of the heap that one model's window may use. */
    private static final double MAX_HEAP_FRACTION = 0.25;

    private MonitorMemory() {}

    /** Returns the estimate for a configuration. */
    public static ModelCost cost(MonitorConfig config) {
        long tallies =
                MONITOR_BYTES
                        + (3 + config.windowSize() / ExampleWindow.SEGMENT) * Tallies.bytes(config)
                        + Confusion.bytes(config);
        long examples = (long) config.windowSize() * ExampleWindow.BYTES_PER_EXAMPLE / 2;
        return new ModelCost(
                tallies + examples + (long) Double.BYTES * config.runningLossMiniBatches(), 0);
    }

    /**
     * Checks that the window of one model leaves most of the heap free.
     *
     * @param heapBytes maximum heap size in bytes
     * @throws IllegalStateException if the window uses more than a quarter of the heap
     */
    static void requireWindowFits(MonitorConfig config, long heapBytes) {
        long bytes = (long) config.windowSize() * ExampleWindow.BYTES_PER_EXAMPLE;
        if (bytes > MAX_HEAP_FRACTION * heapBytes) {
            throw new IllegalStateException(
                    MonitorConfig.WINDOW_SIZE
                            + " = "
                            + config.windowSize()
                            + " takes "
                            + (bytes >> 20)
                            + " MiB per model; one window may take at most a quarter of the heap,"
                            + " which has "
                            + (heapBytes >> 20)
                            + " MiB");
        }
    }
}
