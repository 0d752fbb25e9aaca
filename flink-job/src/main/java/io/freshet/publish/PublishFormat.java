package io.freshet.publish;

import io.freshet.schemas.EventJson;
import java.util.function.Supplier;

/**
 * A format of the events on all output topics.
 *
 * <p>A new format needs a constant here, with its encoder and the bounds of its records. {@code
 * EventReader} has to recognise it, so that {@code freshet} and a job that resumes read it.
 */
public enum PublishFormat {
    /** Avro's single-object encoding. */
    AVRO(RecordBounds.AVRO, AvroEncoder::new),
    /** JSON, one object, with the field names of the schemas. */
    JSON(RecordBounds.JSON, () -> (topic, event) -> EventJson.encode(event));

    @SuppressWarnings("ImmutableEnumChecker") // a record of numbers
    private final RecordBounds bounds;

    @SuppressWarnings("ImmutableEnumChecker") // a constructor
    private final Supplier<EventEncoder> encoders;

    PublishFormat(RecordBounds bounds, Supplier<EventEncoder> encoders) {
        this.bounds = bounds;
        this.encoders = encoders;
    }

    /** Returns the upper bounds of the parts of a record. */
    public RecordBounds bounds() {
        return bounds;
    }

    /** Returns a new encoder. */
    EventEncoder encoder() {
        return encoders.get();
    }
}
