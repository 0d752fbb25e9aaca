package io.freshet.publish;

import org.jspecify.annotations.Nullable;

/**
 * An encoded event to be written to a topic.
 *
 * @param topic the topic
 * @param key key of the record, or null
 * @param value the event in the configured format
 * @param schema value of the header {@link io.freshet.schemas.EventReader#SCHEMA_HEADER}; null if
 *     the event itself names its schema
 */
@SuppressWarnings("ArrayRecordComponent") // never compared
public record Publication(
        Topic topic, byte @Nullable [] key, byte[] value, byte @Nullable [] schema) {}
