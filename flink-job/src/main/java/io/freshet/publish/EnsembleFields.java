package io.freshet.publish;

import io.freshet.ensemble.FernTests;
import io.freshet.ensemble.Projection;
import io.freshet.model.ensemble.EnsembleParameters;
import io.freshet.schemas.EnsembleSnapshot;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Conversion of an ensemble's small arrays to Avro. */
final class EnsembleFields {
    private EnsembleFields() {}

    /** Returns the fields; null without an ensemble. */
    static @Nullable EnsembleSnapshot snapshot(
            @Nullable EnsembleParameters ensemble, int numClasses) {
        return ensemble == null
                ? null
                : new EnsembleSnapshot(
                        ensemble.ferns().length == 0 ? 0 : FernTests.numFerns(numClasses),
                        ensemble.ferns().length == 0
                                ? 0
                                : Projection.dimensions(ensemble.featureWeights().length),
                        Arrays.stream(ensemble.labels()).boxed().toList(),
                        list(ensemble.featureWeights()),
                        list(ensemble.labelPredictions()),
                        Arrays.stream(ensemble.stack()).boxed().toList(),
                        Arrays.stream(ensemble.correction()).boxed().toList(),
                        Arrays.stream(ensemble.answers()).boxed().toList());
    }

    private static List<Float> list(float[] values) {
        return SnapshotChunks.list(values, 0, values.length);
    }
}
