package io.freshet.ingest;

import io.freshet.features.ExamplePart;
import io.freshet.ingest.mapping.FieldSource;
import io.freshet.model.example.Examples;
import io.freshet.model.example.SparseRows;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * Decoder of the features of one JSON event after another, as the job decodes them, for programs
 * that only predict. Labels and other mapped fields are checked, and not used. Not thread-safe.
 */
public final class FeatureDecoder {
    private static final String[] NO_HEADERS = {};

    private final JsonDecoder decoder;
    private final Examples features;
    private final IngestConfig config;

    /**
     * @param config configuration of messages in JSON
     */
    public FeatureDecoder(IngestConfig config) {
        if (config.source().format() != SourceFormat.JSON) {
            throw new IllegalArgumentException("source.format " + config.source().format());
        }
        this.config = config;
        decoder = new JsonDecoder(config);
        features = new Examples(config.numFeatures(), config.numTargets(), 1, config.isSparse());
    }

    /**
     * Decodes an event.
     *
     * @param event one JSON object in UTF-8. Kept until the next event, not modified.
     * @return why the job could not use the event; empty if it could
     */
    public Optional<DeadLetter> decode(byte[] event) {
        RawMessage message = new RawMessage("", 0, 0, 0, null, event, NO_HEADERS, new byte[0][]);
        features.clear();
        features.reserve();
        try {
            decoder.readHeader(message);
            decoder.readRest(features);
            InvalidEventException violation = decoder.violation();
            if (violation != null) {
                throw violation;
            }
        } catch (InvalidEventException e) {
            return Optional.of(
                    new DeadLetter(message, "", e.reason(), ExamplePacker.truncate(e.detail())));
        }
        features.addReserved(Examples.UNLABELLED, 1);
        return Optional.empty();
    }

    /** Returns the id of the model that the event names; null if it names none. */
    public @Nullable String modelId() {
        return decoder.example.hasModelId() ? decoder.modelId() : null;
    }

    /** Returns the field of the model id; empty if no field is mapped to it. */
    public Optional<FieldSource> modelField() {
        return Optional.ofNullable(config.source().mapping().sources().get(ExamplePart.MODEL));
    }

    /** Returns whether an event has {@link #columns} and {@link #values}, not {@link #dense}. */
    public boolean isSparse() {
        return config.isSparse();
    }

    /**
     * Returns the event's features, (numFeatures); NaN for a missing one. The next event replaces
     * them.
     */
    public float[] dense() {
        if (isSparse()) {
            throw new IllegalStateException("the features are sparse");
        }
        return features.features();
    }

    /** Returns the columns of the event's features that are not 0. */
    public int[] columns() {
        SparseRows rows = features.requireSparse();
        return Arrays.copyOfRange(rows.columns(), rows.start(0), rows.end(0));
    }

    /** Returns the values of the event's features that are not 0, in the order of the columns. */
    public float[] values() {
        SparseRows rows = features.requireSparse();
        return Arrays.copyOfRange(rows.values(), rows.start(0), rows.end(0));
    }

    /** Returns the name of the first feature that the event lacks, where it has {@link #dense}. */
    public String missing() {
        List<String> names = config.source().mapping().features().columnNames();
        for (int column = 0; column < names.size(); column++) {
            if (Float.isNaN(dense()[column])) {
                return names.get(column);
            }
        }
        return "no feature";
    }
}
