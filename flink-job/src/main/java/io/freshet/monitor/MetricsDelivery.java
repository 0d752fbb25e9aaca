package io.freshet.monitor;

/** When metrics become visible, and how often. */
public enum MetricsDelivery {
    /** Each record once, with the checkpoint that covers it. */
    EXACTLY_ONCE,
    /** At once; after a failure records come again, with a higher attempt. */
    AT_LEAST_ONCE
}
