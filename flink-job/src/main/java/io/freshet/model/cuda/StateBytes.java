package io.freshet.model.cuda;

import io.freshet.model.scale.OutlierState;
import io.freshet.model.scale.ScalerState;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.DoubleBuffer;
import java.nio.FloatBuffer;
import java.util.Arrays;

/**
 * Conversion of the states of scaler, mixture and baselines to their form on the device, and back.
 * How each is laid out is said with the kernels that change it.
 */
public final class StateBytes {
    private StateBytes() {}

    /**
     * Returns the state of a scaler for the device.
     *
     * @param clipped (numFeatures) numbers of clipped values, which no state replaces
     */
    static ByteBuffer ofScaler(LinearModel model, ScalerState state, double[] clipped) {
        int features = model.numFeatures();
        double[] values = new double[ScalerFields.COUNT * features + 2];
        put(state.mean(), values, ScalerFields.MEAN);
        put(state.squaredDeviations(), values, ScalerFields.SQUARES);
        for (int f = 0; f < features; f++) {
            values[ScalerFields.WEIGHT * features + f] = state.weight(f);
        }
        put(clipped, values, ScalerFields.CLIPPED);
        OutlierState outliers = state.outliers();
        if (outliers == null || outliers.seen().length == 0) {
            boolean hadFirst = outliers != null || state.count() > 0;
            double[] seen = new double[features];
            Arrays.fill(seen, hadFirst ? OutlierState.FIRST_VALUES : 0);
            put(seen, values, ScalerFields.SEEN);
        } else {
            put(doubles(outliers.seen()), values, ScalerFields.SEEN);
            put(outliers.farthest(), values, ScalerFields.FARTHEST);
            put(outliers.farthestWeights(), values, ScalerFields.FARTHEST_WEIGHT);
            put(outliers.restWeights(), values, ScalerFields.REST_WEIGHT);
            put(outliers.restMeans(), values, ScalerFields.REST_MEAN);
            put(outliers.restSquaredDeviations(), values, ScalerFields.REST_SQUARES);
        }
        if (outliers != null) {
            put(outliers.envelopes(), values, ScalerFields.ENVELOPE);
            put(doubles(outliers.runs()), values, ScalerFields.RUN);
        }
        values[values.length - 2] = state.weights() == null ? 0 : 1;
        values[values.length - 1] = state.sumOfWeights();
        return ofDoubles(values);
    }

    /**
     * Returns the state of a scaler from the device.
     *
     * @param count number of examples observed
     */
    static ScalerState toScaler(LinearModel model, ByteBuffer bytes, long count) {
        double[] values = toDoubles(bytes);
        boolean hasMissed = values[values.length - 2] != 0;
        return new ScalerState(
                count,
                values[values.length - 1],
                array(values, ScalerFields.MEAN),
                array(values, ScalerFields.SQUARES),
                hasMissed ? array(values, ScalerFields.WEIGHT) : null,
                model.scaling() == null || model.scaling().clip() == 0 ? null : outliers(values));
    }

    private static OutlierState outliers(double[] values) {
        int[] seen = ints(array(values, ScalerFields.SEEN));
        boolean isFirst = Arrays.stream(seen).anyMatch(n -> n < OutlierState.FIRST_VALUES);
        double[] none = new double[0];
        return new OutlierState(
                array(values, ScalerFields.ENVELOPE),
                ints(array(values, ScalerFields.RUN)),
                clipped(values),
                isFirst ? seen : new int[0],
                isFirst ? array(values, ScalerFields.FARTHEST) : none,
                isFirst ? array(values, ScalerFields.FARTHEST_WEIGHT) : none,
                isFirst ? array(values, ScalerFields.REST_WEIGHT) : none,
                isFirst ? array(values, ScalerFields.REST_MEAN) : none,
                isFirst ? array(values, ScalerFields.REST_SQUARES) : none);
    }

    /** Returns the numbers of clipped values, (numFeatures), from the state of a scaler. */
    static double[] clipped(ByteBuffer scaler) {
        return array(toDoubles(scaler), ScalerFields.CLIPPED);
    }

    private static long[] clipped(double[] values) {
        return Arrays.stream(array(values, ScalerFields.CLIPPED))
                .mapToLong(n -> (long) n)
                .toArray();
    }

    private static int numFeatures(double[] values) {
        return values.length / ScalerFields.COUNT;
    }

    private static void put(double[] from, double[] values, int field) {
        System.arraycopy(from, 0, values, field * numFeatures(values), from.length);
    }

    private static double[] array(double[] values, int field) {
        int features = numFeatures(values);
        return Arrays.copyOfRange(values, field * features, (field + 1) * features);
    }

    private static double[] doubles(int[] values) {
        return Arrays.stream(values).asDoubleStream().toArray();
    }

    private static int[] ints(double[] values) {
        return Arrays.stream(values).mapToInt(value -> (int) value).toArray();
    }

    static ByteBuffer ofDoubles(double[] values) {
        ByteBuffer bytes =
                ByteBuffer.allocate(values.length * Double.BYTES).order(ByteOrder.nativeOrder());
        bytes.asDoubleBuffer().put(values);
        return bytes;
    }

    static double[] toDoubles(ByteBuffer bytes) {
        DoubleBuffer buffer = bytes.asDoubleBuffer();
        double[] values = new double[buffer.remaining()];
        buffer.get(values);
        return values;
    }

    /**
     * Returns the state of the baselines for the device.
     *
     * @param counts ((outputs + 1) · outputs). Not modified.
     * @param lastLabel the newest label; -1 before the first
     */
    static ByteBuffer ofBaselines(float[] counts, int lastLabel) {
        float[] values = Arrays.copyOf(counts, counts.length + 1);
        values[values.length - 1] = lastLabel;
        ByteBuffer bytes =
                ByteBuffer.allocate(values.length * Float.BYTES).order(ByteOrder.nativeOrder());
        bytes.asFloatBuffer().put(values);
        return bytes;
    }

    /** Returns the counts of the baselines from the device, ((outputs + 1) · outputs). */
    static float[] toCounts(int outputs, ByteBuffer bytes) {
        FloatBuffer values = bytes.asFloatBuffer();
        float[] counts = new float[(outputs + 1) * outputs];
        values.get(counts);
        return counts;
    }

    /** Returns the newest label of the baselines from the device; -1 before the first. */
    static int toLastLabel(ByteBuffer bytes) {
        FloatBuffer values = bytes.asFloatBuffer();
        return (int) values.get(values.limit() - 1);
    }
}
