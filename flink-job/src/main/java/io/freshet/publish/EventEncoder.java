package io.freshet.publish;

import org.apache.avro.specific.SpecificRecordBase;

/** Encoder of events as the values of records. Not thread-safe. */
interface EventEncoder {
    /**
     * Returns the value of an event's record.
     *
     * @param topic the topic of the record
     */
    byte[] encode(Topic topic, SpecificRecordBase event);
}
