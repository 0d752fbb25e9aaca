package io.freshet.local.watch;

/**
 * How the reading of a job's topics goes.
 *
 * @param detail a sentence for people, or ""
 */
public record ReaderState(Kind kind, String detail) {
    /** The states there are. */
    public enum Kind {
        /** Looks for the topics. */
        STARTING,
        /** Something is missing, and is looked for again. */
        WAITING,
        /** Reads what was told before. */
        CATCHING_UP,
        /** Reads what is told now. */
        LIVE,
        /** The reading is over. */
        ENDED
    }
}
