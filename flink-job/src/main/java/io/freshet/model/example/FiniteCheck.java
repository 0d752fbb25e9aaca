package io.freshet.model.example;

/** Check of features and of probabilities for values that are NaN or infinite. */
public final class FiniteCheck {
    private FiniteCheck() {}

    /**
     * Returns whether all values are finite: x·0 is 0 for finite x and NaN otherwise. Four
     * independent sums hide the latency of the additions.
     */
    public static boolean allFinite(float[] values, int from, int count) {
        float sum0 = 0;
        float sum1 = 0;
        float sum2 = 0;
        float sum3 = 0;
        int i = from;
        int end = from + count;
        for (; i < end - 3; i += 4) {
            sum0 += values[i] * 0f;
            sum1 += values[i + 1] * 0f;
            sum2 += values[i + 2] * 0f;
            sum3 += values[i + 3] * 0f;
        }
        for (; i < end; i++) {
            sum0 += values[i] * 0f;
        }
        return sum0 + sum1 + (sum2 + sum3) == 0f;
    }

    /**
     * Returns the index of the first value that is not finite, counted from {@code from}. There
     * must be one.
     */
    public static int firstNonFinite(float[] values, int from, int count) {
        int i = 0;
        while (i < count - 1 && Float.isFinite(values[from + i])) {
            i++;
        }
        return i;
    }

    /**
     * Returns the index of the first infinite value, counted from {@code from}; {@code count} if
     * there is none.
     */
    public static int firstInfinite(float[] values, int from, int count) {
        int i = 0;
        while (i < count && !Float.isInfinite(values[from + i])) {
            i++;
        }
        return i;
    }
}
