package io.freshet.registry;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.net.URLDecoder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Base64;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.UnaryOperator;
import org.apache.avro.AvroRuntimeException;
import org.apache.avro.Schema;
import org.apache.avro.SchemaCompatibility;
import org.apache.avro.SchemaCompatibility.SchemaCompatibilityType;

/**
 * HTTP server with the end points of a schema registry that Freshet uses, its schemas in memory.
 *
 * <p>It answers as Confluent's and Apicurio's registries do: the same text has the same id in all
 * subjects, and a subject accepts a schema that can read the values of the one before
 * (compatibility BACKWARD).
 *
 * <p>Source: Confluent Schema Registry API reference.
 */
public final class RegistryServer implements AutoCloseable {
    private static final ObjectMapper JSON = new ObjectMapper();

    /** Reference of a schema to a version of another. */
    public record Reference(String name, String subject, int version) {}

    /** Registered schema. */
    private record Entry(String type, String schema, List<Reference> references) {}

    /** Answer to a request. */
    public record Answer(int status, String body, Map<String, String> headers) {}

    private final HttpServer server;
    private final List<Entry> entries = new ArrayList<>();
    private final Map<String, List<Integer>> subjects = new HashMap<>();
    private final List<String> requests = new ArrayList<>();
    private UnaryOperator<Optional<Answer>> override = answer -> answer;
    private String authorization = "";

    private RegistryServer(HttpServer server) {
        this.server = server;
        server.createContext("/", this::handle);
        server.start();
    }

    /** Starts a server on a free port of the loopback interface. */
    public static RegistryServer start() throws IOException {
        return start(0);
    }

    /** Starts a server on a port of the loopback interface; 0 for a free one. */
    public static RegistryServer start(int port) throws IOException {
        return on(HttpServer.create(address(port), 0));
    }

    /** Starts a registry on an HTTP server that was not started. */
    static RegistryServer on(HttpServer server) {
        return new RegistryServer(server);
    }

    static InetSocketAddress address(int port) {
        return new InetSocketAddress(InetAddress.getLoopbackAddress(), port);
    }

    /** Returns the port. */
    public int port() {
        return server.getAddress().getPort();
    }

    /** Returns the address of the registry. */
    public URI url() {
        return URI.create("http://" + server.getAddress().getHostString() + ":" + port());
    }

    /** Adds a schema without any check, and returns its id. */
    public synchronized int add(
            String subject, String type, String schema, Reference... references) {
        return add(subject, new Entry(type, schema, List.of(references)));
    }

    private int add(String subject, Entry entry) {
        int index = entries.indexOf(entry);
        if (index < 0) {
            index = entries.size();
            entries.add(entry);
        }
        List<Integer> versions = subjects.computeIfAbsent(subject, name -> new ArrayList<>());
        if (!versions.contains(index + 1)) {
            versions.add(index + 1);
        }
        return index + 1;
    }

    /** Refuses requests without this login from now on. */
    public synchronized void requireLogin(String user, String password) {
        authorization =
                "Basic "
                        + Base64.getEncoder()
                                .encodeToString(
                                        (user + ":" + password).getBytes(StandardCharsets.UTF_8));
    }

    /** Gives this answer to the next requests, and then those of a registry again. */
    public synchronized void answer(int requests, Answer answer) {
        int[] left = {requests};
        override = normal -> left[0]-- > 0 ? Optional.of(answer) : normal;
    }

    /** Returns the requests so far, as {@code GET /schemas/ids/1}. */
    public synchronized List<String> requests() {
        return List.copyOf(requests);
    }

    private void handle(HttpExchange exchange) throws IOException {
        byte[] body = exchange.getRequestBody().readAllBytes();
        Answer answer;
        synchronized (this) {
            requests.add(exchange.getRequestMethod() + " " + exchange.getRequestURI());
            answer = override.apply(Optional.empty()).orElseGet(() -> answer(exchange, body));
        }
        byte[] bytes = answer.body().getBytes(StandardCharsets.UTF_8);
        answer.headers().forEach(exchange.getResponseHeaders()::set);
        exchange.sendResponseHeaders(answer.status(), bytes.length == 0 ? -1 : bytes.length);
        exchange.getResponseBody().write(bytes);
        exchange.close();
    }

    private Answer answer(HttpExchange exchange, byte[] body) {
        if (!authorization.isEmpty()
                && !authorization.equals(exchange.getRequestHeaders().getFirst("Authorization"))) {
            return error(401, 401, "Unauthorized");
        }
        String[] path = exchange.getRequestURI().getRawPath().substring(1).split("/", -1);
        for (int i = 0; i < path.length; i++) {
            path[i] = URLDecoder.decode(path[i], StandardCharsets.UTF_8);
        }
        try {
            if (exchange.getRequestMethod().equals("GET")) {
                if (path.length == 3 && path[0].equals("schemas") && path[1].equals("ids")) {
                    return byId(path[2]);
                }
                if (path.length == 4 && path[0].equals("subjects") && path[2].equals("versions")) {
                    return byVersion(path[1], path[3]);
                }
            } else if (path.length == 2 && path[0].equals("subjects")) {
                return lookUp(path[1], JSON.readTree(body).path("schema").asText());
            } else if (path.length == 3
                    && path[0].equals("subjects")
                    && path[2].equals("versions")) {
                return register(path[1], JSON.readTree(body));
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return error(404, 404, "HTTP 404 Not Found");
    }

    private Answer byId(String text) {
        int id = Integer.parseInt(text);
        return id < 1 || id > entries.size()
                ? error(404, 40403, "Schema " + id + " not found")
                : success(json(entries.get(id - 1)));
    }

    private Answer byVersion(String subject, String text) {
        List<Integer> versions = subjects.get(subject);
        int version = Integer.parseInt(text);
        if (versions == null) {
            return error(404, 40401, "Subject '" + subject + "' not found.");
        }
        if (version < 1 || version > versions.size()) {
            return error(404, 40402, "Version " + version + " not found.");
        }
        int id = versions.get(version - 1);
        return success(
                json(entries.get(id - 1))
                        .put("subject", subject)
                        .put("version", version)
                        .put("id", id));
    }

    private Answer lookUp(String subject, String schema) {
        List<Integer> versions = subjects.get(subject);
        if (versions == null) {
            return error(404, 40401, "Subject '" + subject + "' not found.");
        }
        for (int id : versions) {
            if (entries.get(id - 1).schema().equals(schema)) {
                return success(json(entries.get(id - 1)).put("subject", subject).put("id", id));
            }
        }
        return error(404, 40403, "Schema not found");
    }

    private Answer register(String subject, JsonNode body) {
        String text = body.path("schema").asText();
        Schema schema;
        try {
            schema = new Schema.Parser().parse(text);
        } catch (AvroRuntimeException e) {
            return error(422, 42201, "Invalid schema: " + e.getMessage());
        }
        List<Integer> versions = subjects.getOrDefault(subject, List.of());
        if (!versions.isEmpty()) {
            int latest = versions.get(versions.size() - 1);
            Schema before = new Schema.Parser().parse(entries.get(latest - 1).schema());
            if (SchemaCompatibility.checkReaderWriterCompatibility(schema, before).getType()
                    != SchemaCompatibilityType.COMPATIBLE) {
                return error(409, 409, "Schema being registered is incompatible");
            }
        }
        int id = add(subject, new Entry("AVRO", text, List.of()));
        return success(JSON.createObjectNode().put("id", id));
    }

    private static ObjectNode json(Entry entry) {
        ObjectNode json = JSON.createObjectNode().put("schema", entry.schema());
        if (!entry.type().equals("AVRO")) { // as Confluent's registry, which leaves it out
            json.put("schemaType", entry.type());
        }
        if (!entry.references().isEmpty()) {
            ArrayNode references = json.putArray("references");
            for (Reference reference : entry.references()) {
                references
                        .addObject()
                        .put("name", reference.name())
                        .put("subject", reference.subject())
                        .put("version", reference.version());
            }
        }
        return json;
    }

    private static Answer success(JsonNode json) {
        return new Answer(200, json.toString(), Map.of());
    }

    private static Answer error(int status, int code, String message) {
        JsonNode body = JSON.createObjectNode().put("error_code", code).put("message", message);
        return new Answer(status, body.toString(), Map.of());
    }

    @Override
    public void close() {
        server.stop(0);
    }
}
