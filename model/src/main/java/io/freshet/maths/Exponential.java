package io.freshet.maths;

/**
 * Fast exponential function for softmax.
 *
 * <p>{@code eˣ = 2^(k/64) · eʳ} with {@code k = round(64 x / ln 2)} and {@code |r| ≤ ln 2 / 128}:
 * the first factor comes from a table of 64 powers of two and the exponent's bits, and {@code eʳ −
 * 1} from a polynomial of degree 5. The relative error is below 3·10⁻¹⁶.
 *
 * <p>Implementation note. There is a single branch, so the processor overlaps the iterations of a
 * loop over many values. HotSpot 17 also vectorises a loop over the polynomials alone, which have
 * most of the operations. {@code ExponentialBenchmark} compares both with {@link Math#exp}.
 *
 * <p>Source: Tang, <i>Table-driven implementation of the exponential function in IEEE
 * floating-point arithmetic</i>, ACM Transactions on Mathematical Software 15 (1989).
 */
public final class Exponential {
    /** Smallest argument; below it {@code eˣ} is not a normal double and is returned as 0. */
    private static final double MIN_ARGUMENT = -708;

    /**
     * Largest magnitude in the safe range. e⁶⁸⁰ is near 10²⁹⁵, so a sum of as many exponentials as
     * an array can hold does not overflow.
     */
    private static final int MAX_SAFE = 680;

    /** Number of values from which on two loops, one of them vectorised, are faster than one. */
    private static final int MIN_COUNT_TO_VECTORISE = 32;

    private static final int TABLE_SIZE = 64;
    private static final double STEPS_PER_UNIT = TABLE_SIZE / Math.log(2);

    /** High part of ln 2 / 64, with trailing zeros, so that its product with {@code k} is exact. */
    private static final double STEP_HIGH =
            Double.longBitsToDouble(
                    Double.doubleToRawLongBits(Math.log(2) / TABLE_SIZE) & 0xFFFFFFFF_00000000L);

    /** Low part of ln 2 / 64: the rest. */
    private static final double STEP_LOW = stepLow();

    /**
     * 1.5 · 2⁵². Adding it and subtracting it again rounds a number to an integer; the lowest bits
     * of the sum hold that integer.
     */
    private static final double ROUNDING_CONSTANT = 0x1.8p52;

    /** Bits of {@code 2^(j/64)}. */
    private static final long[] TABLE = table();

    private Exponential() {}

    /** Returns {@code eˣ} for {@code x ≤ 708}: 0 below −708, NaN for NaN, undefined above 708. */
    public static double exp(double x) {
        return x < MIN_ARGUMENT ? 0 : exp(x, expm1OfRemainder(x));
    }

    /**
     * Computes {@code eˣ} of many values and returns whether all of them are {@linkplain
     * #allInSafeRange in the safe range}. Results for values in that range equal those of {@link
     * #exp(double)} bit for bit; the others are undefined.
     *
     * @param x {@code count} values from {@code from} on. Not modified.
     * @param results another array, (at least count). Modified.
     */
    public static boolean expAll(double[] x, int from, int count, double[] results) {
        boolean safe = true;
        if (count < MIN_COUNT_TO_VECTORISE) {
            for (int i = 0; i < count; i++) {
                double value = x[from + i];
                safe &= isInSafeRange(value);
                results[i] = exp(value, expm1OfRemainder(value));
            }
            return safe;
        }
        System.arraycopy(x, from, results, 0, count);
        replaceByExpm1OfRemainder(results, count);
        for (int i = 0; i < count; i++) {
            double value = x[from + i];
            safe &= isInSafeRange(value);
            results[i] = exp(value, results[i]);
        }
        return safe;
    }

    /**
     * Returns whether all values are within ±{@value #MAX_SAFE}. Exponentials of such values, and
     * sums of as many as an array can hold, are normal doubles.
     */
    public static boolean allInSafeRange(double[] x, int from, int count) {
        boolean safe = true;
        for (int i = from; i < from + count; i++) {
            safe &= isInSafeRange(x[i]);
        }
        return safe;
    }

    private static boolean isInSafeRange(double x) {
        return Math.abs(x) <= MAX_SAFE;
    }

    /**
     * Replaces each value {@code x} by {@code eʳ − 1}. HotSpot 17 vectorises the loop because it
     * uses a single array at a single index and does nothing else.
     */
    private static void replaceByExpm1OfRemainder(double[] values, int count) {
        for (int i = 0; i < count; i++) {
            values[i] = expm1OfRemainder(values[i]);
        }
    }

    /** Returns {@code eʳ − 1} for the remainder {@code r} of {@code x}. */
    private static double expm1OfRemainder(double x) {
        double whole = (x * STEPS_PER_UNIT + ROUNDING_CONSTANT) - ROUNDING_CONSTANT;
        double r = x - whole * STEP_HIGH - whole * STEP_LOW;
        double square = r * r;
        return r + square * (0.5 + r * (1.0 / 6) + square * (1.0 / 24 + r * (1.0 / 120)));
    }

    /** Returns {@code eˣ} for {@code x} within ±708, given {@code eʳ − 1}; else undefined. */
    private static double exp(double x, double expm1OfRemainder) {
        int k = (int) Double.doubleToRawLongBits(x * STEPS_PER_UNIT + ROUNDING_CONSTANT);
        double power =
                Double.longBitsToDouble(TABLE[k & (TABLE_SIZE - 1)] + ((long) (k >> 6) << 52));
        return power + power * expm1OfRemainder;
    }

    private static double stepLow() {
        // ln 2 to 107 bits: the nearest double and its error.
        double ln2 = 0x1.62e42fefa39efp-1;
        double error = 0x1.abc9e3b39803fp-56;
        return (ln2 / TABLE_SIZE - STEP_HIGH) + error / TABLE_SIZE;
    }

    private static long[] table() {
        long[] table = new long[TABLE_SIZE];
        for (int j = 0; j < TABLE_SIZE; j++) {
            table[j] = Double.doubleToRawLongBits(StrictMath.pow(2, j / (double) TABLE_SIZE));
        }
        return table;
    }
}
