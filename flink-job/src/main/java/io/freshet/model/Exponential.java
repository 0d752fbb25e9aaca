package io.freshet.model;

/**
 * The exponential function for numbers that are not positive, as softmax needs it.
 *
 * <p>{@code eˣ = 2^(k/64) · eʳ} with {@code k = round(64 x / ln 2)} and {@code |r| ≤ ln 2 / 128}: a
 * table of 64 powers, the exponent's bits, and a polynomial of degree 5 for {@code eʳ − 1}. The
 * relative error is below 3·10⁻¹⁶.
 *
 * <p>Implementation note. Without branches but one, so that a loop of them overlaps: 0.6 of what
 * {@link Math#exp} costs there ({@code LearningStepBenchmark}).
 *
 * <p>Source: Tang, <i>Table-driven implementation of the exponential function in IEEE
 * floating-point arithmetic</i>, ACM Transactions on Mathematical Software 15 (1989).
 */
final class Exponential {
    /** Below it {@code eˣ} has no normal double, and counts as 0. */
    private static final double LOWEST = -708;

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

    /** Returns {@code eˣ} for {@code x ≤ 0}; 0 below -708; NaN for NaN. */
    static double of(double x) {
        if (x < LOWEST) {
            return 0;
        }
        double shifted = x * STEPS_PER_UNIT + ROUNDER;
        int k = (int) Double.doubleToRawLongBits(shifted);
        double whole = shifted - ROUNDER;
        double r = x - whole * STEP_HIGH - whole * STEP_LOW;
        double square = r * r;
        double above = r + square * (0.5 + r * (1.0 / 6) + square * (1.0 / 24 + r * (1.0 / 120)));
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
