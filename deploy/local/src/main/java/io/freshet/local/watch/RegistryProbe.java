package io.freshet.local.watch;

import io.freshet.pipeline.JobTopics;
import io.freshet.pipeline.PreflightException;
import io.freshet.registry.RegistryHealth;
import io.freshet.registry.RegistryRefusedException;
import io.freshet.registry.SchemaRegistry;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Thread that asks a job's schema registry again and again whether it answers. */
public final class RegistryProbe implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(RegistryProbe.class);
    private static final Duration INTERVAL = Duration.ofSeconds(10);

    private final SchemaRegistry registry;
    private final RegistryHealth health;
    private final Duration interval;
    private final Thread thread = new Thread(this::run, "freshet-registry-probe");

    private RegistryProbe(SchemaRegistry registry, RegistryHealth health, Duration interval) {
        this.registry = registry;
        this.health = health;
        this.interval = interval;
        thread.setDaemon(true);
    }

    /**
     * Starts asking every ten seconds; returns nothing if the job needs no registry, or if this
     * process cannot read the login, which is logged.
     */
    public static Optional<RegistryProbe> start(JobTopics topics) {
        return start(topics, INTERVAL);
    }

    static Optional<RegistryProbe> start(JobTopics topics, Duration interval) {
        RegistryHealth health = new RegistryHealth();
        Optional<RegistryProbe> probe;
        try {
            probe =
                    topics.connectRegistry(health)
                            .map(registry -> new RegistryProbe(registry, health, interval));
        } catch (PreflightException e) {
            LOG.warn("the schema registry is not watched: {}", e.getMessage());
            return Optional.empty();
        }
        probe.ifPresent(started -> started.thread.start());
        return probe;
    }

    /**
     * Returns the seconds since which the registry has not answered or has rejected the login; 0 if
     * it answers.
     */
    public double outageSeconds() {
        return health.outageSeconds();
    }

    private void run() {
        String known = "";
        try {
            while (true) {
                String problem = problem();
                if (!problem.equals(known)) {
                    LOG.warn("{}", problem.isEmpty() ? "the schema registry answers" : problem);
                    known = problem;
                }
                TimeUnit.MILLISECONDS.sleep(interval.toMillis());
            }
        } catch (InterruptedException e) {
            LOG.debug("the schema registry is no longer watched");
        }
    }

    private String problem() throws InterruptedException {
        try {
            return registry.outage().orElse("");
        } catch (RegistryRefusedException e) {
            return String.valueOf(e.getMessage());
        }
    }

    /** Stops asking. */
    @Override
    public void close() {
        thread.interrupt();
        try {
            thread.join();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
        registry.close();
    }
}
