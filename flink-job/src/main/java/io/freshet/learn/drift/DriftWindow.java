package io.freshet.learn.drift;

import org.jspecify.annotations.Nullable;

/**
 * Summary of consecutive examples before or after a change. Values that are undefined without
 * examples are null.
 *
 * @param examples number of examples
 * @param offsets ranges of offsets that contain them
 * @param firstTimestamp earliest event time, milliseconds since 1970-01-01T00:00Z
 * @param lastTimestamp latest event time, milliseconds since 1970-01-01T00:00Z
 * @param loss mean loss, weighted by the examples' weights, in nats
 * @param accuracy fraction of the examples that were predicted correctly
 */
@SuppressWarnings("ArrayRecordComponent") // never compared
public record DriftWindow(
        int examples,
        OffsetRange[] offsets,
        @Nullable Long firstTimestamp,
        @Nullable Long lastTimestamp,
        @Nullable Double loss,
        @Nullable Double accuracy) {}
