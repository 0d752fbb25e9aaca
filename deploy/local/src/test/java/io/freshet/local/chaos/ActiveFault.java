package io.freshet.local.chaos;

import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Executor;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;

/** Fault that is repaired by itself after a time. */
final class ActiveFault {
    private static final Executor THREADS =
            Executors.newCachedThreadPool(
                    task -> {
                        Thread thread = new Thread(task, "repair");
                        thread.setDaemon(true);
                        return thread;
                    });

    /** Action that ends a fault. */
    interface Repair {
        void run() throws Exception;
    }

    private final String victim;
    private final CompletableFuture<Void> repaired;

    /**
     * @param victim who has it, for people
     * @param duration time after which it is repaired
     * @param repair ends it, and waits until what was damaged has started
     */
    ActiveFault(String victim, Duration duration, Repair repair) {
        this.victim = victim;
        repaired =
                CompletableFuture.runAsync(
                        () -> {
                            try {
                                repair.run();
                            } catch (Exception e) {
                                throw new CompletionException(e);
                            }
                        },
                        CompletableFuture.delayedExecutor(
                                duration.toMillis(), TimeUnit.MILLISECONDS, THREADS));
    }

    String victim() {
        return victim;
    }

    /**
     * Returns whether it is repaired.
     *
     * @throws Exception if the repair has failed, with its exception
     */
    boolean isRepaired() throws Exception {
        if (!repaired.isDone()) {
            return false;
        }
        try {
            repaired.get();
            return true;
        } catch (ExecutionException e) {
            if (e.getCause() instanceof Error error) {
                throw error;
            }
            throw e.getCause() instanceof Exception cause ? cause : e;
        }
    }
}
