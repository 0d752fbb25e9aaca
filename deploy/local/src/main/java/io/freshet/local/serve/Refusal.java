package io.freshet.local.serve;

import io.freshet.ingest.DeadLetterReason;

/** Event that cannot be used. Has no stack trace, since it describes data, not code. */
final class Refusal extends Exception {
    private static final long serialVersionUID = 1;

    private final DeadLetterReason reason;

    /**
     * @param detail explanation that begins with the path of the field, if it is one's
     */
    Refusal(DeadLetterReason reason, String detail) {
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
