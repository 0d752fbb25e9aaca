package io.freshet.monitor;

/** Delivery guarantee of the metrics. */
public enum MetricsDelivery {
    /** Each record is visible once, when the checkpoint that covers it completes. */
    EXACTLY_ONCE,
    /** Records are visible immediately; after a failure some are repeated with a higher attempt. */
    AT_LEAST_ONCE
}
