package io.freshet.drift;

import java.util.Arrays;
import java.util.Random;
import java.util.stream.IntStream;

/** Seeded streams for detectors to be tried on. */
final class SampleStreams {
    private SampleStreams() {}

    /** Errors, 0 or 1, whose rate jumps: {@code length} values at each rate. */
    static double[] errors(long seed, int length, double... rates) {
        Random random = new Random(seed);
        return IntStream.range(0, length * rates.length)
                .mapToDouble(i -> random.nextDouble() < rates[i / length] ? 1 : 0)
                .toArray();
    }

    /** Errors, 0 or 1, whose rate goes from one to the other in equal steps. */
    static double[] gradualErrors(long seed, int length, double from, double to) {
        Random random = new Random(seed);
        return IntStream.range(0, length)
                .mapToDouble(i -> random.nextDouble() < from + (to - from) * i / length ? 1 : 0)
                .toArray();
    }

    /** Exponentially distributed losses whose mean jumps: {@code length} values at each. */
    static double[] losses(long seed, int length, double... means) {
        Random random = new Random(seed);
        return IntStream.range(0, length * means.length)
                .mapToDouble(i -> -means[i / length] * Math.log1p(-random.nextDouble()))
                .toArray();
    }

    /** Values spread evenly, 0.1 to both sides, around centres that jump. */
    static double[] shares(long seed, int length, double... centres) {
        Random random = new Random(seed);
        return IntStream.range(0, length * centres.length)
                .mapToDouble(i -> centres[i / length] + 0.2 * random.nextDouble() - 0.1)
                .toArray();
    }

    /** The same value again and again. */
    static double[] constant(int length, double value) {
        return IntStream.range(0, length).mapToDouble(i -> value).toArray();
    }

    static double[] concatenated(double[]... parts) {
        return Arrays.stream(parts).flatMapToDouble(Arrays::stream).toArray();
    }
}
