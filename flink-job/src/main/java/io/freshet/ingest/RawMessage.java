package io.freshet.ingest;

import org.jspecify.annotations.Nullable;

/**
 * A Kafka record as it was read, byte for byte.
 *
 * @param topic where it was read
 * @param partition its partition
 * @param offset its offset
 * @param timestamp its Kafka timestamp, milliseconds since 1970-01-01T00:00Z
 * @param key its key, or null
 * @param value its value, or null
 * @param headerKeys its headers' keys, in their order
 * @param headerValues its headers' values, in the same order; a value may be null
 */
@SuppressWarnings("ArrayRecordComponent") // bytes as they are; never compared
public record RawMessage(
        String topic,
        int partition,
        long offset,
        long timestamp,
        byte @Nullable [] key,
        byte @Nullable [] value,
        String[] headerKeys,
        byte[][] headerValues) {}
