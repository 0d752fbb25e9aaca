package io.freshet.learn.drift;

import org.jspecify.annotations.Nullable;

/**
 * Consecutive examples on one side of a change. What is not defined without examples is null.
 *
 * @param examples how many
 * @param offsets where they came from
 * @param firstTimestamp earliest event time, milliseconds since 1970-01-01T00:00Z
 * @param lastTimestamp latest event time
 * @param loss mean loss weighted by the examples' weights, nats
 * @param accuracy share of them that was predicted right
 */
@SuppressWarnings("ArrayRecordComponent") // never compared
public record DriftWindow(
        int examples,
        OffsetRange[] offsets,
        @Nullable Long firstTimestamp,
        @Nullable Long lastTimestamp,
        @Nullable Double loss,
        @Nullable Double accuracy) {}
