package io.freshet.local.cli;

/** The end of a job that did not end as asked; the message says why in one line. */
public final class JobFailedException extends Exception {
    private static final long serialVersionUID = 1;

    public JobFailedException(String message) {
        super(message);
    }
}
