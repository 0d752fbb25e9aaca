package io.freshet.local.audit;

import java.util.List;

/**
 * A mismatch, or a part that cannot be proven, with the place where it lies.
 *
 * @param verdict {@link Verdict#MISMATCH} or {@link Verdict#UNPROVEN}
 * @param modelId model; "" for the reserved one or none
 * @param text the problem, for people
 * @param spans ranges of offsets within which it lies; empty if it does not lie in the input
 * @param difference events that should be there minus those that are; {@link EventSum#NONE} if it
 *     is not known by counts and digests
 * @param missing events that are missing, as far as they were found
 * @param repeated events that are there more often than they should be, as far as they were found
 * @param isFinal whether another reading of the topics would find the same
 */
record Finding(
        AuditCheck check,
        Verdict verdict,
        String modelId,
        String text,
        List<OffsetSpan> spans,
        EventSum difference,
        List<EventPosition> missing,
        List<EventPosition> repeated,
        boolean isFinal) {

    static Finding mismatch(AuditCheck check, String modelId, String text) {
        return new Finding(
                check,
                Verdict.MISMATCH,
                modelId,
                text,
                List.of(),
                EventSum.NONE,
                List.of(),
                List.of(),
                false);
    }

    /** Returns a finding that results which become visible later may settle. */
    static Finding undecided(
            AuditCheck check, String modelId, String text, List<OffsetSpan> spans) {
        return new Finding(
                check,
                Verdict.UNPROVEN,
                modelId,
                text,
                spans,
                EventSum.NONE,
                List.of(),
                List.of(),
                false);
    }

    static Finding unproven(AuditCheck check, String modelId, String text, List<OffsetSpan> spans) {
        return new Finding(
                check,
                Verdict.UNPROVEN,
                modelId,
                text,
                spans,
                EventSum.NONE,
                List.of(),
                List.of(),
                true);
    }

    /** Returns whether single events may explain it. */
    boolean isSearchable() {
        return verdict == Verdict.MISMATCH
                && !difference.equals(EventSum.NONE)
                && missing.isEmpty()
                && repeated.isEmpty();
    }

    Finding located(List<EventPosition> missing, List<EventPosition> repeated) {
        return new Finding(
                check, verdict, modelId, text, spans, difference, missing, repeated, isFinal);
    }
}
