package io.freshet.learn;

import io.freshet.model.LearnerState;
import io.freshet.model.ensemble.EnsembleState;
import io.freshet.model.optim.NamedArray;
import io.freshet.model.optim.OptimizerState;
import io.freshet.model.sparse.SparseChunk;
import io.freshet.model.sparse.SparseState;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.apache.flink.api.common.state.KeyedStateStore;
import org.apache.flink.api.common.state.MapState;
import org.apache.flink.api.common.state.MapStateDescriptor;
import org.apache.flink.api.common.typeinfo.PrimitiveArrayTypeInfo;
import org.apache.flink.api.common.typeinfo.TypeInformation;
import org.apache.flink.api.common.typeinfo.Types;
import org.jspecify.annotations.Nullable;

/**
 * The arrays of a learner's state that grow with the model, in Flink's keyed state: split into
 * chunks, so that no single value of state grows with the model.
 */
final class ModelChunks {
    /** Number of floats in a chunk, 64 KiB. */
    private static final int CHUNK = 16_384;

    private final KeyedStateStore store;
    private final String prefix;
    private final List<String> optimizerArrays;
    private final Map<String, MapState<Integer, float[]>> optimizerStates = new HashMap<>();
    private final MapState<Integer, float[]> parameters;
    private final MapState<Integer, float[]> goodParameters;
    private final MapState<Integer, float[]> baselineCounts;
    private final EnsembleChunks ensemble;
    private final EnsembleChunks goodEnsemble;
    private final MapState<Integer, SparseChunk> rows;
    private final MapState<Integer, SparseChunk> goodRows;

    /**
     * @param prefix prefix of the states' names
     * @param optimizerArrays names of the arrays of the configured optimiser's state
     */
    ModelChunks(KeyedStateStore store, String prefix, List<String> optimizerArrays) {
        this.store = store;
        this.prefix = prefix;
        this.optimizerArrays = optimizerArrays;
        parameters = store.getMapState(chunks(prefix + "parameters"));
        goodParameters = store.getMapState(chunks(prefix + "good-parameters"));
        baselineCounts = store.getMapState(chunks(prefix + "baseline-counts"));
        ensemble = new EnsembleChunks(prefix);
        goodEnsemble = new EnsembleChunks(prefix + "good-");
        rows = store.getMapState(rows(prefix + "rows"));
        goodRows = store.getMapState(rows(prefix + "good-rows"));
    }

    private static MapStateDescriptor<Integer, SparseChunk> rows(String name) {
        return new MapStateDescriptor<>(name, Types.INT, TypeInformation.of(SparseChunk.class));
    }

    private static MapStateDescriptor<Integer, float[]> chunks(String name) {
        return new MapStateDescriptor<>(
                name, Types.INT, PrimitiveArrayTypeInfo.FLOAT_PRIMITIVE_ARRAY_TYPE_INFO);
    }

    /**
     * Writes the arrays of the current key that were not saved before. Removes the arrays of the
     * optimiser if the optimiser's state is zero, so that a header names all arrays that exist.
     */
    @SuppressWarnings("ReferenceEquality") // a state that was not changed is the same object
    void save(LearnerState state, SavedArrays saved) throws Exception {
        SparseState sparse = state.sparse();
        if (sparse != null) {
            SparseChunk[] good = sparse.goodChunks();
            putRows(rows, sparse.chunks(), saved.rows());
            putRows(goodRows, good == null ? new SparseChunk[0] : good, saved.goodRows());
        } else if (state.goodParameters() != saved.goodParameters()) {
            put(goodParameters, state.goodParameters());
        }
        put(parameters, state.parameters());
        if (state.optimizer().arrays().length == 0) {
            clearOptimizerArrays();
        }
        for (NamedArray array : state.optimizer().arrays()) {
            put(optimizerArray(array.name()), array.values());
        }
        put(baselineCounts, state.baselineCounts());
        ensemble.save(state.ensemble());
        if (state.goodEnsemble() != saved.goodEnsemble()) {
            goodEnsemble.save(state.goodEnsemble());
        }
    }

    /** Removes the arrays of the current key. */
    void clear() {
        parameters.clear();
        clearOptimizerArrays();
        goodParameters.clear();
        baselineCounts.clear();
        ensemble.clear();
        goodEnsemble.clear();
        rows.clear();
        goodRows.clear();
    }

    private void clearOptimizerArrays() {
        for (String name : optimizerArrays) {
            optimizerArray(name).clear();
        }
    }

    /**
     * Removes the optimiser's arrays of the current key that the configured optimiser does not
     * have. {@link #load} must not be called again with this header.
     *
     * @return names of the removed arrays; empty if the configured optimiser has them all
     */
    List<String> clearUnconfigured(LearnerStateHeader header) {
        List<String> removed =
                Arrays.stream(header.optimizerArrays())
                        .filter(name -> !optimizerArrays.contains(name))
                        .toList();
        for (String name : removed) {
            optimizerArray(name).clear();
        }
        return removed;
    }

    /** Reads the arrays of the current key, and completes them with a header to a whole state. */
    LearnerState load(LearnerStateHeader header) throws Exception {
        double[] classCounts = header.classCounts();
        double[] losses = header.losses();
        return new LearnerState(
                        header.counters(),
                        get(parameters, header.numParameters()),
                        optimizer(header),
                        header.weights(),
                        header.restarts(),
                        get(baselineCounts, header.numBaselineCounts()),
                        header.lastLabel(),
                        get(goodParameters, header.numGoodParameters()),
                        header.goodWeights(),
                        classCounts == null ? new double[0] : classCounts,
                        header.scaler(),
                        sparse(header.sparse()))
                .withEnsemble(
                        ensemble.load(header.ensemble()), goodEnsemble.load(header.goodEnsemble()))
                .withLosses(losses == null ? new double[0] : losses);
    }

    /** The large arrays of an ensemble's state. */
    private final class EnsembleChunks {
        private final MapState<Integer, float[]> ferns;
        private final MapState<Integer, float[]> sample;
        private final MapState<Integer, float[]> points;
        private final MapState<Integer, float[]> labelCounts;

        EnsembleChunks(String arrays) {
            ferns = store.getMapState(chunks(arrays + "ferns"));
            sample = store.getMapState(chunks(arrays + "fern-sample"));
            points = store.getMapState(chunks(arrays + "points"));
            labelCounts = store.getMapState(chunks(arrays + "label-counts"));
        }

        void save(@Nullable EnsembleState state) throws Exception {
            if (state != null) {
                put(ferns, state.ferns().table());
                if (state.ferns().sample().length > 0) {
                    put(sample, state.ferns().sample());
                } else if (!sample.isEmpty()) {
                    sample.clear();
                }
                put(points, state.points());
                put(labelCounts, state.labelCounts());
            }
        }

        @Nullable EnsembleState load(LearnerStateHeader.@Nullable EnsembleHeader header)
                throws Exception {
            return header == null
                    ? null
                    : header.with(
                            get(ferns, header.numFernValues()),
                            get(sample, header.numSampleValues()),
                            get(points, header.numPointValues()),
                            get(labelCounts, header.numLabelCounts()));
        }

        void clear() {
            ferns.clear();
            sample.clear();
            points.clear();
            labelCounts.clear();
        }
    }

    private @Nullable SparseState sparse(LearnerStateHeader.@Nullable SparseHeader header)
            throws Exception {
        return header == null
                ? null
                : header.withRows(
                        getRows(rows, header.numChunks()),
                        header.numGoodChunks() < 0
                                ? null
                                : getRows(goodRows, header.numGoodChunks()));
    }

    private static SparseChunk[] getRows(MapState<Integer, SparseChunk> chunks, int count)
            throws Exception {
        SparseChunk[] values = new SparseChunk[count];
        for (int chunk = 0; chunk < count; chunk++) {
            values[chunk] = chunks.get(chunk);
        }
        return values;
    }

    @SuppressWarnings("ReferenceEquality") // a chunk that was not written to is the same object
    private static void putRows(
            MapState<Integer, SparseChunk> chunks, SparseChunk[] values, SparseChunk[] saved)
            throws Exception {
        for (int chunk = 0; chunk < values.length; chunk++) {
            if (chunk >= saved.length || values[chunk] != saved[chunk]) {
                chunks.put(chunk, values[chunk]);
            }
        }
        for (int chunk = values.length; chunk < saved.length; chunk++) {
            chunks.remove(chunk);
        }
    }

    private OptimizerState optimizer(LearnerStateHeader header) throws Exception {
        NamedArray[] arrays = new NamedArray[header.optimizerArrays().length];
        for (int i = 0; i < arrays.length; i++) {
            String name = header.optimizerArrays()[i];
            arrays[i] = new NamedArray(name, get(optimizerArray(name), header.numParameters()));
        }
        return new OptimizerState(header.optimizerSteps(), arrays);
    }

    /** Returns the state of an optimiser's array, which need not be a configured one. */
    private MapState<Integer, float[]> optimizerArray(String name) {
        return optimizerStates.computeIfAbsent(
                name, key -> store.getMapState(chunks(prefix + "optimizer-" + key)));
    }

    private static void put(MapState<Integer, float[]> chunks, float[] values) throws Exception {
        for (int chunk = 0; chunk * CHUNK < values.length; chunk++) {
            int from = chunk * CHUNK;
            chunks.put(
                    chunk, Arrays.copyOfRange(values, from, Math.min(from + CHUNK, values.length)));
        }
    }

    private static float[] get(MapState<Integer, float[]> chunks, int length) throws Exception {
        float[] values = new float[length];
        for (int chunk = 0; chunk * CHUNK < length; chunk++) {
            int from = chunk * CHUNK;
            System.arraycopy(chunks.get(chunk), 0, values, from, Math.min(CHUNK, length - from));
        }
        return values;
    }
}
