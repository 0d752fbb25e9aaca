package io.freshet.local.chaos;

import java.time.Duration;

/** Fault that lasts until it is ended. */
final class ActiveFault {
    /** Action that ends a fault. */
    interface Repair {
        void run() throws Exception;
    }

    private final String victim;
    private final long endsAt;
    private final Repair repair;
    private boolean ended;

    /**
     * @param victim who has it, for people
     * @param duration time after which it is to be ended
     * @param repair ends it, and waits until what was damaged has started
     */
    ActiveFault(String victim, Duration duration, Repair repair) {
        this.victim = victim;
        endsAt = System.nanoTime() + duration.toNanos();
        this.repair = repair;
    }

    String victim() {
        return victim;
    }

    boolean isDue() {
        return !ended && System.nanoTime() - endsAt >= 0;
    }

    boolean hasEnded() {
        return ended;
    }

    void end() throws Exception {
        ended = true;
        repair.run();
    }
}
