package io.freshet.registry;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.freshet.registry.RegisteredSchema.Kind;
import io.freshet.registry.RegistryClient.Answer;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Consumer;
import java.util.function.LongSupplier;
import java.util.function.UnaryOperator;
import org.apache.avro.AvroRuntimeException;
import org.apache.avro.Schema;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Schemas of a Confluent-compatible schema registry, by id, and ids of schemas, by subject.
 *
 * <p>While the registry cannot be reached, a call waits: for a task of Flink this is back-pressure.
 * The log says so once, and once when the registry answers again. An interrupt ends the wait.
 *
 * <p>A schema is requested once, since its id is its own for ever. An id that the registry does not
 * know is asked for again after a while, since it may be registered later.
 *
 * <p>Not thread-safe.
 */
public final class SchemaRegistry implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(SchemaRegistry.class);

    private static final long UNKNOWN_NANOS = Duration.ofSeconds(30).toNanos();
    private static final int MAX_UNKNOWN = 10_000;

    /** Answer about an unknown id, and the time of the clock until which it is not asked again. */
    private record UnknownId(RegisteredSchema answer, long untilNanos) {}

    /** Request for a schema under a subject. */
    private record Subject(String subject, String schema) {}

    private final RegistryConfig config;
    private final RegistryClient client;
    private final LongSupplier nanoTime;
    private final Map<Integer, RegisteredSchema> schemas = new HashMap<>();
    private final Map<Integer, UnknownId> unknown =
            new LinkedHashMap<>() {
                private static final long serialVersionUID = 1;

                @Override
                protected boolean removeEldestEntry(Map.Entry<Integer, UnknownId> eldest) {
                    return size() > MAX_UNKNOWN;
                }
            };
    private final Map<Subject, Integer> ids = new HashMap<>();

    private int latestId;
    private @Nullable RegisteredSchema latest;

    /**
     * Creates the client; the first call connects.
     *
     * @param secrets function that replaces references in a text by what they refer to. It is
     *     called at once, and again when the registry rejects the login.
     */
    public SchemaRegistry(RegistryConfig config, UnaryOperator<String> secrets) {
        this(config, secrets, new RegistryHealth());
    }

    /**
     * Creates the client like the other constructor.
     *
     * @param health receives what becomes of the requests
     */
    public SchemaRegistry(
            RegistryConfig config, UnaryOperator<String> secrets, RegistryHealth health) {
        this(config, secrets, health, message -> LOG.warn("{}", message), System::nanoTime);
    }

    /**
     * @param log receives a sentence when an outage begins or ends
     */
    SchemaRegistry(
            RegistryConfig config,
            UnaryOperator<String> secrets,
            RegistryHealth health,
            Consumer<String> log,
            LongSupplier nanoTime) {
        this.config = config;
        this.nanoTime = nanoTime;
        client = new RegistryClient(config, secrets, log, health);
    }

    /**
     * Asks the registry once, without waiting, and returns why it cannot be used now; empty if it
     * answers.
     *
     * @throws InterruptedException if the thread is interrupted while it waits for the answer
     * @throws RegistryRefusedException if the registry rejects the login
     */
    public Optional<String> outage() throws InterruptedException, RegistryRefusedException {
        return client.outage("/schemas/ids/0", "schema"); // an unknown id is an answer, too
    }

    /**
     * Returns the schema of an id; waits while the registry does not answer.
     *
     * @param id id in the frame of a message
     * @throws InterruptedException if the thread is interrupted while it waits
     * @throws RegistryRefusedException if the registry rejects the login or the request
     */
    public RegisteredSchema schema(int id) throws InterruptedException, RegistryRefusedException {
        if (latest != null && latestId == id) {
            return latest;
        }
        RegisteredSchema schema = schemas.get(id);
        if (schema == null) {
            UnknownId recent = unknown.get(id);
            if (recent != null && nanoTime.getAsLong() - recent.untilNanos() < 0) {
                return recent.answer();
            }
            schema = find(id);
            if (schema.kind() == Kind.UNKNOWN) {
                unknown.put(id, new UnknownId(schema, nanoTime.getAsLong() + UNKNOWN_NANOS));
                return schema;
            }
            unknown.remove(id);
            schemas.put(id, schema);
        }
        latestId = id;
        latest = schema;
        return schema;
    }

    private RegisteredSchema find(int id) throws InterruptedException, RegistryRefusedException {
        if (id < 0) {
            return RegisteredSchema.none(Kind.UNKNOWN, "schema ids are not negative: " + id);
        }
        Answer answer = client.get("/schemas/ids/" + id, "schema");
        if (answer.code() != 0) {
            return RegisteredSchema.none(
                    Kind.UNKNOWN,
                    "the schema registry has no schema " + id + ": " + answer.message());
        }
        String type = answer.body().path("schemaType").asText("AVRO");
        if (!type.equals("AVRO")) {
            return RegisteredSchema.none(
                    Kind.NOT_AVRO, "schema " + id + " of the registry is " + type + ", not AVRO");
        }
        List<String> texts = new ArrayList<>();
        String missing = collect(answer.body(), new HashSet<>(), texts);
        if (missing != null) {
            return RegisteredSchema.none(
                    Kind.UNKNOWN, "schema " + id + " of the registry refers to " + missing);
        }
        try {
            // Schemas registered by other versions of Avro may have defaults of another type.
            Schema.Parser parser = new Schema.Parser().setValidateDefaults(false);
            int last = texts.size() - 1;
            texts.subList(0, last).forEach(parser::parse);
            return RegisteredSchema.of(parser.parse(texts.get(last)));
        } catch (AvroRuntimeException e) {
            return RegisteredSchema.none(
                    Kind.INVALID,
                    "schema " + id + " of the registry is not valid in Avro: " + e.getMessage());
        }
    }

    /**
     * Adds a schema to a list, after those that it refers to.
     *
     * @param schema answer of the registry. Not modified.
     * @param seen references that are in the list already. Modified.
     * @param texts schemas in an order in which Avro can parse them. Modified.
     * @return description of a reference that the registry does not know; null if it knows all
     */
    private @Nullable String collect(JsonNode schema, Set<String> seen, List<String> texts)
            throws InterruptedException, RegistryRefusedException {
        for (JsonNode reference : schema.path("references")) {
            String subject = reference.path("subject").asText();
            String path =
                    "/subjects/"
                            + encode(subject)
                            + "/versions/"
                            + encode(reference.path("version").asText());
            if (!seen.add(path)) {
                continue;
            }
            Answer referred = client.get(path + "?deleted=true", "schema");
            if (referred.code() != 0) {
                return reference.path("name").asText()
                        + ", which it does not have: "
                        + referred.message();
            }
            String missing = collect(referred.body(), seen, texts);
            if (missing != null) {
                return missing;
            }
        }
        texts.add(schema.path("schema").asText());
        return null;
    }

    /**
     * Returns the id of an Avro schema under a subject, and registers the schema if the registry
     * does not have it and {@code schema.registry.auto-register} is true; waits while the registry
     * does not answer.
     *
     * @param subject name of the subject, such as {@code metrics-value}
     * @param schema text of the schema
     * @throws InterruptedException if the thread is interrupted while it waits
     * @throws RegistryRefusedException if the registry rejects the login or the schema
     */
    public int register(String subject, String schema)
            throws InterruptedException, RegistryRefusedException {
        Subject wanted = new Subject(subject, schema);
        Integer known = ids.get(wanted);
        if (known != null) {
            return known;
        }
        ObjectNode body = JsonNodeFactory.instance.objectNode().put("schema", schema);
        String path = "/subjects/" + encode(subject);
        Answer answer = client.post(config.autoRegister() ? path + "/versions" : path, body, "id");
        if (answer.code() != 0) {
            throw new RegistryRefusedException(
                    config.autoRegister()
                            ? "the schema registry refuses the schema of subject "
                                    + subject
                                    + ": "
                                    + answer.message()
                            : "the schema registry does not have the schema of subject "
                                    + subject
                                    + "; register it, or set "
                                    + RegistryConfig.AUTO_REGISTER
                                    + " = true: "
                                    + answer.message());
        }
        int id = answer.body().path("id").asInt();
        ids.put(wanted, id);
        return id;
    }

    /** Encodes a segment of a path. */
    private static String encode(String segment) {
        return URLEncoder.encode(segment, StandardCharsets.UTF_8).replace("+", "%20");
    }

    /** Closes the connections. */
    @Override
    public void close() {
        client.close();
    }
}
