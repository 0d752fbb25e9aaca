package io.freshet.learn;

/**
 * Failure to restore a state that was saved with an incompatible configuration. The job ends
 * without a restart, which would find the same state and the same configuration.
 */
public final class StateMismatchException extends IllegalStateException {
    private static final long serialVersionUID = 1;

    /**
     * @param message description of the difference
     */
    public StateMismatchException(String message) {
        super(message);
    }
}
