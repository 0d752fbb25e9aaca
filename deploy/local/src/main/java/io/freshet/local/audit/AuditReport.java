package io.freshet.local.audit;

import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Result of an audit.
 *
 * @param until snapshot whose events alone were audited; null if everything was
 * @param details numbers that each check compared, for people
 * @param findings mismatches, and what cannot be proven
 * @param models newest record of each model
 * @param newer number of results that are newer than the metrics
 * @param seconds duration of the audit
 */
public record AuditReport(
        JobEpoch job,
        @Nullable SnapshotTarget until,
        Map<AuditCheck, String> details,
        List<Finding> findings,
        List<PartitionReport> partitions,
        Map<String, Boundary> models,
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

    /** Returns the number of events that wait until later ones complete a mini-batch or block. */
    public long pending() {
        return models.values().stream().mapToLong(model -> Math.max(0, model.pending())).sum();
    }

    /** Returns the number of events after the newest metrics. */
    public long unread() {
        return partitions.stream().mapToLong(PartitionReport::unread).sum();
    }
}
