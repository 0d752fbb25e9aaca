package io.freshet.local.audit;

/**
 * Snapshot whose events are audited.
 *
 * @param job job and epoch that published it
 * @param boundary its provenance
 */
record SnapshotTarget(
        JobEpoch job, String modelId, long modelVersion, String contentHash, Boundary boundary) {}
