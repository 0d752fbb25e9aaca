package io.freshet.local.dashboard;

/**
 * A model's figures at one time, or the means of several next to each other.
 *
 * @param sequence of the newest metrics record behind it
 * @param examples trained on by then
 * @param emittedAt when the newest of them was emitted, milliseconds since 1970-01-01T00:00Z
 * @param records metrics records behind it
 * @param figures in the order of {@link ChartSeries#ALL}; NaN where not defined
 * @param weights of the mixture's members, in their order; empty if they were others than now
 */
@SuppressWarnings("ArrayRecordComponent") // never compared
record ChartPoint(
        long sequence,
        long examples,
        long emittedAt,
        int records,
        float[] values,
        float[] weights) {

    /** The two as one; {@code next} is the newer. */
    ChartPoint mergedWith(ChartPoint next) {
        boolean sameMembers = weights.length == next.weights.length;
        return new ChartPoint(
                next.sequence,
                next.examples,
                next.emittedAt,
                records + next.records,
                means(values, records, next.values, next.records),
                sameMembers ? means(weights, records, next.weights, next.records) : next.weights);
    }

    ChartPoint withoutWeights() {
        return new ChartPoint(sequence, examples, emittedAt, records, values, new float[0]);
    }

    /** Where one of two is not defined, the other stands for both. */
    private static float[] means(float[] a, int recordsA, float[] b, int recordsB) {
        float fraction = (float) recordsA / (recordsA + recordsB);
        float[] means = new float[a.length];
        for (int i = 0; i < a.length; i++) {
            if (Float.isNaN(a[i])) {
                means[i] = b[i];
            } else if (Float.isNaN(b[i])) {
                means[i] = a[i];
            } else {
                means[i] = fraction * a[i] + (1 - fraction) * b[i];
            }
        }
        return means;
    }
}
