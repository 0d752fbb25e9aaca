package io.freshet.local.audit;

import io.freshet.schemas.EventReader;
import io.freshet.schemas.LabelledEvent;
import java.io.IOException;
import org.jspecify.annotations.Nullable;

/**
 * Decoder of the input's messages with Avro's own reader, independent of the one in the job. Not
 * thread-safe.
 */
final class MessageDecoder {
    /** Model id of a message that cannot be read. */
    static final String NO_MODEL = "";

    private final EventReader<LabelledEvent> events = EventReader.ofAvro(LabelledEvent.class);
    private String modelId = NO_MODEL;

    /** Decodes a message and returns its kind. */
    EventKind decode(byte @Nullable [] value) {
        try {
            LabelledEvent event = events.read(value);
            modelId = event.getModelId();
            return event.getLabel() == null ? EventKind.UNLABELLED : EventKind.LABELLED;
        } catch (IOException e) {
            modelId = NO_MODEL; // the job has published it as a dead letter, which is verified
            return EventKind.UNREADABLE;
        }
    }

    /** Returns the model id of the message decoded last; {@link #NO_MODEL} if it has none. */
    String modelId() {
        return modelId;
    }
}
