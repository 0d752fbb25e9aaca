package io.freshet.follow;

import io.freshet.classifier.Classifier;
import io.freshet.classifier.InvalidSnapshotException;
import io.freshet.classifier.SnapshotCollector;
import io.freshet.schemas.EventReader;
import io.freshet.schemas.ModelSnapshotEvent;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Iterator;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Consumer;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.common.header.Header;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The models that come of the topic's records. One thread adds records; any thread reads. A model
 * keeps its last good version while newer records cannot be used.
 */
final class SnapshotIntake {
    private static final Logger LOG = LoggerFactory.getLogger(SnapshotIntake.class);
    private static final EventReader<ModelSnapshotEvent> READER =
            EventReader.of(ModelSnapshotEvent.class);

    /** The records of a snapshot come within this time, also without a transaction. */
    private static final long PATIENCE_NANOS = Duration.ofSeconds(5).toNanos();

    private static final String FIRST_CHUNK = "/0";

    private final int maxModels;
    private final Consumer<Classifier> listener;
    private final ModelVersions versions;
    private final SnapshotCollector collector = new SnapshotCollector();

    /** Ids of the models in the collector. */
    private final Set<String> known = new HashSet<>();

    /** When the last record of a snapshot that is not whole yet came, by model. */
    private final Map<String, Long> unfinished = new HashMap<>();

    private final AtomicLong numRecords = new AtomicLong();
    private final Map<String, ModelProblem> problems = new ConcurrentHashMap<>();
    private final Map<FollowProblem, Long> counts = new ConcurrentHashMap<>();

    SnapshotIntake(int maxModels, int keptVersions, Consumer<Classifier> listener) {
        this.maxModels = maxModels;
        this.listener = listener;
        versions = new ModelVersions(keptVersions);
        for (FollowProblem kind : FollowProblem.values()) {
            counts.put(kind, 0L);
        }
    }

    long numRecords() {
        return numRecords.get();
    }

    ModelVersions versions() {
        return versions;
    }

    /** Returns the reason why the newest records of a model are not used; empty if they are. */
    Optional<ModelProblem> problem(String modelId) {
        return Optional.ofNullable(problems.get(modelId));
    }

    /** Returns the reasons by model, of at most as many models as there may be. */
    Map<String, ModelProblem> problems() {
        return Map.copyOf(problems);
    }

    Map<FollowProblem, Long> counts() {
        return Map.copyOf(counts);
    }

    /** Adds the next record of the topic. */
    void add(ConsumerRecord<byte[], byte[]> record) {
        numRecords.incrementAndGet();
        byte @Nullable [] value = record.value();
        String key = key(record);
        if (value == null) {
            if (key.endsWith(FIRST_CHUNK)) {
                remove(key.substring(0, key.length() - FIRST_CHUNK.length()));
            }
            return;
        }
        ModelSnapshotEvent event;
        try {
            Header schema = record.headers().lastHeader(EventReader.SCHEMA_HEADER);
            event = READER.read(value, schema == null ? null : schema.value());
        } catch (IOException e) {
            refuse(
                    key.substring(0, Math.max(0, key.lastIndexOf('/'))),
                    FollowProblem.UNREADABLE_RECORD,
                    "The record at offset "
                            + record.offset()
                            + " of partition "
                            + record.partition()
                            + " is no snapshot: "
                            + e.getMessage()
                            + ".");
            return;
        }
        add(event);
    }

    private static String key(ConsumerRecord<byte[], byte[]> record) {
        byte @Nullable [] key = record.key();
        return key == null ? "" : new String(key, StandardCharsets.UTF_8);
    }

    private void add(ModelSnapshotEvent event) {
        String modelId = event.getModelId();
        if (!known.contains(modelId) && known.size() == maxModels) {
            refuse(
                    modelId,
                    FollowProblem.TOO_MANY_MODELS,
                    "The model is not followed, since " + maxModels + " others are.");
            return;
        }
        known.add(modelId);
        try {
            Optional<Classifier> newest = collector.add(event);
            newest.ifPresent(this::accept);
            if (collector.incomplete(modelId).isPresent()) {
                unfinished.put(modelId, System.nanoTime());
            } else {
                unfinished.remove(modelId);
            }
        } catch (InvalidSnapshotException e) {
            unfinished.remove(modelId);
            refuse(modelId, FollowProblem.INVALID_SNAPSHOT, String.valueOf(e.getMessage()));
        }
    }

    private void accept(Classifier newest) {
        versions.add(newest);
        String modelId = newest.info().modelId();
        if (problems.remove(modelId) != null) {
            LOG.info("{} replaces the last good version", newest);
        }
        listener.accept(newest);
    }

    /** Removes a model whose first record has been deleted from the topic. */
    private void remove(String modelId) {
        collector.remove(modelId);
        known.remove(modelId);
        unfinished.remove(modelId);
        problems.remove(modelId);
        versions.remove(modelId);
    }

    /** Refuses the snapshots of which no more records have come, at the end of the topic. */
    void refuseIncomplete() {
        long now = System.nanoTime();
        Iterator<Map.Entry<String, Long>> entries = unfinished.entrySet().iterator();
        while (entries.hasNext()) {
            Map.Entry<String, Long> entry = entries.next();
            if (now - entry.getValue() > PATIENCE_NANOS) {
                String modelId = entry.getKey();
                entries.remove();
                collector
                        .incomplete(modelId)
                        .ifPresent(
                                e ->
                                        refuse(
                                                modelId,
                                                FollowProblem.INCOMPLETE_SNAPSHOT,
                                                String.valueOf(e.getMessage())));
            }
        }
    }

    private void refuse(String modelId, FollowProblem kind, String message) {
        counts.merge(kind, 1L, Long::sum);
        ModelProblem before = problems.get(modelId);
        if (before != null || problems.size() < maxModels) {
            if (before == null || before.kind() != kind) {
                LOG.warn("model \"{}\": {}", modelId, message);
            }
            problems.put(modelId, new ModelProblem(kind, message, Instant.now()));
        }
    }
}
