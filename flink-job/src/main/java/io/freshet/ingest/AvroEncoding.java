package io.freshet.ingest;

/** Encoding of Avro records in messages. */
public enum AvroEncoding {
    /** Two marker bytes and the fingerprint of the schema come before the record. */
    SINGLE_OBJECT,
    /** The record only. */
    BARE,
    /** A zero byte and the id of the schema in a registry come before the record. */
    CONFLUENT
}
