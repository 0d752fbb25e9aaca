package io.freshet.local.cli;

/** Something that the person at the terminal can mend; the message is one line that names it. */
public final class UserException extends RuntimeException {
    private static final long serialVersionUID = 1;

    public UserException(String message) {
        super(message);
    }

    public UserException(String message, Throwable cause) {
        super(message, cause);
    }
}
