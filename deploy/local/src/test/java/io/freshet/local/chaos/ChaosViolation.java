package io.freshet.local.chaos;

/** Invariant that does not hold, or a job that does not recover. */
final class ChaosViolation extends RuntimeException {
    private static final long serialVersionUID = 1L;

    ChaosViolation(String message) {
        super(message);
    }
}
