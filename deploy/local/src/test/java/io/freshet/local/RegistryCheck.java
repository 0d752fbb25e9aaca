package io.freshet.local;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.freshet.local.cluster.EmbeddedKafka;
import io.freshet.registry.RegisteredSchema;
import io.freshet.registry.RegisteredSchema.Kind;
import io.freshet.registry.RegistryConfig;
import io.freshet.registry.RegistryRefusedException;
import io.freshet.registry.SchemaRegistry;
import io.freshet.schemas.MetricsEvent;
import io.freshet.schemas.PredictionEvent;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.util.List;
import java.util.function.UnaryOperator;
import org.apache.avro.Schema;

/**
 * Check of {@link SchemaRegistry} against a running registry: schemas that other clients
 * registered, those of Freshet's own events, and a job that reads and writes framed records.
 *
 * <p>It registers subjects that begin with {@code freshet-check-}.
 */
final class RegistryCheck {
    private static final ObjectMapper JSON = new ObjectMapper();
    private static final HttpClient HTTP = HttpClient.newHttpClient();
    private static final int UNKNOWN_ID = 2_000_000_000;

    private static final String ADDRESS =
            "{\"type\":\"record\",\"name\":\"Address\",\"namespace\":\"com.acme\","
                    + "\"fields\":[{\"name\":\"zip\",\"type\":\"string\"}]}";
    private static final String PERSON =
            "{\"type\":\"record\",\"name\":\"Person\",\"namespace\":\"com.acme\","
                    + "\"fields\":[{\"name\":\"home\",\"type\":\"com.acme.Address\"}]}";
    private static final String JSON_SCHEMA =
            "{\"$schema\":\"http://json-schema.org/draft-07/schema#\",\"type\":\"object\"}";
    private static final String PROTOBUF = "syntax = \"proto3\"; message A { string b = 1; }";

    private RegistryCheck() {}

    /**
     * Runs the check.
     *
     * @param args the registry's address
     */
    public static void main(String[] args) throws Exception {
        URI url = URI.create(args[0]);
        int address = register(url, "address", schema("AVRO", ADDRESS));
        ObjectNode person = schema("AVRO", PERSON);
        person.putArray("references")
                .addObject()
                .put("name", "com.acme.Address")
                .put("subject", "freshet-check-address")
                .put("version", 1);
        int referring = register(url, "person", person);
        int json = register(url, "json", schema("JSON", JSON_SCHEMA));
        int protobuf = register(url, "protobuf", schema("PROTOBUF", PROTOBUF));

        try (SchemaRegistry registry = open(url, true)) {
            assertThat(registry.outage()).isEmpty();
            assertThat(registry.schema(address).avro())
                    .isEqualTo(new Schema.Parser().parse(ADDRESS));
            assertThat(registry.schema(referring).avro())
                    .isEqualTo(
                            new Schema.Parser()
                                    .parse(PERSON.replace("\"com.acme.Address\"", ADDRESS)));
            assertProblem(registry.schema(json), Kind.NOT_AVRO, "JSON");
            assertProblem(registry.schema(protobuf), Kind.NOT_AVRO, "PROTOBUF");
            assertProblem(registry.schema(UNKNOWN_ID), Kind.UNKNOWN, "40403");
            for (Schema event :
                    List.of(MetricsEvent.getClassSchema(), PredictionEvent.getClassSchema())) {
                int id = registry.register("freshet-check-" + event.getName(), event.toString());
                assertThat(registry.schema(id).avro()).isEqualTo(event);
            }
            assertThatThrownBy(() -> registry.register("freshet-check-bad", "{\"type\":\"none\"}"))
                    .isInstanceOf(RegistryRefusedException.class)
                    .hasMessageContaining("freshet-check-bad");
        }
        try (SchemaRegistry registry = open(url, false)) {
            String event = MetricsEvent.getClassSchema().toString();
            assertThat(registry.register("freshet-check-MetricsEvent", event)).isPositive();
            assertThatThrownBy(() -> registry.register("freshet-check-none", event))
                    .isInstanceOf(RegistryRefusedException.class)
                    .hasMessageContaining("schema.registry.auto-register");
        }
        runJob(url);
        System.out.println("the client agrees with the registry at " + url);
    }

    /** Runs a job whose messages and results are framed by the registry. */
    private static void runJob(URI url) throws Exception {
        int first = register(url, "sale", schema("AVRO", FramedJob.VERSION_1));
        int second = register(url, "sale", schema("AVRO", FramedJob.VERSION_2));
        try (EmbeddedKafka kafka = EmbeddedKafka.start()) {
            FramedJob.run(
                    FramedJob.settings(kafka, "freshet-check", url.toString()), first, second);
        }
    }

    private static SchemaRegistry open(URI url, boolean autoRegister) {
        return new SchemaRegistry(
                new RegistryConfig(List.of(url), null, null, autoRegister),
                UnaryOperator.identity());
    }

    private static void assertProblem(RegisteredSchema schema, Kind kind, String text) {
        assertThat(schema.kind()).isEqualTo(kind);
        assertThat(schema.problem()).contains(text);
    }

    private static ObjectNode schema(String type, String text) {
        return JSON.createObjectNode().put("schemaType", type).put("schema", text);
    }

    private static int register(URI url, String name, JsonNode body)
            throws IOException, InterruptedException {
        HttpResponse<String> response =
                HTTP.send(
                        HttpRequest.newBuilder(
                                        URI.create(
                                                url
                                                        + "/subjects/freshet-check-"
                                                        + name
                                                        + "/versions"))
                                .header("Content-Type", "application/vnd.schemaregistry.v1+json")
                                .POST(BodyPublishers.ofString(body.toString()))
                                .build(),
                        BodyHandlers.ofString());
        assertThat(response.statusCode()).as(response.body()).isEqualTo(200);
        return JSON.readTree(response.body()).path("id").asInt();
    }
}
