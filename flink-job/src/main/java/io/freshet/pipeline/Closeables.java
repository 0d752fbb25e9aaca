package io.freshet.pipeline;

import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Closing that logs what fails instead of throwing.
 *
 * <p>Flink takes an exception in a task's clean-up as fatal and ends the TaskManager. Kafka's
 * clients throw there whenever the brokers are away.
 */
final class Closeables {
    private static final Logger LOG = LoggerFactory.getLogger(Closeables.class);

    private Closeables() {}

    /**
     * Closes something that belongs to a task.
     *
     * @param name for the log
     */
    static void closeQuietly(AutoCloseable closeable, String name) {
        try {
            closeable.close();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            LOG.warn("interrupted while {} was closed", name, e);
        } catch (Exception e) {
            LOG.warn("{} could not be closed", name, e);
        }
    }
}
