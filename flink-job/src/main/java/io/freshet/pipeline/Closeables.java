package io.freshet.pipeline;

import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Closing of a task's resources that logs exceptions instead of throwing them.
 *
 * <p>Flink treats an exception during a task's clean-up as fatal and terminates the TaskManager.
 * Kafka's clients throw such exceptions whenever the brokers cannot be reached.
 */
final class Closeables {
    private static final Logger LOG = LoggerFactory.getLogger(Closeables.class);

    private Closeables() {}

    /**
     * Closes a resource of a task; logs a warning if that fails.
     *
     * @param name name of the resource in the log
     */
    static void closeQuietly(AutoCloseable closeable, String name) {
        try {
            closeable.close();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            LOG.warn("interrupted while closing {}", name, e);
        } catch (Exception e) {
            LOG.warn("failed to close {}", name, e);
        }
    }
}
