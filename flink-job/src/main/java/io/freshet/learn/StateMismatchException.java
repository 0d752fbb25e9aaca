package io.freshet.learn;

/** The failure to go on from a state that was saved under another configuration. */
public final class StateMismatchException extends IllegalStateException {
    private static final long serialVersionUID = 1;

    /**
     * @param message names what differs
     */
    public StateMismatchException(String message) {
        super(message);
    }
}
