package io.freshet.local.chaos;

import java.time.Duration;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;

/** Waiting for a condition, with a limit. */
final class Waiting {
    private static final long PAUSE = TimeUnit.MILLISECONDS.toNanos(100);

    private Waiting() {}

    /**
     * Waits until a condition holds.
     *
     * @throws ChaosViolation if it does not hold within the limit
     */
    static void until(String what, Duration limit, BooleanSupplier condition) {
        if (!holdsWithin(limit, condition)) {
            throw new ChaosViolation("waited " + limit.toSeconds() + " s for " + what);
        }
    }

    /** Waits until a condition holds or the limit is reached, and returns whether it holds. */
    static boolean holdsWithin(Duration limit, BooleanSupplier condition) {
        long deadline = System.nanoTime() + limit.toNanos();
        while (!condition.getAsBoolean()) {
            if (System.nanoTime() > deadline) {
                return false;
            }
            LockSupport.parkNanos(PAUSE);
        }
        return true;
    }
}
