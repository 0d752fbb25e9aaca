package io.freshet.local.audit;

import java.time.Duration;
import org.jspecify.annotations.Nullable;

/**
 * Choice of what to audit.
 *
 * @param job name of the job; null if the topics have only one
 * @param epoch epoch of the job; null for the newest
 * @param until version or content hash of the snapshot whose events alone are audited; null for all
 * @param modelId model of that snapshot; null if it is clear
 * @param patience maximum time to wait for open transactions before a mismatch is told
 * @param startsLatest whether a job without state begins at the end of its input
 * @param unaligned whether the job's checkpoints may be unaligned
 * @param mayWait whether feature events may wait for their model
 */
public record AuditRequest(
        @Nullable String job,
        @Nullable Long epoch,
        @Nullable String until,
        @Nullable String modelId,
        Duration patience,
        boolean startsLatest,
        boolean unaligned,
        boolean mayWait) {}
