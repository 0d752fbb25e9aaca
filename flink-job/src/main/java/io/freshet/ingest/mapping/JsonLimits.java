package io.freshet.ingest.mapping;

import com.fasterxml.jackson.core.StreamReadConstraints;
import io.freshet.features.MessageLimits;

/** The limits of a message for Jackson's parsers. */
public final class JsonLimits {
    public static final StreamReadConstraints CONSTRAINTS =
            StreamReadConstraints.builder()
                    .maxNestingDepth(MessageLimits.NESTING)
                    .maxNumberLength(MessageLimits.NUMBER_LENGTH)
                    .maxStringLength(MessageLimits.TEXT_LENGTH)
                    .build();

    private JsonLimits() {}
}
