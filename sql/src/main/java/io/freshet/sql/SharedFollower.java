package io.freshet.sql;

import io.freshet.classifier.Classifier;
import io.freshet.follow.SnapshotFollower;
import java.time.Duration;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.TimeoutException;

/**
 * Follower of a topic of snapshots that the subtasks of a process share, so that each process reads
 * the topic once. It is closed with the last subtask that has opened it.
 *
 * <p>Thread-safe.
 */
final class SharedFollower implements AutoCloseable {
    /** Followers in use. All accesses are synchronised on this map. */
    private static final Map<Source, SharedFollower> OPEN = new HashMap<>();

    /** Topic with the properties of the client that reads it. */
    private record Source(String topic, Map<String, String> client) {}

    private final Source source;
    private final SnapshotFollower follower;

    /** Number of subtasks that have opened it and not closed it yet. */
    private int users;

    private SharedFollower(Source source) {
        this.source = source;
        follower =
                SnapshotFollower.of(source.topic(), source.client())
                        .keptVersions(1)
                        .onNewVersion(classifier -> signalNewVersion())
                        .start();
    }

    /**
     * Opens the follower of a topic, which begins to follow it unless another subtask has opened it
     * with the same properties. Each caller closes it once.
     *
     * @throws org.apache.kafka.common.KafkaException if the client's properties cannot be used
     */
    static SharedFollower open(ModelOptions options) {
        Source source = new Source(options.topic(), options.clientProperties());
        synchronized (OPEN) {
            SharedFollower shared = OPEN.get(source);
            if (shared == null) {
                shared = new SharedFollower(source);
                OPEN.put(source, shared);
            }
            shared.users++;
            return shared;
        }
    }

    /** Returns the number of topics that are followed at present. */
    static int openTopics() {
        synchronized (OPEN) {
            return OPEN.size();
        }
    }

    private synchronized void signalNewVersion() {
        notifyAll();
    }

    /** Returns the newest version of a model; empty if there is none. */
    Optional<Classifier> newest(String modelId) {
        return follower.newest(modelId);
    }

    /**
     * Waits until everything that the topic has at present has been read and it has the model.
     *
     * @return the newest version of the model
     * @throws TimeoutException if that takes longer; the message says what was found
     */
    Classifier await(String modelId, Duration timeout)
            throws InterruptedException, TimeoutException {
        long deadline = System.nanoTime() + timeout.toNanos();
        if (follower.awaitEnd(timeout)) {
            synchronized (this) {
                while (true) {
                    Optional<Classifier> newest = newest(modelId);
                    if (newest.isPresent()) {
                        return newest.get();
                    }
                    long millis = (deadline - System.nanoTime()) / 1_000_000;
                    if (millis <= 0) {
                        break;
                    }
                    wait(millis);
                }
            }
        }
        throw new TimeoutException(
                "The topic \"%s\" has had no usable version of the model \"%s\" for %s. %s"
                        .formatted(source.topic(), modelId, timeout, reason(modelId)));
    }

    /** Returns the number of records and snapshots on the topic that could not be used. */
    long unusableSnapshots() {
        return follower.status().problems().values().stream().mapToLong(Long::longValue).sum();
    }

    /** Returns whether the topic can be read at present. */
    boolean isConnected() {
        return follower.status().failure().isEmpty();
    }

    private String reason(String modelId) {
        String failure = follower.status().failure();
        if (!failure.isEmpty()) {
            return failure;
        }
        return follower.problem(modelId)
                .map(problem -> problem.message())
                .orElseGet(() -> "It has the models " + follower.modelIds() + ".");
    }

    /** Closes it for one subtask that has opened it. */
    @Override
    public void close() {
        synchronized (OPEN) {
            users--;
            if (users > 0) {
                return;
            }
            OPEN.remove(source);
        }
        follower.close();
    }
}
