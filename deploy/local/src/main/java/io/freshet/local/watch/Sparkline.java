package io.freshet.local.watch;

import java.util.List;

/** A curve of block characters, as wide as there is room, each column the mean of its share. */
final class Sparkline {
    private static final String BLOCKS = "▁▂▃▄▅▆▇█";

    private Sparkline() {}

    /**
     * Draws values.
     *
     * @param values oldest first
     * @param low what the lowest block stands for
     * @param high what the highest stands for; above {@code low}
     * @param width columns at most
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
            double share = Math.min(1, Math.max(0, (mean - low) / (high - low)));
            curve.append(BLOCKS.charAt((int) Math.round(share * (BLOCKS.length() - 1))));
        }
        return curve.toString();
    }
}
