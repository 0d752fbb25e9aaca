package io.freshet.ensemble;

/**
 * Outputs of the generator SplitMix64 with seed 0, by their index: random constants that are the
 * same in every language and need not be stored.
 *
 * <p>Source: Steele, Lea and Flood, <i>Fast splittable pseudorandom number generators</i>, OOPSLA
 * (2014).
 */
public final class SplitMix64 {
    private static final long GAMMA = 0x9E3779B97F4A7C15L;
    private static final int UNUSED_BITS = 11;

    private SplitMix64() {}

    /** Returns an output, counted from 0. */
    public static long output(long index) {
        long z = (index + 1) * GAMMA;
        z = (z ^ (z >>> 30)) * 0xBF58476D1CE4E5B9L;
        z = (z ^ (z >>> 27)) * 0x94D049BB133111EBL;
        return z ^ (z >>> 31);
    }

    /** Returns an output as a number from 0 to before 1, a multiple of 2⁻⁵³. */
    public static double uniform(long index) {
        return (output(index) >>> UNUSED_BITS) * 0x1p-53;
    }
}
