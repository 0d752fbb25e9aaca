package io.freshet.local.audit;

import java.util.Locale;

/** Result of a check or of the whole audit, with the command's exit code. */
public enum Verdict {
    /** Everything that was to be proven is. */
    PROVEN(0),
    /** Something is wrong. */
    MISMATCH(1),
    /** Nothing is wrong, but a part cannot be proven. */
    UNPROVEN(3);

    private final int exitCode;

    Verdict(int exitCode) {
        this.exitCode = exitCode;
    }

    /** Returns the exit code. */
    public int exitCode() {
        return exitCode;
    }

    /** Returns the graver of two results. */
    Verdict and(Verdict other) {
        if (this == MISMATCH || other == MISMATCH) {
            return MISMATCH;
        }
        return this == UNPROVEN ? this : other;
    }

    /** Returns the name in the JSON output. */
    String json() {
        return name().toLowerCase(Locale.ROOT);
    }
}
