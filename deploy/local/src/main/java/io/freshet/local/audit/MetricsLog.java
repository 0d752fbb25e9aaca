package io.freshet.local.audit;

import io.freshet.local.cli.UserException;
import io.freshet.schemas.MetricsEvent;
import java.util.HashMap;
import java.util.Map;
import java.util.Objects;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/** Metrics records of a topic, of which one epoch of one job is kept. */
final class MetricsLog {
    /** Records of one epoch of a job. */
    static final class EpochRecords {
        private final JobEpoch job;
        private final EpochLedger ledger;
        private final SequenceCheck sequence = new SequenceCheck(AuditCheck.METRICS_SEQUENCE);
        private final Map<String, Long> drifts = new HashMap<>();

        private final @Nullable SnapshotTarget until;

        private EpochRecords(JobEpoch job, @Nullable SnapshotTarget until) {
            this.job = job;
            this.until = until;
            ledger = new EpochLedger(until);
        }

        private void add(MetricsEvent event, boolean elsewhere, boolean advances) {
            Long attempt = event.getAttempt();
            boolean replaces =
                    (until == null || until.modelId().equals(event.getModelId()))
                            && sequence.add(
                                    event.getModelId(),
                                    event.getSequence(),
                                    attempt == null ? 0 : attempt,
                                    elsewhere);
            ledger.addMetrics(event, replaces, advances);
            if (event.getDrifts() > 0) {
                drifts.put(event.getModelId(), event.getDrifts());
            }
        }

        JobEpoch job() {
            return job;
        }

        EpochLedger ledger() {
            return ledger;
        }

        SequenceCheck sequence() {
            return sequence;
        }

        /** Returns the number of drift alerts in the newest record of each model that has any. */
        Map<String, Long> drifts() {
            return drifts;
        }
    }

    private final AuditRequest request;
    private final @Nullable SnapshotTarget until;
    private final Map<String, EpochRecords> newest = new TreeMap<>();
    private final JobEpochs epochs;
    private final Map<String, EarlierEpochs> earlier = new TreeMap<>();

    MetricsLog(String topic, AuditRequest request, @Nullable SnapshotTarget until) {
        this.request = request;
        this.until = until;
        epochs =
                new JobEpochs(
                        "metrics",
                        "in topic " + topic,
                        "; a job that only predicts is audited with job.kind=score");
    }

    /**
     * Adds a record, in the order of the topic.
     *
     * @param removed whether retention has removed earlier records of its partition
     * @param advances whether all models must have records up to the offsets that it names
     */
    void add(MetricsEvent event, boolean removed, boolean advances) {
        String job = event.getJob();
        epochs.add(new JobEpoch(job, event.getEpoch()));
        boolean continues =
                earlier.computeIfAbsent(job, j -> new EarlierEpochs())
                        .add(event.getModelId(), event.getEpoch(), event.getSequence());
        Long wanted = wantedEpoch();
        if (wanted != null && wanted != event.getEpoch()) {
            return;
        }
        EpochRecords records = newest.get(job);
        if (records == null || records.job().epoch() < event.getEpoch()) {
            records = new EpochRecords(new JobEpoch(job, event.getEpoch()), until);
            newest.put(job, records);
        }
        if (records.job().epoch() == event.getEpoch()) {
            records.add(event, removed || continues, advances);
        }
    }

    private @Nullable Long wantedEpoch() {
        return until == null ? request.epoch() : Long.valueOf(until.job().epoch());
    }

    /**
     * Returns the records of the epoch that is to be audited.
     *
     * @throws UserException if there is none, or more than one job
     */
    EpochRecords selected() {
        String name = until == null ? request.job() : until.job().job();
        return Objects.requireNonNull(newest.get(epochs.select(name, wantedEpoch()).job()));
    }
}
