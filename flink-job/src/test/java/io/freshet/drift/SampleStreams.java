package io.freshet.drift;

import java.util.Arrays;
import java.util.Random;
import java.util.stream.IntStream;

/** Seeded random streams for tests of detectors. */
final class SampleStreams {
    private SampleStreams() {}

    /** Returns errors, 0 or 1, whose rate jumps: {@code length} values at each rate. */
    static double[] errors(long seed, int length, double... rates) {
        Random random = new Random(seed);
        return IntStream.range(0, length * rates.length)
                .mapToDouble(i -> random.nextDouble() < rates[i / length] ? 1 : 0)
                .toArray();
    }

    /** Returns errors, 0 or 1, whose rate changes linearly. */
    static double[] gradualErrors(long seed, int length, double from, double to) {
        Random random = new Random(seed);
        return IntStream.range(0, length)
                .mapToDouble(i -> random.nextDouble() < from + (to - from) * i / length ? 1 : 0)
                .toArray();
    }

    /** Returns exponentially distributed losses whose mean jumps: {@code length} values each. */
    static double[] losses(long seed, int length, double... means) {
        Random random = new Random(seed);
        return IntStream.range(0, length * means.length)
                .mapToDouble(i -> -means[i / length] * Math.log1p(-random.nextDouble()))
                .toArray();
    }

    /** Returns values that are uniform within 0.1 of a centre that jumps. */
    static double[] uniform(long seed, int length, double... centres) {
        Random random = new Random(seed);
        return IntStream.range(0, length * centres.length)
                .mapToDouble(i -> centres[i / length] + 0.2 * random.nextDouble() - 0.1)
                .toArray();
    }

    /** Returns a stream of equal values. */
    static double[] constant(int length, double value) {
        return IntStream.range(0, length).mapToDouble(i -> value).toArray();
    }

    static double[] concatenated(double[]... parts) {
        return Arrays.stream(parts).flatMapToDouble(Arrays::stream).toArray();
    }
}
