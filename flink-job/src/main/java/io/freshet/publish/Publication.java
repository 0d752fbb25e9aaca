package io.freshet.publish;

import org.jspecify.annotations.Nullable;

/**
 * An Avro event, encoded, on its way to its topic.
 *
 * @param destination which topic
 * @param key the record's key, or null
 * @param value the event in single-object encoding
 */
@SuppressWarnings("ArrayRecordComponent") // never compared
public record Publication(Destination destination, byte @Nullable [] key, byte[] value) {}
