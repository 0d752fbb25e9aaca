package io.freshet.sql;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.LinkedHashMap;
import java.util.Map;
import org.assertj.core.api.SoftAssertions;

/**
 * Table of the largest difference of probabilities from those of a reference, by the way in which
 * they were computed.
 */
final class LargestDifferences {
    private record Entry(double largest, double bound, String text) {}

    private final String title;
    private final double[][] expected;
    private final Map<String, Entry> entries = new LinkedHashMap<>();

    /**
     * @param title of the table
     * @param expected (rows, classes). Kept.
     */
    LargestDifferences(String title, double[][] expected) {
        this.title = title;
        this.expected = expected;
    }

    /**
     * Adds a way.
     *
     * @param bound largest difference that is allowed
     * @param found (rows, classes). Not modified.
     */
    void add(String way, double bound, double[][] found) {
        assertThat(found.length).as(way).isEqualTo(expected.length);
        double largest = 0;
        for (int i = 0; i < expected.length; i++) {
            assertThat(found[i]).as("%s, row %d", way, i).hasSameSizeAs(expected[i]);
            for (int c = 0; c < expected[i].length; c++) {
                double difference = Math.abs(found[i][c] - expected[i][c]);
                assertThat(difference).as("%s, row %d", way, i).isNotNaN();
                largest = Math.max(largest, difference);
            }
        }
        entries.put(way, new Entry(largest, bound, "%.2e  (bound %.2e)".formatted(largest, bound)));
    }

    /** Adds a way that could not be run here. */
    void addNotRun(String way, String reason) {
        entries.put(way, new Entry(0, 0, "not run: " + reason));
    }

    /** Fails, with all differences, if one of them is larger than its bound. */
    void assertWithinBounds() {
        SoftAssertions.assertSoftly(
                softly ->
                        entries.forEach(
                                (way, entry) ->
                                        softly.assertThat(entry.largest)
                                                .as(way)
                                                .isLessThanOrEqualTo(entry.bound)));
    }

    @Override
    public String toString() {
        StringBuilder table =
                new StringBuilder(
                        "%s: largest difference of %,d rows%n".formatted(title, expected.length));
        entries.forEach((way, entry) -> table.append("  %-46s %s%n".formatted(way, entry.text)));
        return table.toString();
    }
}
