package io.freshet.local.audit;

import io.freshet.features.ExamplePart;
import io.freshet.features.FieldPath;
import io.freshet.ingest.ClassNames;
import io.freshet.ingest.SourceConfig;
import io.freshet.ingest.mapping.FieldSource;
import io.freshet.local.cli.UserException;
import io.freshet.local.message.AvroMessages;
import io.freshet.pipeline.JobTopics;
import io.freshet.schemas.DeadLetterEvent;
import io.freshet.schemas.EventReader;
import io.freshet.schemas.LabelledEvent;
import java.io.IOException;
import java.math.BigDecimal;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.apache.avro.generic.GenericRecord;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.jspecify.annotations.Nullable;

/**
 * Decoder of the model and the kind of the input's messages, independent of the one in the job: it
 * uses Avro's generic readers, and reads the whole of a JSON object. Not thread-safe.
 */
final class MessageDecoder implements AutoCloseable {
    /** Model id of a message that cannot be read. */
    static final String NO_MODEL = "";

    /** Model id of a message of a mapped format that has none. */
    private static final String DEFAULT_MODEL = "default";

    private final EventReader<LabelledEvent> events = EventReader.ofAvro(LabelledEvent.class);
    private final SourceConfig source;
    private final List<String> classes;
    private final AvroMessages avro;
    private String modelId = NO_MODEL;

    /**
     * @param topics configuration with the format of the messages and the classes
     */
    MessageDecoder(JobTopics topics) {
        source = topics.source();
        classes = topics.classes();
        avro = new AvroMessages(topics);
    }

    /** Decodes a message of the input and returns its kind. */
    EventKind decode(ConsumerRecord<byte[], byte[]> message) {
        Map<String, byte[]> headers = new HashMap<>();
        message.headers()
                .forEach(
                        header -> {
                            if (header.value() != null) {
                                headers.put(header.key(), header.value());
                            }
                        });
        return decode(message.value(), message.key(), headers);
    }

    /** Decodes the message in a dead letter and returns its kind. */
    EventKind decode(DeadLetterEvent letter) {
        Map<String, byte[]> headers = new HashMap<>();
        letter.getHeaders()
                .forEach(
                        header -> {
                            byte[] value = bytes(header.getValue());
                            if (value != null) {
                                headers.put(header.getKey(), value);
                            }
                        });
        return decode(bytes(letter.getValue()), bytes(letter.getKey()), headers);
    }

    private static byte @Nullable [] bytes(@Nullable ByteBuffer buffer) {
        if (buffer == null) {
            return null;
        }
        byte[] bytes = new byte[buffer.remaining()];
        buffer.duplicate().get(bytes);
        return bytes;
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
            switch (source.format()) {
                case FRESHET -> {
                    LabelledEvent event = events.read(value);
                    modelId = event.getModelId();
                    return event.getLabel() == null ? EventKind.UNLABELLED : EventKind.LABELLED;
                }
                case JSON -> {
                    return decodeMapped(JsonTree.read(required(value)), key, headers);
                }
                case AVRO, CONFLUENT_AVRO -> {
                    return decodeMapped(avro.read(required(value)), key, headers);
                }
            }
            throw new IllegalStateException(source.format().name());
        } catch (UserException e) {
            throw e;
        } catch (IOException | RuntimeException | StackOverflowError e) {
            return EventKind.UNREADABLE; // the job has published it as a dead letter: verified
        }
    }

    private static byte[] required(byte @Nullable [] value) throws IOException {
        if (value == null || value.length == 0) {
            throw new IOException("no value");
        }
        return value;
    }

    private EventKind decodeMapped(
            Object message, byte @Nullable [] key, Map<String, byte[]> headers) {
        Object model =
                find(source.mapping().sources().get(ExamplePart.MODEL), message, key, headers);
        modelId = model == null ? DEFAULT_MODEL : text(model);
        Object label =
                find(source.mapping().sources().get(ExamplePart.LABEL), message, key, headers);
        boolean missing =
                label == null || (!(label instanceof List) && isMissing(text(label).strip()));
        return missing ? EventKind.UNLABELLED : EventKind.LABELLED;
    }

    private boolean isMissing(String label) {
        return !classes.contains(label) && ClassNames.isMissing(label);
    }

    private static String text(Object value) {
        return value instanceof BigDecimal decimal ? decimal.toPlainString() : value.toString();
    }

    private static @Nullable Object find(
            @Nullable FieldSource at,
            Object message,
            byte @Nullable [] key,
            Map<String, byte[]> headers) {
        if (at == null) {
            return null;
        }
        if (at.path() == null) {
            byte[] bytes = at.header() == null ? key : headers.get(at.header());
            return bytes == null ? null : new String(bytes, StandardCharsets.UTF_8);
        }
        Object found = message;
        for (FieldPath.Step step : at.path().steps()) {
            found = member(found, step);
        }
        return found;
    }

    private static @Nullable Object member(@Nullable Object container, FieldPath.Step step) {
        if (step.index() >= 0) {
            return container instanceof List<?> list && step.index() < list.size()
                    ? list.get(step.index())
                    : null;
        }
        if (container instanceof GenericRecord record) {
            return record.hasField(step.name()) ? record.get(step.name()) : null;
        }
        if (container instanceof Map<?, ?> map) {
            for (Map.Entry<?, ?> entry : map.entrySet()) {
                if (String.valueOf(entry.getKey()).equals(step.name())) { // Avro's keys are Utf8
                    return entry.getValue();
                }
            }
        }
        return null;
    }

    /** Returns the model id of the message decoded last; {@link #NO_MODEL} if it has none. */
    String modelId() {
        return modelId;
    }

    @Override
    public void close() {
        avro.close();
    }
}
