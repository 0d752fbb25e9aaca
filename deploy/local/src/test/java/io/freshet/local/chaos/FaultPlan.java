package io.freshet.local.chaos;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Deque;
import java.util.List;
import java.util.Random;
import org.jspecify.annotations.Nullable;

/**
 * Seeded sequence of faults. Every kind occurs as often as every other, in random order; one fault
 * in seven has another one at the same time.
 */
final class FaultPlan {
    private static final int DOUBLES = 7;
    private static final int MAX_PAUSE_MILLIS = 3_000;

    /**
     * A fault that is planned.
     *
     * @param kinds the kinds that occur at the same time
     * @param pauseMillis time before it
     * @param seed seed of its choices, such as the victim
     */
    record Planned(List<FaultKind> kinds, int pauseMillis, long seed) {}

    private final Random random;
    private final @Nullable FaultKind only;
    private final Deque<FaultKind> bag = new ArrayDeque<>();
    private int planned;

    /**
     * @param only the only kind; null for all kinds
     */
    FaultPlan(long seed, @Nullable FaultKind only) {
        random = new Random(seed);
        this.only = only;
    }

    /** Returns the next fault. */
    Planned next() {
        planned++;
        List<FaultKind> kinds = new ArrayList<>();
        kinds.add(draw());
        if (only == null && planned % DOUBLES == 0) {
            FaultKind second = draw();
            if (second != kinds.get(0)) {
                kinds.add(second);
            }
        }
        return new Planned(List.copyOf(kinds), random.nextInt(MAX_PAUSE_MILLIS), random.nextLong());
    }

    private FaultKind draw() {
        if (only != null) {
            return only;
        }
        if (bag.isEmpty()) {
            List<FaultKind> all = new ArrayList<>(List.of(FaultKind.values()));
            Collections.shuffle(all, random);
            bag.addAll(all);
        }
        return bag.pop();
    }
}
