package io.freshet.ingest;

/** Format of the messages that a job reads. */
public enum SourceFormat {
    /** Events in Freshet's own Avro schema, in single-object encoding. */
    FRESHET,
    /** One JSON object per message. */
    JSON,
    /** Avro records of schemas that the configuration has. */
    AVRO,
    /** Avro records whose schemas are in a Confluent-compatible schema registry. */
    CONFLUENT_AVRO
}
