package io.freshet.pipeline;

import io.freshet.schemas.EventReader;
import java.io.IOException;
import org.apache.avro.generic.IndexedRecord;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.common.header.Header;

/** Record of an output topic in any format, as Kafka's consumer returns it. */
public final class ResultRecord {
    private ResultRecord() {}

    /**
     * Decodes a record's event.
     *
     * @throws IOException if it is not an event of the reader's type
     */
    public static <T extends IndexedRecord> T read(
            EventReader<T> reader, ConsumerRecord<byte[], byte[]> record) throws IOException {
        Header schema = record.headers().lastHeader(EventReader.SCHEMA_HEADER);
        return reader.read(record.value(), schema == null ? null : schema.value());
    }
}
