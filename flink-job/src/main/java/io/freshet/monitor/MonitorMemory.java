package io.freshet.monitor;

import io.freshet.learn.ModelCost;

/** Estimate of the heap memory that the metrics of one live model take once its window is full. */
public final class MonitorMemory {
    /** Bytes of a monitor's objects and of its place in the operator. */
    private static final long MONITOR_OBJECTS = 3_500;

    /** The largest fraction of the heap that one model's window may take. */
    private static final double LARGEST_FRACTION_OF_HEAP = 0.25;

    private MonitorMemory() {}

    /** Returns the estimate for a configuration. */
    public static ModelCost cost(MonitorConfig config) {
        long tallies =
                MONITOR_OBJECTS
                        + (3 + config.windowSize() / ExampleWindow.SEGMENT) * Tallies.bytes(config)
                        + Confusion.bytes(config);
        long examples = (long) config.windowSize() * ExampleWindow.BYTES_PER_EXAMPLE / 2;
        return new ModelCost(
                tallies + examples + (long) Double.BYTES * config.runningLossMiniBatches(), 0);
    }

    /**
     * Checks that one model's window leaves most of the heap free.
     *
     * @param heapBytes the most that the heap may grow to
     * @throws IllegalStateException if the window takes more than a quarter of the heap
     */
    static void requireWindowFits(MonitorConfig config, long heapBytes) {
        long bytes = (long) config.windowSize() * ExampleWindow.BYTES_PER_EXAMPLE;
        if (bytes > LARGEST_FRACTION_OF_HEAP * heapBytes) {
            throw new IllegalStateException(
                    MonitorConfig.WINDOW_SIZE
                            + " = "
                            + config.windowSize()
                            + " takes "
                            + (bytes >> 20)
                            + " MiB a model; the heap has "
                            + (heapBytes >> 20)
                            + " MiB, of which one window may take a quarter");
        }
    }
}
