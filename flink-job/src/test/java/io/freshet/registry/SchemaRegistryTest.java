package io.freshet.registry;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.sun.net.httpserver.HttpsConfigurator;
import com.sun.net.httpserver.HttpsServer;
import io.freshet.registry.RegisteredSchema.Kind;
import io.freshet.registry.RegistryServer.Answer;
import io.freshet.registry.RegistryServer.Reference;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.URI;
import java.nio.file.Path;
import java.security.KeyStore;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.UnaryOperator;
import javax.net.ssl.KeyManagerFactory;
import javax.net.ssl.SSLContext;
import org.apache.avro.Schema;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class SchemaRegistryTest {
    private static final String ADDRESS =
            "{\"type\":\"record\",\"name\":\"Address\",\"namespace\":\"com.acme\","
                    + "\"fields\":[{\"name\":\"zip\",\"type\":\"string\"}]}";
    private static final String PERSON =
            "{\"type\":\"record\",\"name\":\"Person\",\"namespace\":\"com.acme\","
                    + "\"fields\":[{\"name\":\"home\",\"type\":\"com.acme.Address\"},"
                    + "{\"name\":\"work\",\"type\":\"Address\"}]}";
    private static final String HOUSEHOLD =
            "{\"type\":\"record\",\"name\":\"Household\",\"namespace\":\"com.acme\","
                    + "\"fields\":[{\"name\":\"persons\","
                    + "\"type\":{\"type\":\"array\",\"items\":\"Person\"}},"
                    + "{\"name\":\"address\",\"type\":\"Address\"}]}";
    private static final Answer UNAVAILABLE =
            new Answer(503, "{\"error_code\":50003,\"message\":\"no leader\"}", Map.of());

    private final BlockingQueue<String> log = new LinkedBlockingQueue<>();
    private final AtomicLong clock = new AtomicLong();
    private final RegistryHealth health = new RegistryHealth(clock::get);
    private RegistryServer server;

    @BeforeEach
    void startServer() throws Exception {
        server = RegistryServer.start();
    }

    @AfterEach
    void stopServer() {
        server.close();
    }

    private SchemaRegistry registry(URI... urls) {
        return registry(new RegistryConfig(List.of(urls), null, null, true));
    }

    private SchemaRegistry registry(RegistryConfig config) {
        return new SchemaRegistry(config, UnaryOperator.identity(), health, log::add, clock::get);
    }

    private SchemaRegistry registryWithLogin(UnaryOperator<String> secrets) {
        return new SchemaRegistry(
                new RegistryConfig(List.of(server.url()), "freshet", "${dir:/run:pass}", true),
                secrets,
                health,
                log::add,
                clock::get);
    }

    private static URI unusedAddress() throws Exception {
        try (ServerSocket socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            return URI.create("http://127.0.0.1:" + socket.getLocalPort());
        }
    }

    @Test
    void schema_isRequestedOnce() throws Exception {
        int address = server.add("addresses", "AVRO", ADDRESS);
        int text = server.add("names", "AVRO", "\"string\"");

        try (SchemaRegistry registry = registry(server.url())) {
            RegisteredSchema first = registry.schema(address);
            assertThat(first.kind()).isEqualTo(Kind.AVRO);
            assertThat(first.avro()).isEqualTo(new Schema.Parser().parse(ADDRESS));
            assertThat(registry.schema(text).avro()).isEqualTo(Schema.create(Schema.Type.STRING));
            assertThat(registry.schema(address)).isSameAs(first);
        }

        assertThat(server.requests()).containsExactly("GET /schemas/ids/1", "GET /schemas/ids/2");
        assertThat(log).isEmpty();
    }

    @Test
    void references_areResolved_eachOnce_andThroughOthers() throws Exception {
        Reference address = new Reference("com.acme.Address", "all addresses", 1);
        server.add("all addresses", "AVRO", ADDRESS);
        server.add("persons", "AVRO", PERSON, address);
        int id =
                server.add(
                        "households",
                        "AVRO",
                        HOUSEHOLD,
                        new Reference("com.acme.Person", "persons", 1),
                        address);

        try (SchemaRegistry registry = registry(server.url())) {
            Schema household = registry.schema(id).avro();

            assertThat(household).isNotNull();
            assertThat(household.getField("persons").schema().getElementType())
                    .isEqualTo(
                            new Schema.Parser()
                                    .parse(PERSON.replaceFirst("\"com.acme.Address\"", ADDRESS)));
        }

        assertThat(server.requests())
                .containsExactly(
                        "GET /schemas/ids/3",
                        "GET /subjects/persons/versions/1?deleted=true",
                        "GET /subjects/all%20addresses/versions/1?deleted=true");
    }

    @Test
    void missingReference_isNamed() throws Exception {
        int id = server.add("persons", "AVRO", PERSON, new Reference("Address", "addresses", 2));

        try (SchemaRegistry registry = registry(server.url())) {
            RegisteredSchema schema = registry.schema(id);

            assertThat(schema.kind()).isEqualTo(Kind.UNKNOWN);
            assertThat(schema.problem())
                    .isEqualTo(
                            "schema 1 of the registry refers to Address, which it does not have:"
                                    + " Subject 'addresses' not found. (40401)");
        }
    }

    @Test
    void unknownId_isAskedAgainOnlyAfterAWhile_andThenFound() throws Exception {
        try (SchemaRegistry registry = registry(server.url())) {
            RegisteredSchema unknown = registry.schema(1);
            assertThat(unknown.kind()).isEqualTo(Kind.UNKNOWN);
            assertThat(unknown.problem())
                    .isEqualTo("the schema registry has no schema 1: Schema 1 not found (40403)");

            server.add("addresses", "AVRO", ADDRESS);
            clock.addAndGet(TimeUnit.SECONDS.toNanos(29));
            assertThat(registry.schema(1)).isSameAs(unknown);
            assertThat(server.requests()).hasSize(1);

            clock.addAndGet(TimeUnit.SECONDS.toNanos(2));
            assertThat(registry.schema(1).kind()).isEqualTo(Kind.AVRO);
            assertThat(server.requests()).hasSize(2);
        }
    }

    @Test
    void negativeId_isUnknown_withoutARequest() throws Exception {
        try (SchemaRegistry registry = registry(server.url())) {
            assertThat(registry.schema(-7).kind()).isEqualTo(Kind.UNKNOWN);
        }
        assertThat(server.requests()).isEmpty();
    }

    @ParameterizedTest
    @CsvSource({"JSON, NOT_AVRO", "PROTOBUF, NOT_AVRO", "AVRO, INVALID"})
    void schemaThatIsNoAvro_isToldApart(String type, Kind kind) throws Exception {
        int id = server.add("others", type, "{\"type\":\"object\"}");

        try (SchemaRegistry registry = registry(server.url())) {
            RegisteredSchema schema = registry.schema(id);

            assertThat(schema.kind()).isEqualTo(kind);
            assertThat(schema.problem())
                    .startsWith("schema 1 of the registry is ")
                    .contains(kind == Kind.INVALID ? "not valid in Avro" : type + ", not AVRO");
            assertThat(registry.schema(id)).isSameAs(schema);
        }
        assertThat(server.requests()).hasSize(1);
    }

    @ParameterizedTest
    @ValueSource(ints = {429, 500, 502, 503, 504})
    void outage_isWaitedFor_andSaidOnce(int status) throws Exception {
        int id = server.add("addresses", "AVRO", ADDRESS);
        String body = "{\"error_code\":" + status + "01,\"message\":\"no leader\"}";
        server.answer(3, new Answer(status, body, Map.of()));

        try (SchemaRegistry registry = registry(server.url())) {
            assertThat(registry.schema(id).kind()).isEqualTo(Kind.AVRO);
        }

        assertThat(server.requests()).hasSize(4);
        assertThat(log)
                .containsExactly(
                        "the schema registry at "
                                + server.url()
                                + " answers with HTTP status "
                                + status
                                + " (no leader); the task waits until it answers",
                        "the schema registry at " + server.url() + " answers again, after 0 s");
    }

    @ParameterizedTest
    @CsvSource({
        "2, 2000",
        "0, 0",
        "9999, 60000",
        "99999999999, 0",
        "'Wed, 21 Oct 2026 07:28:00 GMT', 0",
        ", 0"
    })
    void waitThatTheRegistryAsksFor_isAtMostAMinute(String header, long millis) {
        assertThat(RegistryClient.retryAfterMillis(Optional.ofNullable(header))).isEqualTo(millis);
    }

    @Test
    void answerOfAnotherServer_isAnOutage_thatNamesTheKey() throws Exception {
        int id = server.add("addresses", "AVRO", ADDRESS);
        for (Answer answer :
                List.of(
                        new Answer(200, "<html>Log in</html>", Map.of()),
                        new Answer(200, "{\"name\":\"another service\"}", Map.of()),
                        new Answer(404, "", Map.of()),
                        new Answer(404, "{\"error_code\":404,\"message\":\"?\"}", Map.of()),
                        new Answer(307, "", Map.of("Location", "http://example.com/")))) {
            server.answer(1, answer);
            try (SchemaRegistry registry = registry(server.url())) {
                assertThat(registry.schema(id).kind()).isEqualTo(Kind.AVRO);
            }
            assertThat(log.poll())
                    .contains(
                            "does not answer like a schema registry (HTTP status "
                                    + answer.status())
                    .contains("/schemas/ids/1; is the path in schema.registry.url right?");
            assertThat(log.poll()).contains("answers again");
        }
    }

    @Test
    void registryThatIsDown_isWaitedFor_andThenUsed() throws Exception {
        int port = server.port();
        server.close();
        try (SchemaRegistry registry = registry(server.url())) {
            FutureTask<RegisteredSchema> schema = new FutureTask<>(() -> registry.schema(1));
            Thread task = new Thread(schema);
            task.start();
            assertThat(log.poll(60, TimeUnit.SECONDS))
                    .isEqualTo(
                            "the schema registry at "
                                    + server.url()
                                    + " cannot be reached: the connection is refused;"
                                    + " the task waits until it answers");

            server = RegistryServer.start(port);

            assertThat(schema.get(60, TimeUnit.SECONDS).kind()).isEqualTo(Kind.UNKNOWN);
            task.join();
        }
        assertThat(log.poll()).contains("answers again, after ");
    }

    @Test
    void interrupt_endsTheWait() throws Exception {
        server.answer(Integer.MAX_VALUE, new Answer(429, "", Map.of("Retry-After", "60")));
        try (SchemaRegistry registry = registry(server.url())) {
            FutureTask<RegisteredSchema> schema = new FutureTask<>(() -> registry.schema(1));
            Thread task = new Thread(schema);
            task.start();
            assertThat(log.poll(60, TimeUnit.SECONDS)).contains("429");

            task.interrupt();

            assertThatThrownBy(() -> schema.get(30, TimeUnit.SECONDS))
                    .isInstanceOf(ExecutionException.class)
                    .hasCauseInstanceOf(InterruptedException.class);
            task.join();
        }
    }

    @Test
    void interrupt_endsARequestThatIsNotAnswered() throws Exception {
        CompletableFuture<Void> accepted = new CompletableFuture<>();
        try (ServerSocket silent = new ServerSocket(0, 1, InetAddress.getLoopbackAddress());
                SchemaRegistry registry =
                        registry(URI.create("http://127.0.0.1:" + silent.getLocalPort()))) {
            FutureTask<RegisteredSchema> schema = new FutureTask<>(() -> registry.schema(1));
            Thread task = new Thread(schema);
            task.start();
            try (var connection = silent.accept()) {
                assertThat(connection.getInputStream().read()).isEqualTo('G');
                accepted.complete(null);

                task.interrupt();

                assertThatThrownBy(() -> schema.get(20, TimeUnit.SECONDS))
                        .hasCauseInstanceOf(InterruptedException.class);
            }
            task.join();
        }
        assertThat(accepted).isCompleted();
        assertThat(log).isEmpty();
    }

    @Test
    void secondAddress_isUsed_ifTheFirstCannotBeReached() throws Exception {
        int address = server.add("addresses", "AVRO", ADDRESS);
        int name = server.add("names", "AVRO", "\"string\"");
        URI down = unusedAddress();

        try (SchemaRegistry registry = registry(down, server.url())) {
            assertThat(registry.schema(address).kind()).isEqualTo(Kind.AVRO);
            assertThat(registry.schema(name).kind()).isEqualTo(Kind.AVRO);
        }

        assertThat(log)
                .containsExactly(
                        "the schema registry at "
                                + down
                                + " cannot be reached: the connection is refused;"
                                + " another address of schema.registry.url is asked");
    }

    @Test
    void hostThatDoesNotExist_isNamed() throws Exception {
        int id = server.add("addresses", "AVRO", ADDRESS);
        try (SchemaRegistry registry =
                registry(URI.create("http://registry.invalid:8081"), server.url())) {
            assertThat(registry.schema(id).kind()).isEqualTo(Kind.AVRO);
        }
        assertThat(log.poll())
                .contains("http://registry.invalid:8081 cannot be reached: the name of its host");
    }

    @Test
    void certificateOfAnUnknownAuthority_isAnOutage_thatNamesTheOption(@TempDir Path directory)
            throws Exception {
        Path store = directory.resolve("store.p12");
        Process keytool =
                new ProcessBuilder(
                                Path.of(System.getProperty("java.home"), "bin", "keytool")
                                        .toString(),
                                "-genkeypair",
                                "-keyalg",
                                "EC",
                                "-dname",
                                "CN=localhost",
                                "-alias",
                                "a",
                                "-storepass",
                                "changeit",
                                "-keystore",
                                store.toString())
                        .redirectErrorStream(true)
                        .redirectOutput(directory.resolve("log").toFile())
                        .start();
        assertThat(keytool.waitFor()).isZero();
        KeyManagerFactory keys =
                KeyManagerFactory.getInstance(KeyManagerFactory.getDefaultAlgorithm());
        char[] password = "changeit".toCharArray();
        keys.init(KeyStore.getInstance(store.toFile(), password), password);
        SSLContext tls = SSLContext.getInstance("TLS");
        tls.init(keys.getKeyManagers(), null, null);
        HttpsServer https = HttpsServer.create(RegistryServer.address(0), 0);
        https.setHttpsConfigurator(new HttpsConfigurator(tls));
        int id = server.add("addresses", "AVRO", ADDRESS);

        try (RegistryServer secured = RegistryServer.on(https);
                SchemaRegistry registry =
                        registry(URI.create("https://localhost:" + secured.port()), server.url())) {
            assertThat(registry.schema(id).kind()).isEqualTo(Kind.AVRO);
        }

        assertThat(log.poll())
                .contains("has a certificate that no authority in the JVM's trust store has signed")
                .contains("(javax.net.ssl.trustStore)");
    }

    @Test
    void outage_isReported_withoutWaiting_toWhomAsksForIt() throws Exception {
        URI down = unusedAddress();
        server.answer(1, UNAVAILABLE);
        try (SchemaRegistry registry = registry(down, server.url())) {
            assertThat(registry.outage())
                    .contains(
                            "the schema registry at "
                                    + down
                                    + " cannot be reached: the connection is refused;"
                                    + " the schema registry at "
                                    + server.url()
                                    + " answers with HTTP status 503 (no leader)");
            assertThat(registry.outage()).isEmpty();
        }
        assertThat(log).isEmpty();
        server.requireLogin("freshet", "secret");
        try (SchemaRegistry registry = registry(server.url())) {
            assertThatThrownBy(registry::outage).isInstanceOf(RegistryRefusedException.class);
        }
    }

    @Test
    void registryThatForbidsTheProbe_answers() throws Exception {
        server.answer(1, new Answer(403, "", Map.of()));
        try (SchemaRegistry registry = registryWithLogin(text -> "freshet")) {
            assertThat(registry.outage()).isEmpty();
        }
        assertThat(health.outageSeconds()).isZero();
    }

    @Test
    void outage_isMeasured_untilAnAddressAnswers() throws Exception {
        URI down = unusedAddress();
        try (SchemaRegistry registry = registry(down, server.url())) {
            assertThat(registry.outage()).isEmpty();
            clock.addAndGet(TimeUnit.SECONDS.toNanos(1));
            assertThat(health.outageSeconds()).as("one address answers").isZero();
            assertThat(health.requests()).isEqualTo(2);
            assertThat(health.failures()).isEqualTo(1);

            server.answer(2, UNAVAILABLE);
            for (int i = 0; i < 2; i++) {
                assertThat(registry.outage()).isPresent();
                clock.addAndGet(TimeUnit.MILLISECONDS.toNanos(2_500));
            }
            assertThat(health.outageSeconds()).isEqualTo(5);
            assertThat(health.failures()).isEqualTo(5);

            assertThat(registry.outage()).isEmpty();
            assertThat(health.outageSeconds()).isZero();
        }
        server.requireLogin("freshet", "secret");
        try (SchemaRegistry registry = registry(server.url())) {
            assertThatThrownBy(() -> registry.schema(1))
                    .isInstanceOf(RegistryRefusedException.class);
            clock.addAndGet(TimeUnit.SECONDS.toNanos(3));
            assertThat(health.outageSeconds()).as("the login is rejected").isEqualTo(3);
        }
    }

    @Test
    void login_isSent_andReadAgain_whenItIsRejected() throws Exception {
        int address = server.add("addresses", "AVRO", ADDRESS);
        int name = server.add("names", "AVRO", "\"string\"");
        server.requireLogin("freshet", "first");
        String[] password = {"first\n"};

        try (SchemaRegistry registry =
                registryWithLogin(text -> text.startsWith("$") ? password[0] : text)) {
            assertThat(registry.schema(address).kind()).isEqualTo(Kind.AVRO);

            server.requireLogin("freshet", "second");
            password[0] = "second";
            assertThat(registry.schema(name).kind()).isEqualTo(Kind.AVRO);

            server.requireLogin("freshet", "third");
            assertThatThrownBy(() -> registry.schema(99))
                    .isInstanceOf(RegistryRefusedException.class)
                    .hasMessage(
                            "the schema registry at "
                                    + server.url()
                                    + " rejects the login of user freshet"
                                    + " (schema.registry.basic-auth.password)");
        }
        assertThat(log).isEmpty();
    }

    @Test
    void missingLogin_andMissingPermission_areRefused() throws Exception {
        server.requireLogin("freshet", "secret");
        try (SchemaRegistry registry = registry(server.url())) {
            assertThatThrownBy(() -> registry.schema(1))
                    .isInstanceOf(RegistryRefusedException.class)
                    .hasMessageEndingWith(
                            "expects a login: set schema.registry.basic-auth.user and"
                                    + " schema.registry.basic-auth.password");
        }
        server.answer(1, new Answer(403, "", Map.of()));
        try (SchemaRegistry registry = registryWithLogin(text -> "freshet")) {
            assertThatThrownBy(() -> registry.schema(1))
                    .isInstanceOf(RegistryRefusedException.class)
                    .hasMessageEndingWith("does not allow user freshet to GET /schemas/ids/1");
        }
    }

    @Test
    void newSchema_isRegistered_once() throws Exception {
        try (SchemaRegistry registry = registry(server.url())) {
            int id = registry.register("team a/metrics-value", ADDRESS);

            assertThat(registry.register("team a/metrics-value", ADDRESS)).isEqualTo(id);
            assertThat(registry.schema(id).avro()).isEqualTo(new Schema.Parser().parse(ADDRESS));
        }
        assertThat(server.requests())
                .containsExactly(
                        "POST /subjects/team%20a%2Fmetrics-value/versions", "GET /schemas/ids/1");
    }

    @Test
    void incompatibleSchema_isRefused_withTheSubject() throws Exception {
        try (SchemaRegistry registry = registry(server.url())) {
            registry.register("metrics-value", ADDRESS);

            assertThatThrownBy(() -> registry.register("metrics-value", "\"int\""))
                    .isInstanceOf(RegistryRefusedException.class)
                    .hasMessage(
                            "the schema registry refuses the schema of subject metrics-value:"
                                    + " Schema being registered is incompatible (409)");
        }
    }

    @Test
    void schemaThatMustBeRegisteredAlready_isFound_orRefused() throws Exception {
        int id = server.add("metrics-value", "AVRO", ADDRESS);
        try (SchemaRegistry registry =
                registry(new RegistryConfig(List.of(server.url()), null, null, false))) {
            assertThat(registry.register("metrics-value", ADDRESS)).isEqualTo(id);

            assertThatThrownBy(() -> registry.register("predictions-value", ADDRESS))
                    .isInstanceOf(RegistryRefusedException.class)
                    .hasMessageContaining("schema.registry.auto-register = true")
                    .hasMessageContaining("predictions-value");
        }
        assertThat(server.requests())
                .containsExactly(
                        "POST /subjects/metrics-value", "POST /subjects/predictions-value");
    }

    @Test
    void closedClient_leavesNoThread() throws Exception {
        int id = server.add("addresses", "AVRO", ADDRESS);
        useAndClose(id);

        long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(60);
        while (clientThreads() > 0 && System.nanoTime() < deadline) {
            System.gc(); // the thread of the JDK's client ends when the client is unreachable
        }

        assertThat(clientThreads()).isZero();
    }

    private void useAndClose(int id) throws Exception {
        try (SchemaRegistry registry = registry(server.url())) {
            assertThat(registry.schema(id).kind()).isEqualTo(Kind.AVRO);
            assertThat(clientThreads()).isPositive();
        }
    }

    private static long clientThreads() {
        Thread[] threads = new Thread[Thread.activeCount() + 64];
        int count = Thread.enumerate(threads);
        return Arrays.stream(threads, 0, count)
                .map(Thread::getName)
                .filter(
                        name ->
                                name.startsWith("schema-registry-client")
                                        || name.startsWith("HttpClient-"))
                .count();
    }
}
