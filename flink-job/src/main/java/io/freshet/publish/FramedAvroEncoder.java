package io.freshet.publish;

import io.freshet.schemas.EventReader;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import org.apache.avro.specific.SpecificRecordBase;
import org.jspecify.annotations.Nullable;

/**
 * Encoder of events as serializers of a schema registry write them: a zero, the id of the schema,
 * and the event in Avro. A header names the schema without the registry, for {@link EventReader}.
 */
final class FramedAvroEncoder implements EventEncoder {
    private final AvroEncoder encoder = new AvroEncoder();
    private final Map<Topic, Integer> ids;

    /**
     * @param ids id of the schema of each topic's events
     */
    FramedAvroEncoder(Map<Topic, Integer> ids) {
        this.ids = ids;
    }

    @Override
    public List<Publication> encode(
            byte @Nullable [] key, SpecificRecordBase event, List<Topic> topics) {
        byte[] named = encoder.encode(event);
        byte[] schema = Arrays.copyOf(named, EventReader.SCHEMA_BYTES);
        List<Publication> publications = new ArrayList<>();
        for (Topic topic : topics) {
            Integer id = ids.get(topic);
            if (id == null) {
                throw new IllegalStateException("the schema of topic " + topic + " has no id");
            }
            int body = named.length - schema.length;
            byte[] value =
                    ByteBuffer.allocate(EventReader.FRAME_BYTES + body)
                            .put(EventReader.FRAMED)
                            .putInt(id)
                            .put(named, schema.length, body)
                            .array();
            publications.add(new Publication(topic, key, value, schema));
        }
        return publications;
    }
}
