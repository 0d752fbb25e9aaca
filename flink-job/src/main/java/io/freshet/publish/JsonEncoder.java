package io.freshet.publish;

import io.freshet.schemas.EventJson;
import java.util.List;
import org.apache.avro.specific.SpecificRecordBase;
import org.jspecify.annotations.Nullable;

/** Encoder of events as JSON. */
final class JsonEncoder implements EventEncoder {
    @Override
    public List<Publication> encode(
            byte @Nullable [] key, SpecificRecordBase event, List<Topic> topics) {
        byte[] value = EventJson.encode(event);
        return topics.stream().map(topic -> new Publication(topic, key, value, null)).toList();
    }
}
