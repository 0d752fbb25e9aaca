package io.freshet.local.dashboard;

/**
 * Values of all chart series at one time, or the means of several adjacent records.
 *
 * @param sequence sequence number of the newest metrics record
 * @param examples number of examples trained on up to that record
 * @param emittedAt time at which that record was emitted, milliseconds since 1970-01-01T00:00Z
 * @param records number of metrics records whose mean this is
 * @param values in the order of {@link ChartSeries#ALL}; NaN if undefined
 * @param experts values of the experts, (series, experts) in the order of {@link ExpertSeries#ALL};
 *     empty if the experts have changed since
 */
@SuppressWarnings("ArrayRecordComponent") // never compared
record ChartPoint(
        long sequence,
        long examples,
        long emittedAt,
        int records,
        float[] values,
        float[] experts) {

    /** Returns the mean of this point and the next newer one. */
    ChartPoint mergedWith(ChartPoint next) {
        boolean sameExperts = experts.length == next.experts.length;
        return new ChartPoint(
                next.sequence,
                next.examples,
                next.emittedAt,
                records + next.records,
                means(values, records, next.values, next.records),
                sameExperts ? means(experts, records, next.experts, next.records) : next.experts);
    }

    ChartPoint withoutExperts() {
        return new ChartPoint(sequence, examples, emittedAt, records, values, new float[0]);
    }

    /** Returns the means weighted by the numbers of records; an undefined value is ignored. */
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
