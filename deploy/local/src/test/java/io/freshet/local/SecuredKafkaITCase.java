package io.freshet.local;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.freshet.local.cluster.EmbeddedKafka;
import io.freshet.pipeline.JobConfig;
import io.freshet.pipeline.KafkaPreflight;
import io.freshet.pipeline.PreflightException;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.ExecutionException;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.NewTopic;
import org.apache.kafka.common.acl.AccessControlEntry;
import org.apache.kafka.common.acl.AclBinding;
import org.apache.kafka.common.acl.AclBindingFilter;
import org.apache.kafka.common.acl.AclOperation;
import org.apache.kafka.common.acl.AclPermissionType;
import org.apache.kafka.common.resource.PatternType;
import org.apache.kafka.common.resource.ResourcePattern;
import org.apache.kafka.common.resource.ResourceType;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import picocli.CommandLine;

/**
 * Integration test of the commands against brokers that require authentication, permissions or TLS,
 * and of their error messages.
 */
class SecuredKafkaITCase {
    private static final String LOGIN =
            "org.apache.kafka.common.security.plain.PlainLoginModule required username=\"%s\""
                    + " password=\"%s\";";

    private static EmbeddedKafka secured;
    private static EmbeddedKafka plain;

    @TempDir private Path directory;

    @BeforeAll
    static void start() throws Exception {
        plain = EmbeddedKafka.start();
        secured =
                EmbeddedKafka.start(
                        Map.of(
                                "listener.security.protocol.map",
                                "PLAINTEXT:SASL_PLAINTEXT,CONTROLLER:PLAINTEXT",
                                "sasl.enabled.mechanisms",
                                "PLAIN",
                                "sasl.mechanism.inter.broker.protocol",
                                "PLAIN",
                                "listener.name.plaintext.plain.sasl.jaas.config",
                                LOGIN.formatted("admin", "admin").replace(";", "")
                                        + " user_admin=\"admin\" user_reader=\"canary\""
                                        + " user_writer=\"canary\""
                                        + " user_stranger=\"canary\";",
                                "authorizer.class.name",
                                "org.apache.kafka.metadata.authorizer.StandardAuthorizer",
                                "super.users",
                                "User:ANONYMOUS;User:admin"));
        try (Admin admin = admin()) {
            admin.createTopics(
                            JobOnKafka.TOPICS.stream()
                                    .map(name -> new NewTopic(name, 1, (short) 1))
                                    .toList())
                    .all()
                    .get();
            List<AclBinding> acls = new ArrayList<>();
            for (String topic : JobOnKafka.TOPICS) {
                AclOperation operation =
                        topic.equals("labelled-events") ? AclOperation.READ : AclOperation.WRITE;
                acls.add(allow("writer", ResourceType.TOPIC, topic, operation));
                acls.add(allow("writer", ResourceType.TOPIC, topic, AclOperation.READ));
                if (!topic.equals("metrics")) {
                    acls.add(allow("reader", ResourceType.TOPIC, topic, operation));
                }
                acls.add(allow("reader", ResourceType.TOPIC, topic, AclOperation.READ));
            }
            acls.add(allow("reader", ResourceType.TOPIC, "metrics", AclOperation.DESCRIBE));
            acls.add(allow("reader", ResourceType.GROUP, "freshet", AclOperation.READ));
            acls.add(allow("reader", ResourceType.GROUP, "freshet-lease", AclOperation.READ));
            acls.add(allow("reader", ResourceType.TRANSACTIONAL_ID, "freshet", AclOperation.WRITE));
            grant(admin, acls);
        }
    }

    @AfterAll
    static void stop() throws IOException {
        secured.close();
        plain.close();
    }

    private static Admin admin() {
        return Admin.create(new HashMap<>(login(secured, "admin", "admin")));
    }

    private static AclBinding allow(
            String user, ResourceType type, String name, AclOperation operation) {
        return new AclBinding(
                new ResourcePattern(
                        type,
                        name,
                        type == ResourceType.TRANSACTIONAL_ID
                                ? PatternType.PREFIXED
                                : PatternType.LITERAL),
                new AccessControlEntry("User:" + user, "*", operation, AclPermissionType.ALLOW));
    }

    private static void grant(Admin admin, List<AclBinding> acls) throws Exception {
        admin.createAcls(acls).all().get();
        JobOnKafka.await(
                "the broker to know the permissions",
                () -> {
                    try {
                        return admin.describeAcls(AclBindingFilter.ANY)
                                .values()
                                .get()
                                .containsAll(acls);
                    } catch (InterruptedException | ExecutionException e) {
                        throw new IllegalStateException(e);
                    }
                });
    }

    private static Map<String, String> login(EmbeddedKafka kafka, String user, String password) {
        Map<String, String> client = new TreeMap<>();
        client.put("bootstrap.servers", kafka.bootstrapServers());
        client.put("security.protocol", "SASL_PLAINTEXT");
        client.put("sasl.mechanism", "PLAIN");
        client.put("sasl.jaas.config", LOGIN.formatted(user, password));
        // Shorter than the default of ten seconds, to keep the test fast.
        client.put("default.api.timeout.ms", "2000");
        client.put("request.timeout.ms", "1000");
        return client;
    }

    private static Map<String, String> job(Map<String, String> client) {
        Map<String, String> settings = new HashMap<>();
        settings.put("num-features", "3");
        settings.put("classes", "2");
        client.forEach((key, value) -> settings.put("kafka." + key, value));
        return settings;
    }

    private record Outcome(int exitCode, String out, String err) {}

    private Outcome freshet(Map<String, String> client, String... command) throws IOException {
        StringBuilder properties = new StringBuilder();
        job(client).forEach((key, value) -> properties.append(key + "=" + value + "\n"));
        Path file = Files.writeString(directory.resolve("job.properties"), properties);
        StringWriter out = new StringWriter();
        StringWriter err = new StringWriter();
        CommandLine line =
                Freshet.commandLine()
                        .setOut(new PrintWriter(out, true))
                        .setErr(new PrintWriter(err, true));
        String[] all =
                Stream.concat(Stream.of(command), Stream.of("--config", file.toString()))
                        .toArray(String[]::new);
        return new Outcome(line.execute(all), out.toString(), err.toString());
    }

    private void assertEachSays(Map<String, String> client, String message) throws IOException {
        for (String[] command :
                List.of(
                        new String[] {"run"},
                        new String[] {"topics"},
                        new String[] {"replay", "--events", "10"},
                        new String[] {"watch", "--terminal", "--once"})) {
            Outcome outcome = freshet(client, command);
            assertThat(outcome)
                    .as(command[0])
                    .isEqualTo(new Outcome(2, "", "freshet: " + message + "\n"));
            assertThat(outcome.err()).doesNotContain("canary");
        }
    }

    @Test
    void missingPermissionOnATopic_isNamedInOneLine() throws Exception {
        assertThat(freshet(login(secured, "reader", "canary"), "run"))
                .isEqualTo(
                        new Outcome(
                                2,
                                "",
                                "freshet: Kafka does not allow user reader to WRITE topic"
                                        + " metrics\n"));
    }

    @Test
    void missingPermissions_areNamedTogether_andGrantedPass() throws Exception {
        assertThat(freshet(login(secured, "stranger", "canary"), "run").err())
                .isEqualTo(
                        Stream.concat(
                                        JobOnKafka.TOPICS.stream()
                                                .sorted()
                                                .map(
                                                        topic ->
                                                                switch (topic) {
                                                                            case "labelled-events" ->
                                                                                    "READ topic ";
                                                                            case "drift-alerts",
                                                                                    "model-history" ->
                                                                                    "WRITE topic ";
                                                                            default ->
                                                                                    "WRITE and READ"
                                                                                        + " topic ";
                                                                        }
                                                                        + topic),
                                        Stream.of(
                                                "READ group freshet (source.group-id)",
                                                "READ group freshet-lease (the job's lease)",
                                                "WRITE transactional id freshet-preflight; the job"
                                                        + " needs it for every id that begins with"
                                                        + " freshet"
                                                        + " (sink.transactional-id-prefix)"))
                                .map(
                                        denied ->
                                                "freshet: Kafka does not allow user stranger to "
                                                        + denied
                                                        + "\n")
                                .collect(Collectors.joining()));

        Map<String, String> client = login(secured, "writer", "canary");
        assertThat(freshet(client, "run"))
                .isEqualTo(
                        new Outcome(
                                2,
                                "",
                                "freshet: Kafka does not allow user writer to READ group freshet"
                                        + " (source.group-id)\n"
                                        + "freshet: Kafka does not allow user writer to READ group"
                                        + " freshet-lease (the job's lease)\n"
                                        + "freshet: Kafka does not allow user writer to WRITE"
                                        + " transactional id freshet-preflight; the job needs it"
                                        + " for every id that begins with freshet"
                                        + " (sink.transactional-id-prefix)\n"));

        try (Admin admin = admin()) {
            grant(
                    admin,
                    List.of(
                            allow("writer", ResourceType.GROUP, "freshet", AclOperation.READ),
                            allow("writer", ResourceType.GROUP, "freshet-lease", AclOperation.READ),
                            allow(
                                    "writer",
                                    ResourceType.TRANSACTIONAL_ID,
                                    "freshet",
                                    AclOperation.WRITE)));
        }
        KafkaPreflight.check(JobConfig.parse(job(client)));

        Map<String, String> other = job(client);
        other.put("sink.transactional-id-prefix", "another");
        assertThatThrownBy(() -> KafkaPreflight.check(JobConfig.parse(other)))
                .isInstanceOf(PreflightException.class)
                .hasMessageContaining("user writer to WRITE transactional id another-preflight;");

        Map<String, String> late = job(client);
        late.put("sink.transaction-timeout", "1 h");
        assertThatThrownBy(() -> KafkaPreflight.check(JobConfig.parse(late)))
                .isInstanceOf(PreflightException.class)
                .hasMessageContaining(
                        "The transaction timeout is larger than the maximum value allowed by the"
                                + " broker (as configured by transaction.max.timeout.ms)");
    }

    @Test
    void brokersWithoutTransactions_areReported() throws Exception {
        try (EmbeddedKafka one =
                EmbeddedKafka.start(Map.of("transaction.state.log.replication.factor", "3"))) {
            Map<String, String> client = new TreeMap<>();
            client.put("bootstrap.servers", one.bootstrapServers());
            assertThat(freshet(client, "topics").exitCode()).isZero();
            client.put("max.block.ms", "2000");

            assertThat(freshet(client, "run"))
                    .isEqualTo(
                            new Outcome(
                                    2,
                                    "",
                                    "freshet: Kafka at "
                                            + one.bootstrapServers()
                                            + " did not initialise transactions in time; see the"
                                            + " brokers' logs for the cause. Are there fewer"
                                            + " brokers than"
                                            + " transaction.state.log.replication.factor?\n"));
        }
    }

    @Test
    void wrongMechanism_isReportedWithThoseThatTheBrokerAccepts() throws Exception {
        Map<String, String> client = login(secured, "reader", "canary");
        client.put("sasl.mechanism", "SCRAM-SHA-512");
        client.put(
                "sasl.jaas.config",
                client.get("sasl.jaas.config").replace("plain.Plain", "scram.Scram"));

        assertEachSays(
                client,
                "Kafka at "
                        + secured.bootstrapServers()
                        + " does not support kafka.sasl.mechanism=SCRAM-SHA-512: Client SASL"
                        + " mechanism 'SCRAM-SHA-512' not enabled in the server, enabled mechanisms"
                        + " are [PLAIN]");
    }

    @Test
    void wrongPassword_isReported_withoutThePassword() throws Exception {
        assertEachSays(
                login(secured, "reader", "canary2"),
                "Kafka at "
                        + secured.bootstrapServers()
                        + " rejects the login (kafka.sasl.jaas.config): Authentication failed:"
                        + " Invalid username or password");
    }

    @Test
    void clientWithoutLogin_getsTheErrorThatTheBrokerRequiresOne() throws Exception {
        Map<String, String> client = login(secured, "reader", "canary");
        client.keySet().removeIf(key -> key.startsWith("sasl.") || key.startsWith("security."));

        assertEachSays(
                client,
                "the listener at "
                        + secured.bootstrapServers()
                        + " expects a login without TLS (SASL_PLAINTEXT) by PLAIN;"
                        + " kafka.security.protocol is PLAINTEXT");
    }

    @Test
    void clientWithLogin_getsTheErrorThatTheBrokerAcceptsNone() throws Exception {
        assertEachSays(
                login(plain, "reader", "canary"),
                "Kafka at "
                        + plain.bootstrapServers()
                        + " does not accept a login (kafka.security.protocol=SASL_PLAINTEXT):"
                        + " Unexpected handshake request with client mechanism PLAIN, enabled"
                        + " mechanisms are []");
    }

    @Test
    void clientWithTls_getsTheErrorThatTheBrokerHasNoTls() throws Exception {
        Map<String, String> client = login(plain, "reader", "canary");
        client.keySet().removeIf(key -> key.startsWith("sasl."));
        client.put("security.protocol", "SSL");

        assertEachSays(
                client,
                "the listener at "
                        + plain.bootstrapServers()
                        + " expects neither login nor TLS (PLAINTEXT); kafka.security.protocol is"
                        + " SSL");
    }

    /** Starts a broker with SASL_SSL, and runs commands against it. */
    private void withTls(Path keyStore, CheckedConsumer<EmbeddedKafka> commands) throws Exception {
        Map<String, String> properties = new HashMap<>(CertificateAuthority.broker(keyStore));
        properties.put("listener.security.protocol.map", "PLAINTEXT:SASL_SSL,CONTROLLER:PLAINTEXT");
        properties.put("sasl.enabled.mechanisms", "PLAIN");
        properties.put("sasl.mechanism.inter.broker.protocol", "PLAIN");
        properties.put(
                "listener.name.plaintext.plain.sasl.jaas.config",
                LOGIN.formatted("admin", "admin").replace(";", " user_reader=\"canary\";"));
        // The broker is its own client, and need not check its certificate.
        properties.put("ssl.truststore.location", keyStore.toString());
        properties.put("ssl.truststore.password", CertificateAuthority.PASSWORD);
        properties.put("listener.name.plaintext.ssl.endpoint.identification.algorithm", "");
        try (EmbeddedKafka kafka = EmbeddedKafka.start(properties)) {
            commands.accept(kafka);
        }
    }

    private interface CheckedConsumer<T> {
        void accept(T value) throws Exception;
    }

    @Test
    void unusableCertificate_isReportedWithTheReason() throws Exception {
        CertificateAuthority authority = new CertificateAuthority(directory.resolve("one"));
        CertificateAuthority other = new CertificateAuthority(directory.resolve("other"));
        Path keyStore = directory.resolve("broker.p12");

        authority.issue(keyStore, "localhost");
        withTls(
                keyStore,
                kafka -> {
                    Map<String, String> client = login(kafka, "reader", "canary");
                    client.put("security.protocol", "PLAINTEXT");
                    assertEachSays(
                            client,
                            "the listener at "
                                    + kafka.bootstrapServers()
                                    + " closes the connection immediately;"
                                    + " kafka.security.protocol is PLAINTEXT: is it a Kafka broker"
                                    + " that expects TLS (SSL or SASL_SSL)?");
                    client.put("security.protocol", "SASL_SSL");
                    client.putAll(other.client());
                    assertEachSays(
                            client,
                            noTls(kafka)
                                    + "no certificate in kafka.ssl.truststore.location has signed"
                                    + " the broker's: unable to find valid certification path to"
                                    + " requested target");
                });

        authority.issue(keyStore, "broker.example.com");
        withTls(
                keyStore,
                kafka ->
                        assertEachSays(
                                trusting(kafka, authority),
                                noTls(kafka)
                                        + "the broker's certificate is for another host: No"
                                        + " subject alternative DNS name matching localhost"
                                        + " found."));

        authority.issueExpired(keyStore, "localhost");
        withTls(
                keyStore,
                kafka ->
                        assertThat(freshet(trusting(kafka, authority), "run").err())
                                .startsWith(
                                        "freshet: "
                                                + noTls(kafka)
                                                + "the broker's certificate, or one that signed"
                                                + " it, has expired: NotAfter: ")
                                .hasLineCount(1));
    }

    private static Map<String, String> trusting(
            EmbeddedKafka kafka, CertificateAuthority authority) {
        Map<String, String> client = login(kafka, "reader", "canary");
        client.put("security.protocol", "SASL_SSL");
        client.putAll(authority.client());
        return client;
    }

    private static String noTls(EmbeddedKafka kafka) {
        return "no TLS connection to Kafka at "
                + kafka.bootstrapServers()
                + " (kafka.security.protocol=SASL_SSL): ";
    }

    @Test
    void referenceThatCannotBeRead_isReported_beforeAnyConnection() throws Exception {
        Map<String, String> client = login(plain, "reader", "canary");
        client.put("sasl.jaas.config", "${dir:/none:login}");
        String refers = "freshet: kafka.sasl.jaas.config refers to ${dir:/none:login}, but ";

        assertThat(freshet(client, "run").err())
                .isEqualTo(refers + "kafka.config.providers names no providers\n");
        client.put("config.providers", "dir");
        client.put(
                "config.providers.dir.class",
                "org.apache.kafka.common.config.provider.DirectoryConfigProvider");
        for (String command : List.of("run", "topics", "replay")) {
            assertThat(freshet(client, command).err())
                    .as(command)
                    .isEqualTo(refers + "provider dir finds no such value\n");
        }
    }

    @Test
    void serverThatAcceptsConnectionsAndDoesNotAnswer_isNoBroker() throws Exception {
        try (ServerSocket silent = new ServerSocket(0, 50, InetAddress.getByName("localhost"))) {
            Map<String, String> client = login(plain, "reader", "canary");
            client.keySet().removeIf(key -> key.startsWith("sasl.") || key.startsWith("security."));
            client.put("bootstrap.servers", "localhost:" + silent.getLocalPort());

            assertThat(freshet(client, "run"))
                    .isEqualTo(
                            new Outcome(
                                    2,
                                    "",
                                    "freshet: the listener at localhost:"
                                            + silent.getLocalPort()
                                            + " does not answer as a Kafka broker"
                                            + " (kafka.bootstrap.servers)\n"));
        }
    }
}
