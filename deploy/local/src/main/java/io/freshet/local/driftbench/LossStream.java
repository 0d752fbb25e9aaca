package io.freshet.local.driftbench;

import java.util.List;

/**
 * Sequence of a model's test-then-train losses and errors, with the drifts of the stream.
 *
 * @param family name of the generator or file
 * @param kind kind of its changes
 * @param losses (size), in nats
 * @param errors (size), whether the prediction was wrong
 * @param drifts changes for the worse, which a detector should find
 */
@SuppressWarnings("ArrayRecordComponent") // never compared
public record LossStream(
        String family,
        DriftKind kind,
        float[] losses,
        boolean[] errors,
        List<DriftPlan.Change> drifts) {
    int size() {
        return losses.length;
    }
}
