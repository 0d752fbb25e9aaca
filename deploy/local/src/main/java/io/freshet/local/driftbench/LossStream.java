package io.freshet.local.driftbench;

import java.util.List;

/**
 * What a model's tests on a stream came to, and where the stream drifts.
 *
 * @param family what it was made by
 * @param kind how it changes
 * @param losses (size), in nats
 * @param errors (size), whether the prediction was wrong
 * @param drifts the changes for the worse, which a detector is to find
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
