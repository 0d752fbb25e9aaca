package io.freshet.local.dashboard;

/**
 * A model's figures at one time, or the means of several next to each other.
 *
 * @param sequence of the newest metrics record behind it
 * @param examples trained on by then
 * @param told when the newest was told, milliseconds since 1970-01-01T00:00Z
 * @param records metrics records behind it
 * @param figures in the order of {@link Figure#ALL}; NaN where not defined
 * @param weights of the mixture's members, in their order; empty if they were others than now
 */
@SuppressWarnings("ArrayRecordComponent") // never compared
record Point(
        long sequence, long examples, long told, int records, float[] figures, float[] weights) {

    /** The two as one; {@code next} is the newer. */
    Point mergedWith(Point next) {
        boolean sameMembers = weights.length == next.weights.length;
        return new Point(
                next.sequence,
                next.examples,
                next.told,
                records + next.records,
                means(figures, records, next.figures, next.records),
                sameMembers ? means(weights, records, next.weights, next.records) : next.weights);
    }

    Point withoutWeights() {
        return new Point(sequence, examples, told, records, figures, new float[0]);
    }

    /** Where one of two is not defined, the other stands for both. */
    private static float[] means(float[] a, int recordsOfA, float[] b, int recordsOfB) {
        float share = (float) recordsOfA / (recordsOfA + recordsOfB);
        float[] means = new float[a.length];
        for (int i = 0; i < a.length; i++) {
            if (Float.isNaN(a[i])) {
                means[i] = b[i];
            } else if (Float.isNaN(b[i])) {
                means[i] = a[i];
            } else {
                means[i] = share * a[i] + (1 - share) * b[i];
            }
        }
        return means;
    }
}
