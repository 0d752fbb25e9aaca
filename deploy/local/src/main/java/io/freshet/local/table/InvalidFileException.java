package io.freshet.local.table;

import java.io.IOException;

/** A file that does not follow its format; the message names the line. */
public final class InvalidFileException extends IOException {
    private static final long serialVersionUID = 1;

    InvalidFileException(long line, String problem) {
        super("line " + line + ": " + problem);
    }

    InvalidFileException(String problem) {
        super(problem);
    }
}
