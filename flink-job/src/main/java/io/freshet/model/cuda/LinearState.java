package io.freshet.model.cuda;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.FloatBuffer;

/**
 * The parameters of a linear model and its velocity, as arrays of (rates, numFeatures + 1,
 * numOutputs), row-major.
 *
 * @param parameters the last row of each rate is the bias
 * @param velocity empty without a velocity
 */
@SuppressWarnings("ArrayRecordComponent") // never compared
public record LinearState(float[] parameters, float[] velocity) {
    /** Returns the state from the bytes of {@link ModelPart#LINEAR}. */
    static LinearState of(LinearModel model, ByteBuffer bytes) {
        FloatBuffer values = bytes.asFloatBuffer();
        float[] parameters = unpacked(model, values, 0);
        return new LinearState(
                parameters,
                model.hasVelocity()
                        ? unpacked(model, values, model.numParameters())
                        : new float[0]);
    }

    /** Returns the bytes of {@link ModelPart#LINEAR}. */
    ByteBuffer toBytes(LinearModel model) {
        int words = Math.toIntExact(ModelPart.LINEAR.words(model));
        ByteBuffer bytes =
                ByteBuffer.allocate(Math.multiplyExact(words, Float.BYTES))
                        .order(ByteOrder.nativeOrder());
        FloatBuffer values = bytes.asFloatBuffer();
        pack(model, parameters, values, 0);
        if (model.hasVelocity() && velocity.length > 0) {
            pack(model, velocity, values, model.numParameters());
        }
        return bytes;
    }

    /** Copies from (width, rates · outputs) to (rates, features + 1, outputs). */
    private static float[] unpacked(LinearModel model, FloatBuffer from, int first) {
        int inputs = model.numFeatures() + 1;
        int outputs = model.numOutputs();
        float[] to = new float[model.numRates() * inputs * outputs];
        for (int rate = 0; rate < model.numRates(); rate++) {
            for (int f = 0; f < inputs; f++) {
                from.get(
                        first + f * model.numColumns() + rate * outputs,
                        to,
                        (rate * inputs + f) * outputs,
                        outputs);
            }
        }
        return to;
    }

    private static void pack(LinearModel model, float[] from, FloatBuffer to, int first) {
        int inputs = model.numFeatures() + 1;
        int outputs = model.numOutputs();
        for (int rate = 0; rate < model.numRates(); rate++) {
            for (int f = 0; f < inputs; f++) {
                to.put(
                        first + f * model.numColumns() + rate * outputs,
                        from,
                        (rate * inputs + f) * outputs,
                        outputs);
            }
        }
    }
}
