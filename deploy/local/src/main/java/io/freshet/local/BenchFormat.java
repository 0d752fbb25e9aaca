package io.freshet.local;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonGenerator;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;
import io.freshet.local.stream.LabelledStream.Example;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.apache.avro.Schema;
import org.apache.avro.SchemaBuilder;
import org.apache.avro.generic.GenericData;
import org.apache.avro.generic.GenericDatumReader;
import org.apache.avro.generic.GenericDatumWriter;
import org.apache.avro.generic.GenericRecord;
import org.apache.avro.io.BinaryDecoder;
import org.apache.avro.io.BinaryEncoder;
import org.apache.avro.io.DecoderFactory;
import org.apache.avro.io.EncoderFactory;
import org.jspecify.annotations.Nullable;

/** Format of the messages of {@code freshet bench}. */
enum BenchFormat {
    /** Freshet's own schema; the bare consumer does not parse them. */
    FRESHET,
    /**
     * JSON objects with a field for each feature; the bare consumer reads all numbers with
     * Jackson's streaming parser.
     */
    JSON,
    /**
     * Bare Avro records with a field for each feature; the bare consumer reads them with {@link
     * GenericDatumReader}. What a schema registry adds is a header of 5 bytes.
     */
    AVRO;

    private static final String LABEL = "label";

    /** Encoder and parser of messages with a number of features. Not thread-safe. */
    interface Codec {
        /** Returns the message of an example; null for the format of the stream itself. */
        byte @Nullable [] encode(Example example);

        /** Parses a message and returns the sum of its features. */
        double parse(byte[] message);

        /** Returns the settings of a job that reads the messages. */
        Map<String, String> settings();
    }

    /**
     * Returns the codec for a number of features.
     *
     * @param directory where files of the settings may be written
     */
    Codec codec(int numFeatures, Path directory) throws IOException {
        return switch (this) {
            case FRESHET -> new Unparsed(numFeatures);
            case JSON -> new Json(numFeatures);
            case AVRO -> new Avro(numFeatures, directory);
        };
    }

    private static String feature(int index) {
        return "f" + index;
    }

    private static Map<String, String> mapping(int numFeatures) {
        Map<String, String> settings = new HashMap<>();
        settings.put(
                "features",
                IntStream.range(0, numFeatures)
                        .mapToObj(BenchFormat::feature)
                        .collect(Collectors.joining(",")));
        settings.put(LABEL, LABEL);
        return settings;
    }

    private record Unparsed(int numFeatures) implements Codec {
        @Override
        public byte @Nullable [] encode(Example example) {
            return null;
        }

        @Override
        public double parse(byte[] message) {
            return 0;
        }

        @Override
        public Map<String, String> settings() {
            return Map.of("num-features", Integer.toString(numFeatures));
        }
    }

    private static final class Json implements Codec {
        private final JsonFactory factory = new JsonFactory();
        private final int numFeatures;

        Json(int numFeatures) {
            this.numFeatures = numFeatures;
        }

        @Override
        public byte[] encode(Example example) {
            ByteArrayOutputStream bytes = new ByteArrayOutputStream();
            try (JsonGenerator json = factory.createGenerator(bytes)) {
                json.writeStartObject();
                json.writeStringField(LABEL, example.label());
                for (int i = 0; i < numFeatures; i++) {
                    json.writeNumberField(feature(i), example.features()[i]);
                }
                json.writeEndObject();
            } catch (IOException e) {
                throw new UncheckedIOException("JSON was not written to memory", e);
            }
            return bytes.toByteArray();
        }

        @Override
        public double parse(byte[] message) {
            double sum = 0;
            try (JsonParser parser = factory.createParser(message)) {
                for (JsonToken token = parser.nextToken();
                        token != null;
                        token = parser.nextToken()) {
                    if (token.isNumeric()) {
                        sum += parser.getDoubleValue();
                    } else if (token == JsonToken.VALUE_STRING) {
                        sum += parser.getText().length();
                    }
                }
            } catch (IOException e) {
                throw new UncheckedIOException("the benchmark's own JSON was not read", e);
            }
            return sum;
        }

        @Override
        public Map<String, String> settings() {
            Map<String, String> settings = mapping(numFeatures);
            settings.put("source.format", "json");
            return settings;
        }
    }

    private static final class Avro implements Codec {
        private final Schema schema;
        private final GenericDatumReader<GenericRecord> reader;
        private final GenericDatumWriter<GenericRecord> writer;
        private final Path file;
        private @Nullable BinaryDecoder decoder;
        private @Nullable GenericRecord record;

        Avro(int numFeatures, Path directory) throws IOException {
            SchemaBuilder.FieldAssembler<Schema> fields =
                    SchemaBuilder.record("Reading").fields().requiredString(LABEL);
            for (int i = 0; i < numFeatures; i++) {
                fields = fields.requiredFloat(feature(i));
            }
            schema = fields.endRecord();
            reader = new GenericDatumReader<>(schema);
            writer = new GenericDatumWriter<>(schema);
            file = Files.writeString(directory.resolve("reading.avsc"), schema.toString());
        }

        @Override
        public byte[] encode(Example example) {
            GenericRecord encoded = new GenericData.Record(schema);
            encoded.put(LABEL, example.label());
            for (int i = 0; i < example.features().length; i++) {
                encoded.put(feature(i), example.features()[i]);
            }
            ByteArrayOutputStream bytes = new ByteArrayOutputStream();
            BinaryEncoder encoder = EncoderFactory.get().binaryEncoder(bytes, null);
            try {
                writer.write(encoded, encoder);
                encoder.flush();
            } catch (IOException e) {
                throw new UncheckedIOException("Avro was not written to memory", e);
            }
            return bytes.toByteArray();
        }

        @Override
        public double parse(byte[] message) {
            decoder = DecoderFactory.get().binaryDecoder(message, decoder);
            try {
                GenericRecord read = reader.read(record, decoder);
                record = read;
                double sum = 0;
                for (int i = 1; i < schema.getFields().size(); i++) {
                    sum += (Float) read.get(i);
                }
                return sum;
            } catch (IOException e) {
                throw new UncheckedIOException("the benchmark's own Avro was not read", e);
            }
        }

        @Override
        public Map<String, String> settings() {
            Map<String, String> settings = mapping(schema.getFields().size() - 1);
            settings.put("source.format", "avro");
            settings.put("source.avro-schemas", file.toString());
            settings.put("source.avro-encoding", "bare");
            return settings;
        }
    }
}
