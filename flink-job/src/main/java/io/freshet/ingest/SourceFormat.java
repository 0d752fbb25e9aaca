package io.freshet.ingest;

/** Format of the messages that a job reads. */
public enum SourceFormat {
    /** Events in Freshet's own Avro schema, in single-object encoding. */
    FRESHET,
    /** One JSON object per message, of which {@code features} and {@code label} name the fields. */
    JSON
}
