package io.freshet.publish;

import java.util.List;
import org.apache.avro.specific.SpecificRecordBase;
import org.jspecify.annotations.Nullable;

/** Encoder of events as records. Not thread-safe. */
interface EventEncoder {
    /**
     * Encodes an event, once for all of its topics, and returns a record for each of them.
     *
     * @param key key of the records
     */
    List<Publication> encode(byte @Nullable [] key, SpecificRecordBase event, List<Topic> topics);
}
