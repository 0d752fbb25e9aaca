package io.freshet.local.audit;

import io.freshet.schemas.ModelSnapshotEvent;
import io.freshet.schemas.Provenance;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * Comparison of the snapshots in the history with each other, with the metrics, and with the newest
 * ones in the compacted topic.
 *
 * <p>The history is read before and after the compacted topic, since both grow.
 */
final class SnapshotReview {
    private final EpochLedger ledger;
    private final JobEpoch job;
    private final @Nullable SnapshotTarget until;
    private final SnapshotLog history = new SnapshotLog(false);
    private final SnapshotLog models = new SnapshotLog(true);
    private final Map<String, SnapshotLog.Newest> published = new TreeMap<>();
    private final List<Finding> findings = new ArrayList<>();
    private long compared;

    SnapshotReview(EpochLedger ledger, JobEpoch job, @Nullable SnapshotTarget until) {
        this.ledger = ledger;
        this.job = job;
        this.until = until;
    }

    private boolean isAudited(ModelSnapshotEvent event) {
        return job.equals(new JobEpoch(event.getJob(), event.getEpoch()))
                && (until == null
                        || (event.getModelId().equals(until.modelId())
                                && event.getModelVersion() <= until.modelVersion()));
    }

    /** Adds a record of the history, in the order of the topic. */
    void addToHistory(ModelSnapshotEvent event) {
        if (!isAudited(event)) {
            return;
        }
        history.add(event);
        Provenance provenance = event.getProvenance();
        if (event.getChunk() == 0 && provenance != null) {
            compareProvenance(event, Boundary.of(event, provenance));
        }
    }

    private void compareProvenance(ModelSnapshotEvent event, Boundary snapshot) {
        if (snapshot.examplesSeen() != snapshot.accepted().count()) {
            findings.add(
                    Finding.mismatch(
                            AuditCheck.EXAMPLES_SEEN,
                            event.getModelId(),
                            AuditText.format(
                                    "%s: %,d trained on, %,d accepted",
                                    snapshot.origin(),
                                    snapshot.examplesSeen(),
                                    snapshot.accepted().count())));
        }
        if (snapshot.isWithoutPartitions()) {
            return;
        }
        compared++;
        Boundary same = ledger.addSnapshot(event.getModelId(), snapshot);
        if (same != null && !same.agreesWith(snapshot)) {
            findings.add(
                    Finding.mismatch(
                            AuditCheck.PROVENANCE,
                            event.getModelId(),
                            snapshot.origin() + " and " + same.origin() + " state other events"));
        }
    }

    /** Notes that the compacted topic, which is read next, must have the snapshots so far. */
    void beginModels() {
        history.keepNewestHashes();
        published.putAll(history.newest());
    }

    /** Adds a record of the compacted topic. */
    void addToModels(ModelSnapshotEvent event) {
        if (isAudited(event)) {
            models.add(event);
        }
    }

    /**
     * Returns the problems.
     *
     * @param historyRemoved whether retention has removed records of the history
     * @param open whether transactions are open that may contain snapshots
     */
    List<Finding> findings(boolean historyRemoved, boolean open) {
        List<Finding> all = new ArrayList<>(findings);
        all.addAll(history.findings(historyRemoved, open));
        if (until == null) {
            all.addAll(models.findings(false, open));
            published.forEach((modelId, snapshot) -> compareModel(modelId, snapshot, open, all));
        }
        return all;
    }

    private void compareModel(
            String modelId, SnapshotLog.Newest expected, boolean open, List<Finding> all) {
        SnapshotLog.Newest model = models.newest().get(modelId);
        String hash = model == null ? null : history.recentHash(modelId, model.modelVersion());
        String text;
        boolean undecided = open;
        if (model == null || model.modelVersion() < expected.modelVersion()) {
            text =
                    "version "
                            + expected.modelVersion()
                            + " of the history is not in models"
                            + (model == null ? "" : ", which has " + model.modelVersion());
        } else if (hash == null) {
            text = "version " + model.modelVersion() + " is not in the history";
        } else if (!hash.equals(model.contentHash())) {
            text = "version " + model.modelVersion() + " has another content hash in the history";
            undecided = false;
        } else {
            return;
        }
        all.add(
                undecided
                        ? Finding.undecided(AuditCheck.NEWEST_MODELS, modelId, text, List.of())
                        : Finding.mismatch(AuditCheck.NEWEST_MODELS, modelId, text));
    }

    /** Adds the numbers that the checks compared, for people. */
    void addDetails(Map<AuditCheck, String> details) {
        details.put(
                AuditCheck.SNAPSHOT_CHAIN,
                AuditText.format(
                        "%,d of %,d models", history.snapshots(), history.newest().size()));
        details.put(AuditCheck.PROVENANCE, AuditText.format("%,d snapshots", compared));
        if (until == null) {
            details.put(
                    AuditCheck.NEWEST_MODELS,
                    AuditText.format("%,d models", models.newest().size()));
        }
    }
}
