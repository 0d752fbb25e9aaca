package io.freshet.publish;

import java.util.Map;
import java.util.function.Function;

/**
 * A format of the events on all output topics.
 *
 * <p>A new format needs a constant here, with its encoder and the bounds of its records. {@code
 * EventReader} has to recognise it, so that {@code freshet} and a job that resumes read it.
 */
public enum PublishFormat {
    /** Avro's single-object encoding. */
    AVRO(RecordBounds.AVRO, ids -> new AvroEncoder()),
    /** JSON, one object, with the field names of the schemas. */
    JSON(RecordBounds.JSON, ids -> new JsonEncoder()),
    /** Avro, framed by the id of its schema in a schema registry. */
    CONFLUENT_AVRO(RecordBounds.CONFLUENT_AVRO, FramedAvroEncoder::new);

    @SuppressWarnings("ImmutableEnumChecker") // a record of numbers
    private final RecordBounds bounds;

    @SuppressWarnings("ImmutableEnumChecker") // a constructor
    private final Function<Map<Topic, Integer>, EventEncoder> encoders;

    PublishFormat(RecordBounds bounds, Function<Map<Topic, Integer>, EventEncoder> encoders) {
        this.bounds = bounds;
        this.encoders = encoders;
    }

    /** Returns the upper bounds of the parts of a record. */
    public RecordBounds bounds() {
        return bounds;
    }

    /**
     * Returns a new encoder.
     *
     * @param ids ids of the schemas in the registry, by topic; empty without a registry
     */
    EventEncoder encoder(Map<Topic, Integer> ids) {
        return encoders.apply(ids);
    }
}
