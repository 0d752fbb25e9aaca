package io.freshet.publish;

import io.freshet.learn.ModelSnapshot;
import io.freshet.model.ensemble.EnsembleParameters;
import io.freshet.model.ensemble.EnsembleTraining;
import io.freshet.model.sparse.SparseParameters;
import io.freshet.schemas.ModelSnapshotEvent;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;

/**
 * Division of a snapshot's parameters into records: by {@code models.chunk-size} and the format, in
 * a sparse model into whole rows.
 *
 * @param snapshot the snapshot
 * @param dense parameters of a dense model: those of the linear models, then of an ensemble the
 *     logits of the ferns and the examples of the window, and at last what only a learner needs
 * @param length number of parameters
 * @param inFirst number of parameters in the first record
 * @param inLater number of parameters in each later record
 */
@SuppressWarnings("ArrayRecordComponent") // never compared
record SnapshotChunks(ModelSnapshot snapshot, float[] dense, int length, int inFirst, int inLater) {
    static SnapshotChunks of(
            ModelSnapshot snapshot, PublishConfig config, Map<String, String> featureSettings) {
        SparseParameters sparse = snapshot.sparse();
        double[] moments = snapshot.scalerMean();
        int first =
                config.parametersInFirstRecord(
                        moments == null ? 0 : moments.length, featureSettings);
        int later = config.parametersPerRecord();
        first = Math.max(1, first - EnsembleSizes.numSmallValues(snapshot.ensemble()));
        if (sparse == null) {
            float[] dense = dense(snapshot);
            return new SnapshotChunks(snapshot, dense, dense.length, first, later);
        }
        int width = Math.max(1, width(sparse));
        return new SnapshotChunks(
                snapshot,
                snapshot.parameters(),
                sparse.parameters().length,
                PublishConfig.rowsOf(width, first) * width,
                PublishConfig.rowsOf(width, later) * width);
    }

    /** Returns the parameters of a dense model, as its records have them. */
    private static float[] dense(ModelSnapshot snapshot) {
        EnsembleParameters ensemble = snapshot.ensemble();
        float[] linear = snapshot.parameters();
        if (ensemble == null) {
            return linear;
        }
        EnsembleTraining training = ensemble.training();
        return training == null
                ? joined(linear, ensemble.ferns(), ensemble.points())
                : joined(
                        linear,
                        ensemble.ferns(),
                        ensemble.points(),
                        training.fernSums(),
                        training.labelCounts());
    }

    private static float[] joined(float[]... arrays) {
        float[] all = new float[Arrays.stream(arrays).mapToInt(array -> array.length).sum()];
        int at = 0;
        for (float[] array : arrays) {
            System.arraycopy(array, 0, all, at, array.length);
            at += array.length;
        }
        return all;
    }

    /** Returns the number of parameters of a column. */
    private static int width(SparseParameters sparse) {
        return sparse.columns().length == 0
                ? 0
                : sparse.parameters().length / sparse.columns().length;
    }

    /** Returns the number of records. */
    int count() {
        return 1 + (Math.max(0, length - inFirst) + inLater - 1) / inLater;
    }

    /** Writes the parameters of a record. */
    void write(int chunk, ModelSnapshotEvent.Builder event) {
        int from = chunk == 0 ? 0 : inFirst + (chunk - 1) * inLater;
        int to = Math.min(from + (chunk == 0 ? inFirst : inLater), length);
        event.setParameterOffset(from);
        SparseParameters sparse = snapshot.sparse();
        if (sparse == null) {
            event.setParameters(list(dense, from, to));
            return;
        }
        event.setParameters(list(sparse.parameters(), from, to));
        int width = Math.max(1, width(sparse));
        List<Integer> columns = new ArrayList<>();
        for (int i = from / width; i < to / width; i++) {
            columns.add(sparse.columns()[i]);
        }
        event.setColumns(columns);
        if (sparse.scales().length > 0) {
            event.setScales(list(sparse.scales(), from / width, to / width));
        }
    }

    static List<Float> list(float[] values, int from, int to) {
        List<Float> list = new ArrayList<>(to - from);
        for (int i = from; i < to; i++) {
            list.add(values[i]);
        }
        return list;
    }
}
