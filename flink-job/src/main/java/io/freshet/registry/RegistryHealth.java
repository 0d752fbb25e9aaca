package io.freshet.registry;

import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.LongSupplier;
import org.apache.flink.metrics.Gauge;
import org.apache.flink.metrics.MetricGroup;

/**
 * Counts of requests to a schema registry, and the length of its present outage, for metrics.
 *
 * <p>Thread-safe: read while the task that asks the registry waits for it.
 */
public final class RegistryHealth {
    private static final long ANSWERS = Long.MIN_VALUE;

    private final LongSupplier nanoTime;
    private final AtomicLong requests = new AtomicLong();
    private final AtomicLong failures = new AtomicLong();
    private final AtomicLong outageSince = new AtomicLong(ANSWERS);

    public RegistryHealth() {
        this(System::nanoTime);
    }

    RegistryHealth(LongSupplier nanoTime) {
        this.nanoTime = nanoTime;
    }

    /** Notes a request to one address. */
    void requested() {
        requests.incrementAndGet();
    }

    /** Notes that an address did not answer as a registry. */
    void failed() {
        failures.incrementAndGet();
    }

    /** Notes that no address answers, or that the registry rejects the login. */
    void unusable() {
        outageSince.compareAndSet(ANSWERS, nanoTime.getAsLong());
    }

    /** Notes that the registry answers. */
    void answered() {
        outageSince.set(ANSWERS);
    }

    /** Returns the number of requests; each address that is asked counts. */
    public long requests() {
        return requests.get();
    }

    /** Returns the number of requests that a registry did not answer. */
    public long failures() {
        return failures.get();
    }

    /**
     * Returns the seconds since which the registry has been of no use: no address answers, or the
     * login is rejected. 0 if it answered the last request.
     */
    public double outageSeconds() {
        long since = outageSince.get();
        return since == ANSWERS
                ? 0
                : (nanoTime.getAsLong() - since) / (double) TimeUnit.SECONDS.toNanos(1);
    }

    /** Adds the figures to a group of metrics. */
    public void addGauges(MetricGroup group) {
        group.gauge("schema_registry_outage_seconds", (Gauge<Double>) this::outageSeconds);
        group.gauge("schema_registry_requests_total", (Gauge<Long>) this::requests);
        group.gauge("schema_registry_failures_total", (Gauge<Long>) this::failures);
    }
}
