package io.freshet.pipeline;

/** A failed check of Kafka before the job starts; the message describes it in one line. */
public final class PreflightException extends Exception {
    private static final long serialVersionUID = 1;

    PreflightException(String message) {
        super(message);
    }

    PreflightException(String message, Throwable cause) {
        super(message, cause);
    }
}
