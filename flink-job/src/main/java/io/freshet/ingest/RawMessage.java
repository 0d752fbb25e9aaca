package io.freshet.ingest;

import org.jspecify.annotations.Nullable;

/**
 * A Kafka record with undecoded key, value and headers.
 *
 * @param topic topic that the record was read from
 * @param partition partition that it was read from
 * @param offset its offset in the partition
 * @param timestamp its Kafka timestamp, milliseconds since 1970-01-01T00:00Z
 * @param key its key, or null
 * @param value its value, or null
 * @param headerKeys keys of its headers
 * @param headerValues values of its headers, in the order of the keys; a value may be null
 */
@SuppressWarnings("ArrayRecordComponent") // never compared
public record RawMessage(
        String topic,
        int partition,
        long offset,
        long timestamp,
        byte @Nullable [] key,
        byte @Nullable [] value,
        String[] headerKeys,
        byte[][] headerValues) {}
