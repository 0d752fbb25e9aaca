package io.freshet.pipeline;

/** Kafka is not as the job needs it; the message names the thing in one line. */
public final class PreflightException extends Exception {
    private static final long serialVersionUID = 1;

    PreflightException(String message) {
        super(message);
    }

    PreflightException(String message, Throwable cause) {
        super(message, cause);
    }
}
