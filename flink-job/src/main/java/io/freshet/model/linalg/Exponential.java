package io.freshet.model.linalg;

/**
 * The exponential function, as softmax needs it.
 *
 * <p>{@code eˣ = 2^(k/64) · eʳ} with {@code k = round(64 x / ln 2)} and {@code |r| ≤ ln 2 / 128}: a
 * table of 64 powers, the exponent's bits, and a polynomial of degree 5 for {@code eʳ − 1}. The
 * relative error is below 3·10⁻¹⁶.
 *
 * <p>Implementation note. Without branches but one, so that a loop of them overlaps; and HotSpot 17
 * vectorises a loop of the polynomials alone, which have most of the operations. {@code
 * ExponentialBenchmark} compares both ways with {@link Math#exp}.
 *
 * <p>Source: Tang, <i>Table-driven implementation of the exponential function in IEEE
 * floating-point arithmetic</i>, ACM Transactions on Mathematical Software 15 (1989).
 */
public final class Exponential {
    /** Below it {@code eˣ} has no normal double, and counts as 0. */
    private static final double LOWEST = -708;

    /** e⁶⁸⁰ is near 10²⁹⁵: there is room for sums of more powers than an array can have. */
    private static final int MOST = 680;

    /** From so many on two loops, of which one is vectorised, are faster than one. */
    private static final int LEAST_TO_VECTORISE = 32;

    private static final int SIZE = 64;
    private static final double STEPS_PER_UNIT = SIZE / Math.log(2);

    /**
     * ln 2 / 64 in two parts, the first with trailing zeros, so that {@code k} times it is exact.
     */
    private static final double STEP_HIGH =
            Double.longBitsToDouble(
                    Double.doubleToRawLongBits(Math.log(2) / SIZE) & 0xFFFFFFFF_00000000L);

    private static final double STEP_LOW = stepLow();

    /** Added and taken away again, it rounds to a whole number, which its lowest bits then hold. */
    private static final double ROUNDER = 0x1.8p52;

    private static final long[] POWERS = powers();

    private Exponential() {}

    /** Returns {@code eˣ} for {@code x ≤ 708}; 0 below -708; NaN for NaN; anything above 708. */
    public static double of(double x) {
        return x < LOWEST ? 0 : powerOf(x, above(x));
    }

    /**
     * Computes {@code eˣ} of many, those that {@linkplain #fit fit} bit for bit as {@link
     * #of(double)}, and anything for others; returns whether all fit.
     *
     * @param x {@code count} values from {@code from} on. Not modified.
     * @param powers another array, (at least count). Modified.
     */
    public static boolean of(double[] x, int from, int count, double[] powers) {
        boolean fit = true;
        if (count < LEAST_TO_VECTORISE) {
            for (int i = 0; i < count; i++) {
                double value = x[from + i];
                fit &= fits(value);
                powers[i] = powerOf(value, above(value));
            }
            return fit;
        }
        System.arraycopy(x, from, powers, 0, count);
        replaceByAbove(powers, count);
        for (int i = 0; i < count; i++) {
            double value = x[from + i];
            fit &= fits(value);
            powers[i] = powerOf(value, powers[i]);
        }
        return fit;
    }

    /**
     * Returns whether some numbers are all within ±{@value #MOST}: powers of such numbers, and sums
     * of as many as there may be, are normal doubles.
     */
    public static boolean fit(double[] x, int from, int count) {
        boolean fit = true;
        for (int i = from; i < from + count; i++) {
            fit &= fits(x[i]);
        }
        return fit;
    }

    private static boolean fits(double x) {
        return Math.abs(x) <= MOST;
    }

    /** One array, one index, nothing else: so HotSpot 17 vectorises it. */
    private static void replaceByAbove(double[] values, int count) {
        for (int i = 0; i < count; i++) {
            values[i] = above(values[i]);
        }
    }

    /** Returns {@code eʳ − 1}. */
    private static double above(double x) {
        double whole = (x * STEPS_PER_UNIT + ROUNDER) - ROUNDER;
        double r = x - whole * STEP_HIGH - whole * STEP_LOW;
        double square = r * r;
        return r + square * (0.5 + r * (1.0 / 6) + square * (1.0 / 24 + r * (1.0 / 120)));
    }

    /** Returns {@code eˣ} within ±708, given {@code eʳ − 1}; anything elsewhere. */
    private static double powerOf(double x, double above) {
        int k = (int) Double.doubleToRawLongBits(x * STEPS_PER_UNIT + ROUNDER);
        double power = Double.longBitsToDouble(POWERS[k & (SIZE - 1)] + ((long) (k >> 6) << 52));
        return power + power * above;
    }

    private static double stepLow() {
        // ln 2 to 107 bits: the double nearest to it and what that misses.
        double ln2 = 0x1.62e42fefa39efp-1;
        double missed = 0x1.abc9e3b39803fp-56;
        return (ln2 / SIZE - STEP_HIGH) + missed / SIZE;
    }

    private static long[] powers() {
        long[] powers = new long[SIZE];
        for (int j = 0; j < SIZE; j++) {
            powers[j] = Double.doubleToRawLongBits(StrictMath.pow(2, j / (double) SIZE));
        }
        return powers;
    }
}
