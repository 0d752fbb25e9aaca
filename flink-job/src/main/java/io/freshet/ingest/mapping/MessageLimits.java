package io.freshet.ingest.mapping;

import com.fasterxml.jackson.core.StreamReadConstraints;

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

    /** The limits of JSON. */
    public static final StreamReadConstraints JSON =
            StreamReadConstraints.builder()
                    .maxNestingDepth(NESTING)
                    .maxNumberLength(NUMBER_LENGTH)
                    .maxStringLength(TEXT_LENGTH)
                    .build();

    private MessageLimits() {}
}
