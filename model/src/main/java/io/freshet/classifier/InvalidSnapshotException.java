package io.freshet.classifier;

import java.io.IOException;

/** Failure to read a snapshot: the message says what was expected and what was found. */
public final class InvalidSnapshotException extends IOException {
    private static final long serialVersionUID = 1;

    public InvalidSnapshotException(String message) {
        super(message);
    }

    public InvalidSnapshotException(String message, Throwable cause) {
        super(message, cause);
    }
}
