package io.freshet.ingest;

/** An event that cannot be used. Has no stack trace, since it describes data, not code. */
final class InvalidEventException extends Exception {
    private static final long serialVersionUID = 1;

    private final DeadLetterReason reason;

    InvalidEventException(DeadLetterReason reason, String detail) {
        super(detail, null, false, false);
        this.reason = reason;
    }

    DeadLetterReason reason() {
        return reason;
    }

    /** Returns the message, which is never null here. */
    String detail() {
        return String.valueOf(getMessage());
    }
}
