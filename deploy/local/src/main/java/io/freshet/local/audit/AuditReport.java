package io.freshet.local.audit;

import io.freshet.pipeline.JobKind;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Result of an audit.
 *
 * @param kind use that the job makes of its events
 * @param until snapshot whose events alone were audited; null if everything was
 * @param details numbers that each check compared, for people
 * @param findings mismatches, and what cannot be proven
 * @param models newest record of each model
 * @param answers numbers of answers for the events that the job only predicts; null if those were
 *     not audited
 * @param newer number of results that are newer than the metrics
 * @param seconds duration of the audit
 */
public record AuditReport(
        JobKind kind,
        JobEpoch job,
        @Nullable SnapshotTarget until,
        Map<AuditCheck, String> details,
        List<Finding> findings,
        List<PartitionReport> partitions,
        Map<String, Boundary> models,
        @Nullable AnswerCounts answers,
        long newer,
        double seconds) {

    /** Returns the overall result. */
    public Verdict verdict() {
        Verdict verdict = Verdict.PROVEN;
        for (Finding finding : findings) {
            verdict = verdict.and(finding.verdict());
        }
        return verdict;
    }

    /** Returns the result of one check. */
    public Verdict verdict(AuditCheck check) {
        Verdict verdict = Verdict.PROVEN;
        for (Finding finding : findings) {
            verdict = finding.check() == check ? verdict.and(finding.verdict()) : verdict;
        }
        return verdict;
    }

    /** Returns whether a check was made. */
    boolean includes(AuditCheck check) {
        return details.containsKey(check) || verdict(check) != Verdict.PROVEN;
    }

    /** Returns the number of events that wait until later ones complete a mini-batch or block. */
    public long pending() {
        return models.values().stream().mapToLong(model -> Math.max(0, model.pending())).sum();
    }

    /** Returns the number of events after the newest metrics, or the last one with an answer. */
    public long unread() {
        return partitions.stream().mapToLong(PartitionReport::unread).sum();
    }
}
