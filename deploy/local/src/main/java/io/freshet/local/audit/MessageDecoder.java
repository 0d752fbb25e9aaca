package io.freshet.local.audit;

import com.fasterxml.jackson.core.json.JsonReadFeature;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.json.JsonMapper;
import io.freshet.ingest.ClassNames;
import io.freshet.ingest.SourceConfig;
import io.freshet.ingest.SourceFormat;
import io.freshet.ingest.mapping.FieldMapping.Part;
import io.freshet.ingest.mapping.FieldPath;
import io.freshet.ingest.mapping.FieldSource;
import io.freshet.schemas.EventReader;
import io.freshet.schemas.LabelledEvent;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Decoder of the model and the kind of the input's messages, independent of the one in the job: it
 * uses Avro's own reader, and Jackson's trees for JSON. Not thread-safe.
 */
final class MessageDecoder {
    /** Model id of a message that cannot be read. */
    static final String NO_MODEL = "";

    /** Model id of a message of a mapped format that has none. */
    private static final String DEFAULT_MODEL = "default";

    private static final ObjectMapper JSON =
            JsonMapper.builder()
                    .enable(JsonReadFeature.ALLOW_NON_NUMERIC_NUMBERS)
                    .enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS)
                    .build();

    private final EventReader<LabelledEvent> events = EventReader.ofAvro(LabelledEvent.class);
    private final SourceConfig source;
    private String modelId = NO_MODEL;

    /**
     * @param source format of the messages
     */
    MessageDecoder(SourceConfig source) {
        this.source = source;
    }

    /**
     * Decodes a message and returns its kind.
     *
     * @param value value of the message
     * @param key key of the message
     * @param headers its headers by name, the last one of each
     */
    EventKind decode(byte @Nullable [] value, byte @Nullable [] key, Map<String, byte[]> headers) {
        modelId = NO_MODEL;
        try {
            if (source.format() == SourceFormat.FRESHET) {
                LabelledEvent event = events.read(value);
                modelId = event.getModelId();
                return event.getLabel() == null ? EventKind.UNLABELLED : EventKind.LABELLED;
            }
            return decodeMapped(tree(value), key, headers);
        } catch (IOException e) {
            return EventKind.UNREADABLE; // the job has published it as a dead letter: verified
        }
    }

    private static JsonNode tree(byte @Nullable [] value) throws IOException {
        JsonNode tree = value == null ? null : JSON.readTree(value);
        if (tree == null || !tree.isObject()) {
            throw new IOException("no object");
        }
        return tree;
    }

    private EventKind decodeMapped(
            JsonNode tree, byte @Nullable [] key, Map<String, byte[]> headers) {
        String model = text(source.mapping().sources().get(Part.MODEL), tree, key, headers);
        modelId = model == null ? DEFAULT_MODEL : model;
        FieldSource at = source.mapping().sources().get(Part.LABEL);
        if (at != null && at.path() != null && find(tree, at.path()).isArray()) {
            return EventKind.LABELLED;
        }
        String label = text(at, tree, key, headers);
        return label == null || ClassNames.isMissing(label.strip())
                ? EventKind.UNLABELLED
                : EventKind.LABELLED;
    }

    private static @Nullable String text(
            @Nullable FieldSource at,
            JsonNode tree,
            byte @Nullable [] key,
            Map<String, byte[]> headers) {
        if (at == null) {
            return null;
        }
        if (at.path() != null) {
            JsonNode found = find(tree, at.path());
            return found.isMissingNode() || found.isNull() ? null : found.asText();
        }
        byte[] bytes = at.header() == null ? key : headers.get(at.header());
        return bytes == null ? null : new String(bytes, StandardCharsets.UTF_8);
    }

    private static JsonNode find(JsonNode tree, FieldPath path) {
        JsonNode node = tree;
        for (FieldPath.Step step : path.steps()) {
            node = step.index() >= 0 ? node.path(step.index()) : node.path(step.name());
        }
        return node;
    }

    /** Returns the model id of the message decoded last; {@link #NO_MODEL} if it has none. */
    String modelId() {
        return modelId;
    }
}
