package io.freshet.local;

/** The end of a job that did not end as asked; the message says why in one line. */
final class JobFailedException extends Exception {
    private static final long serialVersionUID = 1;

    JobFailedException(String message) {
        super(message);
    }
}
