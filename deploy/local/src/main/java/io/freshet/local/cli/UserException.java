package io.freshet.local;

/** Something that the person at the terminal can mend; the message is one line that names it. */
final class UserException extends RuntimeException {
    private static final long serialVersionUID = 1;

    UserException(String message) {
        super(message);
    }

    UserException(String message, Throwable cause) {
        super(message, cause);
    }
}
