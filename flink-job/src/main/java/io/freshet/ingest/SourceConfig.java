package io.freshet.ingest;

import io.freshet.config.Key;
import io.freshet.config.Settings;
import io.freshet.ingest.mapping.FieldMapping;
import io.freshet.ingest.mapping.MappingConflicts;
import io.freshet.registry.RegistryConfig;
import java.io.IOException;
import java.io.Serializable;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.function.Function;
import org.apache.avro.AvroRuntimeException;
import org.apache.avro.Schema;
import org.jspecify.annotations.Nullable;

/**
 * Configuration of the format of the messages that a job reads.
 *
 * @param format format of the messages
 * @param mapping mapping of the fields of a message; {@link FieldMapping#NONE} for {@link
 *     SourceFormat#FRESHET}
 * @param avroSchemas texts of the Avro schemas of the messages; empty unless the format is {@link
 *     SourceFormat#AVRO}
 * @param avroEncoding encoding of Avro records
 * @param registry registry of the messages' schemas; null unless the format is {@link
 *     SourceFormat#CONFLUENT_AVRO}
 */
public record SourceConfig(
        SourceFormat format,
        FieldMapping mapping,
        List<String> avroSchemas,
        AvroEncoding avroEncoding,
        @Nullable RegistryConfig registry)
        implements Serializable {

    public static final Key<SourceFormat> FORMAT =
            Key.ofEnum(
                    "source.format",
                    SourceFormat.FRESHET,
                    "Format of the messages. Freshet: Freshet's own Avro schema LabelledEvent;"
                            + " json: one JSON object per message; avro: Avro records of the"
                            + " schemas in source.avro-schemas; confluent-avro: Avro records whose"
                            + " schemas are in a schema registry. The fields of all but freshet are"
                            + " mapped by features, label, id, timestamp, model and weight.");
    public static final Key<List<String>> AVRO_SCHEMAS =
            Key.ofList(
                    "source.avro-schemas",
                    "",
                    "Files with the Avro schemas (.avsc) of the messages, for source.format = avro."
                            + " Several are versions that occur in the topic; bare records have"
                            + " the only one.");
    public static final Key<AvroEncoding> AVRO_ENCODING =
            Key.ofEnum(
                    "source.avro-encoding",
                    AvroEncoding.SINGLE_OBJECT,
                    "Encoding of the messages for source.format = avro: single-object encoding,"
                            + " with the fingerprint of the schema; or bare records.");

    private static final List<Key<?>> AVRO_KEYS = List.of(AVRO_SCHEMAS, AVRO_ENCODING);

    /** The keys of this configuration. */
    public static final List<Key<?>> KEYS = keys();

    /** Freshet's own format. */
    public static final SourceConfig FRESHET =
            new SourceConfig(
                    SourceFormat.FRESHET,
                    FieldMapping.NONE,
                    List.of(),
                    AvroEncoding.SINGLE_OBJECT,
                    null);

    public SourceConfig {
        avroSchemas = List.copyOf(avroSchemas);
    }

    private static List<Key<?>> keys() {
        List<Key<?>> keys = new ArrayList<>(List.of(FORMAT));
        keys.addAll(FieldMapping.KEYS);
        keys.addAll(AVRO_KEYS);
        return List.copyOf(keys);
    }

    /** Reads the configuration; adds problems to the settings. */
    public static SourceConfig from(Settings settings) {
        return from(settings, FieldMapping::from);
    }

    /**
     * Reads the configuration before the mapping is known; adds problems to the settings.
     *
     * <p>What is given of the mapping is read nevertheless.
     */
    public static SourceConfig withoutMapping(Settings settings) {
        return from(settings, FieldMapping::incomplete);
    }

    private static SourceConfig from(Settings settings, Function<Settings, FieldMapping> mapping) {
        SourceFormat format = settings.get(FORMAT);
        Set<Key<?>> effective = new HashSet<>();
        if (format != SourceFormat.FRESHET) {
            effective.addAll(FieldMapping.KEYS);
        }
        if (format == SourceFormat.AVRO) {
            effective.addAll(AVRO_KEYS);
        }
        settings.refuseIneffective(FORMAT, effective, KEYS.subList(1, KEYS.size()));
        return switch (format) {
            case FRESHET -> FRESHET;
            case JSON ->
                    new SourceConfig(
                            format,
                            mapping(settings, mapping),
                            List.of(),
                            AvroEncoding.SINGLE_OBJECT,
                            null);
            case AVRO ->
                    new SourceConfig(
                            format,
                            mapping(settings, mapping),
                            avroSchemas(settings),
                            settings.get(AVRO_ENCODING),
                            null);
            case CONFLUENT_AVRO ->
                    new SourceConfig(
                            format,
                            mapping(settings, mapping),
                            List.of(),
                            AvroEncoding.CONFLUENT,
                            RegistryConfig.require(settings, FORMAT).orElse(null));
        };
    }

    /** Reads the configuration of messages in JSON that may lack a label; adds problems. */
    static SourceConfig ofJson(Settings settings) {
        return new SourceConfig(
                SourceFormat.JSON,
                mapping(settings, FieldMapping::incomplete),
                List.of(),
                AvroEncoding.SINGLE_OBJECT,
                null);
    }

    private static FieldMapping mapping(
            Settings settings, Function<Settings, FieldMapping> reader) {
        FieldMapping mapping = reader.apply(settings);
        MappingConflicts.find(mapping).forEach(settings::problem);
        return mapping;
    }

    private static List<String> avroSchemas(Settings settings) {
        List<String> files = settings.get(AVRO_SCHEMAS);
        if (files.isEmpty()) {
            settings.problem(
                    AVRO_SCHEMAS
                            + " is missing: "
                            + settings.assignment(FORMAT)
                            + " needs a schema");
        }
        if (files.size() > 1 && settings.get(AVRO_ENCODING) == AvroEncoding.BARE) {
            settings.problem(
                    settings.assignment(AVRO_SCHEMAS)
                            + ": "
                            + settings.assignment(AVRO_ENCODING)
                            + " does not say which of several schemas a message has");
        }
        List<String> schemas = new ArrayList<>();
        for (String file : files) {
            try {
                String text = Files.readString(Path.of(file));
                Schema schema = new Schema.Parser().parse(text);
                if (schema.getType() != Schema.Type.RECORD) {
                    settings.problem(
                            AVRO_SCHEMAS
                                    + ": "
                                    + file
                                    + " is the schema of no record, but of "
                                    + schema.getType().getName());
                }
                schemas.add(schema.toString());
            } catch (IOException e) {
                settings.problem(AVRO_SCHEMAS + ": " + file + " cannot be read: " + e);
            } catch (AvroRuntimeException e) {
                settings.problem(
                        AVRO_SCHEMAS + ": " + file + " is no Avro schema: " + e.getMessage());
            }
        }
        return schemas;
    }
}
