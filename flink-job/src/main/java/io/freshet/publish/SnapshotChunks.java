package io.freshet.publish;

import io.freshet.learn.ModelSnapshot;
import io.freshet.model.sparse.SparseParameters;
import io.freshet.schemas.ModelSnapshotEvent;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/**
 * Division of a snapshot's parameters into records: by {@code models.chunk-size} and the format, in
 * a sparse model into whole rows.
 *
 * @param snapshot the snapshot
 * @param length number of parameters
 * @param inFirst number of parameters in the first record
 * @param inLater number of parameters in each later record
 */
record SnapshotChunks(ModelSnapshot snapshot, int length, int inFirst, int inLater) {
    static SnapshotChunks of(
            ModelSnapshot snapshot, PublishConfig config, Map<String, String> featureSettings) {
        SparseParameters sparse = snapshot.sparse();
        double[] moments = snapshot.scalerMean();
        int first =
                config.parametersInFirstRecord(
                        moments == null ? 0 : moments.length, featureSettings);
        int later = config.parametersPerRecord();
        if (sparse == null) {
            return new SnapshotChunks(snapshot, snapshot.parameters().length, first, later);
        }
        int width = Math.max(1, width(sparse));
        return new SnapshotChunks(
                snapshot,
                sparse.parameters().length,
                PublishConfig.rowsOf(width, first) * width,
                PublishConfig.rowsOf(width, later) * width);
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
            event.setParameters(list(snapshot.parameters(), from, to));
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
