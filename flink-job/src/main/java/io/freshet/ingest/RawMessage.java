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
        byte[][] headerValues) {

    /** Returns the value; a record without one, or with an empty one, is no event. */
    byte[] requireValue() throws InvalidEventException {
        if (value == null) {
            throw new InvalidEventException(DeadLetterReason.NULL_VALUE, "the record has no value");
        }
        if (value.length == 0) {
            throw new InvalidEventException(DeadLetterReason.EMPTY_VALUE, "the value has no bytes");
        }
        return value;
    }

    /** Returns the value of a header, the last one of that name; null if there is none. */
    public byte @Nullable [] header(String name) {
        for (int i = headerKeys.length - 1; i >= 0; i--) {
            if (headerKeys[i].equals(name)) {
                return headerValues[i];
            }
        }
        return null;
    }
}
