package io.freshet.local.audit;

import io.freshet.schemas.MetricsEvent;
import io.freshet.schemas.PartitionAudit;
import java.util.Collection;
import java.util.HashMap;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import org.apache.kafka.common.TopicPartition;
import org.jspecify.annotations.Nullable;

/**
 * Records of all models of one epoch of a job, and the events that the audit attributes to them.
 *
 * <p>An event belongs to the model that it names. A dead letter belongs to the model under which it
 * was published, which may be the reserved one without a name: its event is moved there. Sums allow
 * this in any order, so that no position needs to be kept.
 */
final class EpochLedger {
    /** Maximum number of records kept, about 50 MB; with more, ranges become longer. */
    private static final int MAX_BOUNDARIES = 100_000;

    private static final int MAX_UNCOVERED = 10_000;

    private final Map<String, ModelLedger> models = new TreeMap<>();
    private final Map<String, Set<String>> topicIds = new TreeMap<>();
    private final Map<TopicPartition, Long> firsts = new HashMap<>();
    private final Map<TopicPartition, Long> frontier = new HashMap<>();
    private final Map<TopicPartition, Long> lasts = new HashMap<>();
    private final Map<Uncovered.Key, Uncovered> uncovered = new TreeMap<>();
    private final @Nullable SnapshotTarget until;
    private final int maxBoundaries;
    private int boundaries;
    private boolean atLeastOnce;

    /**
     * @param until snapshot whose model and events alone are audited; null for everything
     */
    EpochLedger(@Nullable SnapshotTarget until) {
        this(until, MAX_BOUNDARIES);
    }

    EpochLedger(@Nullable SnapshotTarget until, int maxBoundaries) {
        this.until = until;
        this.maxBoundaries = maxBoundaries;
    }

    /**
     * Adds a metrics record.
     *
     * @param replaces whether it replaces records of the same model from its sequence number on
     * @param advances whether all models must have records up to the offsets that it names
     */
    void addMetrics(MetricsEvent event, boolean replaces, boolean advances) {
        atLeastOnce |= event.getAttempt() != null;
        for (PartitionAudit partition : event.getPartitions()) {
            TopicPartition source =
                    new TopicPartition(partition.getTopic(), partition.getPartition());
            firsts.merge(source, partition.getFirstOffset(), Math::min);
            if (until == null) {
                noteTopicId(partition);
                lasts.merge(source, partition.getLastOffset(), Math::max);
                if (advances) {
                    frontier.merge(source, partition.getLastOffset(), Math::max);
                }
            }
        }
        if (until == null || until.modelId().equals(event.getModelId())) {
            ModelLedger model = models.computeIfAbsent(event.getModelId(), ModelLedger::new);
            int before = model.size();
            model.add(Boundary.of(event), replaces);
            boundaries += model.size() - before;
            thinIfTooMany();
        }
    }

    private void noteTopicId(PartitionAudit partition) {
        Set<String> ids = topicIds.computeIfAbsent(partition.getTopic(), t -> new TreeSet<>());
        if (!partition.getTopicId().isEmpty()) {
            ids.add(partition.getTopicId());
        }
    }

    private void thinIfTooMany() {
        if (boundaries > maxBoundaries && boundaries > 2 * models.size()) {
            models.values().forEach(ModelLedger::thin);
            boundaries = models.values().stream().mapToInt(ModelLedger::size).sum();
        }
    }

    /**
     * Adds the provenance of a snapshot.
     *
     * @return the metrics record that states the same number of events; null if there is none
     */
    @Nullable Boundary addSnapshot(String modelId, Boundary snapshot) {
        ModelLedger model = models.get(modelId);
        if (model == null) {
            return null;
        }
        int before = model.size();
        Boundary same = model.addSnapshot(snapshot, false);
        boundaries += model.size() - before;
        thinIfTooMany();
        return same;
    }

    /** Completes the records; from now on events can be added. */
    void seal() {
        if (until != null) {
            ModelLedger model = models.computeIfAbsent(until.modelId(), ModelLedger::new);
            model.cutAfter(until.boundary());
            model.addSnapshot(until.boundary(), true);
            until.boundary()
                    .partitions()
                    .forEach(
                            (source, read) -> {
                                lasts.put(source, read.last());
                                firsts.merge(source, read.first(), Math::min);
                                Set<String> ids =
                                        topicIds.computeIfAbsent(
                                                source.topic(), t -> new TreeSet<>());
                                if (!read.topicId().isEmpty()) {
                                    ids.add(read.topicId());
                                }
                            });
        }
        models.values().forEach(ModelLedger::seal);
    }

    /** Adds a message of the input, as the audit decodes it. */
    void addInput(TopicPartition source, long offset, long hash, EventKind kind, String modelId) {
        ModelLedger model = models.get(modelId);
        if (model == null && until == null) {
            model = models.get(MessageDecoder.NO_MODEL);
        }
        boolean covered = model != null && model.addInput(source, offset, hash, kind, 1);
        if (!covered) {
            addUncovered(source, offset, modelId, 1);
        }
    }

    private void addUncovered(TopicPartition source, long offset, String modelId, int sign) {
        if (until == null
                && offset <= frontier.getOrDefault(source, -1L)
                && uncovered.size() < MAX_UNCOVERED) {
            uncovered
                    .computeIfAbsent(new Uncovered.Key(modelId, source), Uncovered::new)
                    .add(offset, sign);
        }
    }

    /**
     * Adds a dead letter.
     *
     * @param publishedModelId model under which it was published
     * @param kind what the audit reads in its value
     * @param modelId model that its value names, as the audit decodes it
     * @param inInput whether the input still has its message
     * @return whether the newest metrics cover it
     */
    boolean addDeadLetter(
            TopicPartition source,
            long offset,
            long hash,
            String publishedModelId,
            EventKind kind,
            String modelId,
            boolean inInput) {
        ModelLedger model = models.get(publishedModelId);
        if (model == null || !model.addDeadLetter(source, offset, hash, kind, inInput)) {
            return false;
        }
        ModelLedger named = models.get(modelId);
        if (named == null && until == null) {
            named = models.get(MessageDecoder.NO_MODEL);
        }
        if (inInput && !model.equals(named)) {
            if (named == null || !named.addInput(source, offset, hash, kind, -1)) {
                addUncovered(source, offset, modelId, -1);
            }
            model.addInput(source, offset, hash, kind, 1);
        }
        return true;
    }

    /**
     * Adds a prediction.
     *
     * @return whether the newest metrics cover it
     */
    boolean addPrediction(TopicPartition source, long offset, long hash, String modelId) {
        ModelLedger model = models.get(modelId);
        return model != null && model.addPrediction(source, offset, hash);
    }

    Collection<ModelLedger> models() {
        return models.values();
    }

    @Nullable ModelLedger model(String modelId) {
        return models.get(modelId);
    }

    /** Returns the ids under which the records name each input topic. */
    Map<String, Set<String>> topicIds() {
        return topicIds;
    }

    /** Returns the offset of the first event that the job read from each partition. */
    Map<TopicPartition, Long> firsts() {
        return firsts;
    }

    /** Returns the offset of the last event in the records of any model, by partition. */
    Map<TopicPartition, Long> lasts() {
        return lasts;
    }

    /**
     * Returns the events that no record covers, although metrics that {@link #addMetrics advance}
     * name later ones of the same partition.
     */
    Collection<Uncovered> uncovered() {
        return uncovered.values();
    }

    /** Returns whether the metrics are delivered at least once. */
    boolean isAtLeastOnce() {
        return atLeastOnce;
    }
}
