package io.freshet.features;

/** Sizes beyond which a message, a row of a file or a feature is refused, in every format. */
public final class MessageLimits {
    /** Levels of objects and lists in each other. */
    public static final int NESTING = 64;

    /** Characters of a text. */
    public static final int TEXT_LENGTH = 1 << 20;

    /** Characters of a number. */
    public static final int NUMBER_LENGTH = 400;

    /** Members of a list or map. */
    public static final int MEMBERS = 1_000_000;

    /** Categories of a feature. */
    public static final int CATEGORIES = 10_000;

    private MessageLimits() {}
}
