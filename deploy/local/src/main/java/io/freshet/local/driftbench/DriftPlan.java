package io.freshet.local.driftbench;

import java.util.List;
import java.util.Random;
import java.util.stream.IntStream;

/**
 * Positions at which a stream changes from one regime to the next.
 *
 * @param kind kind of the changes
 * @param length number of examples in the stream
 * @param changes changes, in the order of the stream
 */
public record DriftPlan(DriftKind kind, int length, List<Change> changes) {
    private static final int STATIONARY_LENGTH = 50_000;
    private static final int LENGTH = 12_000;
    private static final int MIN_POSITION = 4_000;
    private static final int MAX_POSITION = 8_000;
    private static final int GRADUAL_WIDTH = 1_000;
    private static final int INCREMENTAL_WIDTH = 2_000;
    private static final int RECURRENCE = 3_000;

    /**
     * Change of regime.
     *
     * @param at index of the first example that may belong to the new regime, counted from 0
     * @param width number of examples over which the change extends; 0 for an abrupt change
     */
    public record Change(int at, int width) {}

    /** Draws a random plan. */
    static DriftPlan draw(DriftKind kind, Random random) {
        int at = MIN_POSITION + random.nextInt(MAX_POSITION - MIN_POSITION);
        return switch (kind) {
            case STATIONARY -> new DriftPlan(kind, STATIONARY_LENGTH, List.of());
            case ABRUPT, PARTIAL, BRIEF -> new DriftPlan(kind, LENGTH, List.of(new Change(at, 0)));
            case GRADUAL -> new DriftPlan(kind, LENGTH, List.of(new Change(at, GRADUAL_WIDTH)));
            case INCREMENTAL ->
                    new DriftPlan(kind, LENGTH, List.of(new Change(at, INCREMENTAL_WIDTH)));
            case RECURRING ->
                    new DriftPlan(
                            kind,
                            5 * RECURRENCE,
                            IntStream.rangeClosed(1, 4)
                                    .mapToObj(k -> new Change(k * RECURRENCE, 0))
                                    .toList());
        };
    }

    /**
     * Returns the fraction, 0 to 1, to which an example belongs to the second of the two regimes.
     * Changes lead alternately to the second regime and back to the first. In a gradual change each
     * example belongs to one of them, drawn at random, so that the fraction is 0 or 1.
     */
    double secondRegimeFraction(int example, Random random) {
        double fraction = 0;
        for (int k = 0; k < changes.size(); k++) {
            Change change = changes.get(k);
            double done =
                    example < change.at
                            ? 0
                            : Math.min(1, (example - change.at + 1) / (change.width + 1.0));
            fraction += k % 2 == 0 ? done : -done;
        }
        if (kind == DriftKind.GRADUAL) {
            return random.nextDouble() < fraction ? 1 : 0;
        }
        return fraction;
    }

    /** Returns the changes to the second regime. */
    List<Change> forward() {
        return IntStream.range(0, changes.size())
                .filter(k -> k % 2 == 0)
                .mapToObj(changes::get)
                .toList();
    }
}
