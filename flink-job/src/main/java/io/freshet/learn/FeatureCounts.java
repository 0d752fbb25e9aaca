package io.freshet.learn;

import io.freshet.ingest.RoundedValues;
import java.util.Arrays;
import java.util.Comparator;
import java.util.stream.IntStream;
import java.util.stream.Stream;

/**
 * Numbers of values of a kind, by feature.
 *
 * @param total number of values of all features
 * @param largest the features with most such values, at most {@value #MAX_FEATURES} and each with
 *     at least one, in the order of the features
 */
@SuppressWarnings("ArrayRecordComponent") // never compared
public record FeatureCounts(long total, FeatureCount[] largest) {
    /** Maximum number of features that are listed. */
    public static final int MAX_FEATURES = 100;

    /** No values. */
    public static final FeatureCounts NONE = new FeatureCounts(0, new FeatureCount[0]);

    /**
     * Returns the numbers of values.
     *
     * @param counts number of values of each feature; may be empty if there are none. Not modified.
     */
    public static FeatureCounts of(long[] counts) {
        long total = 0;
        for (long count : counts) {
            total += count;
        }
        if (total == 0) {
            return NONE;
        }
        return new FeatureCounts(
                total,
                largest(
                        IntStream.range(0, counts.length)
                                .filter(f -> counts[f] > 0)
                                .mapToObj(f -> new FeatureCount(f, counts[f]))));
    }

    /** Returns the numbers of values that one float does not hold. */
    static FeatureCounts of(RoundedValues rounded) {
        FeatureCount[] all = all(rounded);
        return all.length == 0
                ? NONE
                : new FeatureCounts(
                        Arrays.stream(all).mapToLong(FeatureCount::count).sum(),
                        largest(Arrays.stream(all)));
    }

    /** Returns the number of such values of each feature that has any, in their order. */
    static FeatureCount[] all(RoundedValues rounded) {
        return rounded.counts().entrySet().stream()
                .map(counted -> new FeatureCount(counted.getKey(), counted.getValue()))
                .sorted(Comparator.comparingInt(FeatureCount::feature))
                .toArray(FeatureCount[]::new);
    }

    private static FeatureCount[] largest(Stream<FeatureCount> counts) {
        return counts.sorted(Comparator.comparingLong(FeatureCount::count).reversed())
                .limit(MAX_FEATURES)
                .sorted(Comparator.comparingInt(FeatureCount::feature))
                .toArray(FeatureCount[]::new);
    }
}
