package io.freshet.local.cli;

/** Failure or unexpected end of a job; the message is the reason in one line. */
public final class JobFailedException extends Exception {
    private static final long serialVersionUID = 1;

    public JobFailedException(String message) {
        super(message);
    }
}
