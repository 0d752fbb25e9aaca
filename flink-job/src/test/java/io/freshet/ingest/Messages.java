package io.freshet.ingest;

import io.freshet.schemas.DenseFeatures;
import io.freshet.schemas.LabelledEvent;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Messages for tests, as a producer would send them. */
public final class Messages {
    public static final String TOPIC = "labelled-events";

    private Messages() {}

    /** Returns an event with dense features and weight 1; the label as in the schema, or null. */
    public static LabelledEvent event(
            String modelId, long time, @Nullable Object label, float... features) {
        List<Float> values = new ArrayList<>();
        for (float feature : features) {
            values.add(feature);
        }
        return LabelledEvent.newBuilder()
                .setId("event-" + time)
                .setModelId(modelId)
                .setTimestamp(Instant.ofEpochMilli(time))
                .setFeatures(new DenseFeatures(values))
                .setLabel(label)
                .setWeight(1)
                .build();
    }

    /** Encodes an event in single-object encoding. */
    public static byte[] bytes(LabelledEvent event) {
        try {
            ByteBuffer buffer = event.toByteBuffer();
            byte[] bytes = new byte[buffer.remaining()];
            buffer.get(bytes);
            return bytes;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Returns a message of partition 0. */
    public static RawMessage message(long offset, byte @Nullable [] value) {
        return new RawMessage(TOPIC, 0, offset, offset, null, value, new String[0], new byte[0][]);
    }

    /** Returns a message of partition 0. */
    public static RawMessage message(long offset, LabelledEvent event) {
        return message(offset, bytes(event));
    }
}
