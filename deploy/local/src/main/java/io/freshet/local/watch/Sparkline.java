package io.freshet.local.watch;

import java.util.List;

/** Sparkline of block characters; each column is the mean of an equal part of the values. */
final class Sparkline {
    private static final String BLOCKS = "▁▂▃▄▅▆▇█";

    private Sparkline() {}

    /**
     * Draws a sparkline.
     *
     * @param values values, oldest first
     * @param low value of the lowest block
     * @param high value of the highest block; greater than {@code low}
     * @param width maximum number of columns
     */
    static String draw(List<Double> values, double low, double high, int width) {
        int columns = Math.min(width, values.size());
        StringBuilder curve = new StringBuilder();
        for (int column = 0; column < columns; column++) {
            int from = (int) ((long) column * values.size() / columns);
            int to = Math.max(from + 1, (int) ((long) (column + 1) * values.size() / columns));
            double mean =
                    values.subList(from, to).stream()
                            .mapToDouble(value -> value)
                            .average()
                            .orElse(low);
            double fraction = Math.min(1, Math.max(0, (mean - low) / (high - low)));
            curve.append(BLOCKS.charAt((int) Math.round(fraction * (BLOCKS.length() - 1))));
        }
        return curve.toString();
    }
}
