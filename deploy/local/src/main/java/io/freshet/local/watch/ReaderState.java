package io.freshet.local.watch;

/**
 * State of a {@link ResultsReader}.
 *
 * @param detail description of a problem as a sentence, or "" if there is none
 */
public record ReaderState(Kind kind, String detail) {
    /** Kind of state. */
    public enum Kind {
        /** The topics are being looked up. */
        STARTING,
        /** A topic or Kafka is not available; the reader tries again. */
        WAITING,
        /** Records that existed at the start are being read. */
        CATCHING_UP,
        /** New records are being read. */
        LIVE,
        /** The reader has stopped. */
        ENDED
    }
}
