package io.freshet.publish;

import io.freshet.classifier.SnapshotHash;
import io.freshet.ensemble.FernTests;
import io.freshet.ensemble.Projection;
import io.freshet.model.ensemble.EnsembleParameters;
import io.freshet.model.ensemble.EnsembleTraining;
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
                        Arrays.stream(ensemble.testFeatures()).boxed().toList(),
                        list(ensemble.testThresholds()),
                        Arrays.stream(ensemble.labels()).boxed().toList(),
                        list(ensemble.featureWeights()),
                        list(ensemble.labelPredictions()),
                        list(ensemble.stack()),
                        list(ensemble.correction()),
                        list(ensemble.answers()),
                        training(ensemble.training()));
    }

    private static io.freshet.schemas.@Nullable EnsembleTraining training(
            @Nullable EnsembleTraining training) {
        return training == null
                ? null
                : new io.freshet.schemas.EnsembleTraining(
                        training.numParameters(),
                        training.seen(),
                        training.nextRefresh(),
                        training.lastLabel(),
                        list(training.mixture()),
                        list(training.answers()),
                        list(training.stackCovariance()),
                        list(training.correctionCovariance()));
    }

    /** Adds all of it to a hash but what is among the parameters. */
    static void addTo(SnapshotHash hash, EnsembleParameters ensemble) {
        hash.add(ensemble.testFeatures());
        hash.add(ensemble.testThresholds());
        hash.add(ensemble.labels());
        hash.add(ensemble.featureWeights());
        hash.add(ensemble.labelPredictions());
        hash.add(ensemble.stack());
        hash.add(ensemble.correction());
        hash.add(ensemble.answers());
        EnsembleTraining training = ensemble.training();
        if (training != null) {
            hash.add(training.mixture());
            hash.add(training.answers());
            hash.add(training.stackCovariance());
            hash.add(training.correctionCovariance());
            hash.add(training.seen());
            hash.add(training.nextRefresh());
            hash.add(new int[] {training.lastLabel()});
        }
    }

    private static List<Double> list(double[] values) {
        return Arrays.stream(values).boxed().toList();
    }

    private static List<Float> list(float[] values) {
        return SnapshotChunks.list(values, 0, values.length);
    }
}
