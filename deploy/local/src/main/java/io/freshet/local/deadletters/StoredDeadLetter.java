package io.freshet.local.deadletters;

import io.freshet.schemas.DeadLetterEvent;
import java.nio.ByteBuffer;
import org.jspecify.annotations.Nullable;

/**
 * Dead letter on its topic.
 *
 * @param publishedAt Kafka timestamp of its record, milliseconds since 1970-01-01T00:00Z
 */
public record StoredDeadLetter(DeadLetterEvent event, long publishedAt) {
    /** Returns the place that the message was read from. */
    public MessagePlace place() {
        return MessagePlace.of(event);
    }

    /** Returns the message's key, or null. */
    byte @Nullable [] key() {
        return bytes(event.getKey());
    }

    /** Returns the message's value, or null. */
    byte @Nullable [] value() {
        return bytes(event.getValue());
    }

    static byte @Nullable [] bytes(@Nullable ByteBuffer buffer) {
        if (buffer == null) {
            return null;
        }
        byte[] bytes = new byte[buffer.remaining()];
        buffer.duplicate().get(bytes);
        return bytes;
    }
}
