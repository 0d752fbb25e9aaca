package io.freshet.learn;

import io.freshet.model.LearnerState;
import java.util.Arrays;
import org.apache.flink.api.common.state.KeyedStateStore;
import org.apache.flink.api.common.state.MapState;
import org.apache.flink.api.common.state.MapStateDescriptor;
import org.apache.flink.api.common.typeinfo.PrimitiveArrayTypeInfo;
import org.apache.flink.api.common.typeinfo.Types;

/**
 * The parts of a learner's state that grow with the model, in Flink's keyed state: in chunks, so
 * that no single value of state grows with it.
 */
final class ModelChunks {
    /** Floats in a chunk: 64 KiB. */
    private static final int CHUNK = 16_384;

    private final MapState<Integer, float[]> parameters;
    private final MapState<Integer, float[]> velocity;
    private final MapState<Integer, float[]> goodParameters;
    private final MapState<Integer, float[]> baselineCounts;

    /**
     * @param prefix of the states' names
     */
    ModelChunks(KeyedStateStore store, String prefix) {
        parameters = store.getMapState(chunks(prefix + "parameters"));
        velocity = store.getMapState(chunks(prefix + "velocity"));
        goodParameters = store.getMapState(chunks(prefix + "good-parameters"));
        baselineCounts = store.getMapState(chunks(prefix + "baseline-counts"));
    }

    private static MapStateDescriptor<Integer, float[]> chunks(String name) {
        return new MapStateDescriptor<>(
                name, Types.INT, PrimitiveArrayTypeInfo.FLOAT_PRIMITIVE_ARRAY_TYPE_INFO);
    }

    /** Writes the current key's, but for the last good parameters. */
    void save(LearnerState state) throws Exception {
        put(parameters, state.parameters());
        put(velocity, state.velocity());
        put(baselineCounts, state.baselineCounts());
    }

    /** Writes the current key's last good parameters. */
    void saveGoodParameters(LearnerState state) throws Exception {
        put(goodParameters, state.goodParameters());
    }

    /** Removes the current key's. */
    void clear() {
        parameters.clear();
        velocity.clear();
        goodParameters.clear();
        baselineCounts.clear();
    }

    /** Reads the current key's, and makes a whole state with what else is remembered. */
    LearnerState load(LearnerStateHeader memory) throws Exception {
        return new LearnerState(
                memory.counters(),
                get(parameters, memory.numParameters()),
                get(velocity, memory.numVelocities()),
                memory.weights(),
                memory.restarts(),
                get(baselineCounts, memory.numBaselineCounts()),
                memory.lastLabel(),
                get(goodParameters, memory.numGoodParameters()),
                memory.goodWeights(),
                memory.scaler());
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
