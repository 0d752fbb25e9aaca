package io.freshet.pipeline;

import io.freshet.ingest.RawMessage;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.common.header.Header;

/** Conversion of Kafka's records to messages, without decoding them. */
public final class RawMessages {
    private RawMessages() {}

    /** Returns the message of a record; its arrays are not copied. */
    public static RawMessage of(ConsumerRecord<byte[], byte[]> record) {
        Header[] headers = record.headers().toArray();
        String[] keys = new String[headers.length];
        byte[][] values = new byte[headers.length][];
        for (int i = 0; i < headers.length; i++) {
            keys[i] = headers[i].key();
            values[i] = headers[i].value();
        }
        return new RawMessage(
                record.topic(),
                record.partition(),
                record.offset(),
                record.timestamp(),
                record.key(),
                record.value(),
                keys,
                values);
    }
}
