package io.freshet.local;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.freshet.classifier.Snapshots;
import io.freshet.local.cluster.EmbeddedKafka;
import io.freshet.schemas.PredictionEvent;
import java.io.IOException;
import java.io.InputStream;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.io.UncheckedIOException;
import java.math.BigInteger;
import java.net.Socket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.security.cert.X509Certificate;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLSocket;
import javax.net.ssl.TrustManagerFactory;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Integration test of the command {@code freshet serve}, in a process of its own. */
class ServeITCase {
    private static final String VECTOR = "{\"features\": [1, -2, 0.5]}";

    private static EmbeddedKafka kafka;
    private static SnapshotTopic topic;

    @TempDir private Path directory;

    @BeforeAll
    static void start() throws Exception {
        kafka = EmbeddedKafka.start();
        topic = new SnapshotTopic(kafka.bootstrapServers()).create(2, Map.of());
        publish(1);
    }

    @AfterAll
    static void stop() throws Exception {
        topic.close();
        kafka.close();
    }

    private static void publish(long version) {
        topic.send(
                new Snapshots(version, 3, 3, 3, "softmax", 2, true).version(version).records(10));
    }

    private JavaProcess serve(String... options) throws IOException {
        List<String> all = new ArrayList<>(List.of("serve", "--port", "0"));
        all.addAll(List.of(options));
        all.addAll(List.of("--set", "kafka.bootstrap.servers=" + kafka.bootstrapServers()));
        return JavaProcess.freshet(directory, List.of(), all.toArray(String[]::new));
    }

    private static HttpRequest.Builder predict(URI address) {
        return HttpRequest.newBuilder(address.resolve("/models/m/predict"))
                .header("Content-Type", "application/json")
                .POST(HttpRequest.BodyPublishers.ofString(VECTOR));
    }

    private static String send(HttpClient client, HttpRequest.Builder request) throws Exception {
        HttpResponse<String> response =
                client.send(request.build(), HttpResponse.BodyHandlers.ofString());
        return response.statusCode() + " " + response.body();
    }

    /** Two versions give two predictions from one process; another process begins with the last. */
    @Test
    void newVersion_isServedWithoutARestart_andAfterOne() throws Exception {
        HttpClient client = HttpClient.newHttpClient();
        String last;
        try (JavaProcess process = serve()) {
            URI address = process.awaitServer();
            String first = send(client, predict(address));
            assertThat(first).startsWith("200 ").contains("\"modelVersion\":");
            publish(100);
            JobOnKafka.await("the new version", () -> version(client, address) == 100);
            last = send(client, predict(address));
            assertThat(last.substring(last.indexOf("probabilities")))
                    .isNotEqualTo(first.substring(first.indexOf("probabilities")));
            process.signal("TERM");
            assertThat(process.awaitExit()).isZero();
        }
        try (JavaProcess process = serve()) {
            assertThat(send(client, predict(process.awaitServer()))).isEqualTo(last);
            process.signal("INT");
            assertThat(process.awaitExit()).isZero();
        }
    }

    private static long version(HttpClient client, URI address) {
        try {
            return Long.parseLong(
                    send(client, predict(address)).replaceAll("(?s).*Version\":([0-9]+).*", "$1"));
        } catch (Exception e) {
            throw new IllegalStateException(e);
        }
    }

    /** The job publishes predictions of unlabelled events; the server's are the same. */
    @Test
    void modelOfAJob_isServed_withTheJobsSettingsAndProbabilities() throws Exception {
        Map<String, String> settings = JobOnKafka.settings(kafka, "served", 1, "no,yes");
        settings.remove("num-features");
        settings.put("source.format", "json");
        settings.put("features", "price,shop:categorical(a|b)");
        settings.put("label", "sold");
        settings.put("id", "id");
        Random random = new Random(7);
        Map<String, String> unlabelled = new TreeMap<>();
        List<byte[]> messages = new ArrayList<>();
        for (int i = 0; i < 1_000; i++) {
            boolean sold = random.nextBoolean();
            double price = 100 + random.nextGaussian() * 20 + (sold ? 0 : 30);
            String features = "\"price\":" + price + ",\"shop\":\"" + (sold ? "a" : "b") + "\"";
            String label = i < 900 ? ",\"sold\":\"" + (sold ? "yes" : "no") + "\"" : "";
            String event = "{\"id\":\"" + i + "\"," + features + label + "}";
            if (i >= 900) {
                unlabelled.put(Integer.toString(i), event);
            }
            messages.add(event.getBytes(StandardCharsets.UTF_8));
        }
        Map<String, PredictionEvent> predictions = new TreeMap<>();
        try (JobOnKafka job = JobOnKafka.start(settings)) {
            job.send(messages);
            job.finish();
            job.predictions().forEach(event -> predictions.put(event.getId(), event));
        }
        assertThat(predictions).hasSize(100);

        List<String> options = new ArrayList<>();
        settings.forEach((key, value) -> options.addAll(List.of("--set", key + "=" + value)));
        try (JavaProcess process = serve(options.toArray(String[]::new))) {
            URI address = process.awaitServer();
            HttpRequest.Builder request =
                    HttpRequest.newBuilder(address.resolve("/models/default/predict"))
                            .header("Content-Type", "application/x-ndjson")
                            .POST(
                                    HttpRequest.BodyPublishers.ofString(
                                            String.join("\n", unlabelled.values())));
            JsonNode answer =
                    new ObjectMapper()
                            .readTree(
                                    HttpClient.newHttpClient()
                                            .send(
                                                    request.build(),
                                                    HttpResponse.BodyHandlers.ofString())
                                            .body());
            assertThat(answer.path("modelVersion").asLong()).isEqualTo(900);
            assertThat(answer.path("examplesSeen").asLong()).isEqualTo(900);
            int index = 0;
            for (String id : unlabelled.keySet()) {
                PredictionEvent expected = predictions.get(id);
                JsonNode found = answer.path("predictions").get(index++);
                assertThat(expected.getModelVersion()).isEqualTo(900);
                assertThat(found.path("predictedLabel").asText())
                        .isEqualTo(expected.getPredictedLabel());
                assertThat(found.path("probabilities").path("yes").asDouble())
                        .isCloseTo((double) expected.getProbabilities().get(1), within(1e-6));
            }
        }
    }

    @Test
    void requestsInFlight_areAnswered_atSigterm() throws Exception {
        try (JavaProcess process = serve()) {
            URI address = process.awaitServer();
            try (Socket socket = new Socket("localhost", address.getPort())) {
                write(
                        socket,
                        "POST /models/m/predict HTTP/1.1\r\nHost: localhost\r\n"
                                + "Content-Type: application/json\r\nContent-Length: "
                                + VECTOR.length()
                                + "\r\n\r\n{");
                HttpClient client = HttpClient.newHttpClient();
                JobOnKafka.await(
                        "the request to be read",
                        () -> metrics(client, address).contains("in_progress 2.0"));
                process.signal("TERM");
                JobOnKafka.await("the port to be closed", () -> isClosed(address));
                assertThat(process.isAlive()).isTrue();
                write(socket, VECTOR.substring(1));
                assertThat(
                                new String(
                                        socket.getInputStream().readAllBytes(),
                                        StandardCharsets.UTF_8))
                        .startsWith("HTTP/1.1 200")
                        .contains("\"predictedLabel\"");
            }
            assertThat(process.awaitExit()).isZero();
        }
    }

    private static void write(Socket socket, String text) throws IOException {
        socket.getOutputStream().write(text.getBytes(StandardCharsets.UTF_8));
    }

    private static String metrics(HttpClient client, URI address) {
        try {
            return send(client, HttpRequest.newBuilder(address.resolve("/metrics")));
        } catch (Exception e) {
            throw new IllegalStateException(e);
        }
    }

    private static boolean isClosed(URI address) {
        try (Socket socket = new Socket("localhost", address.getPort())) {
            return !socket.isConnected();
        } catch (IOException e) {
            return true;
        }
    }

    @Test
    void tlsAndToken_areRequired_whereAskedFor() throws Exception {
        CertificateAuthority authority = new CertificateAuthority(directory.resolve("authority"));
        Path keyStore = directory.resolve("server.p12");
        authority.issue(keyStore, "localhost");
        Files.writeString(directory.resolve("password"), CertificateAuthority.PASSWORD);
        Files.writeString(directory.resolve("token"), "canary-0123456789\n");
        try (JavaProcess process =
                serve(
                        "--tls-keystore",
                        keyStore.toString(),
                        "--tls-password",
                        "${dir:" + directory + ":password}",
                        "--token-file",
                        directory.resolve("token").toString(),
                        "--set",
                        "kafka.config.providers=dir",
                        "--set",
                        "kafka.config.providers.dir.class="
                            + "org.apache.kafka.common.config.provider.DirectoryConfigProvider")) {
            URI address = process.awaitServer();
            assertThat(address.getScheme()).isEqualTo("https");
            HttpClient client = HttpClient.newBuilder().sslContext(trusting(authority)).build();
            assertThat(send(client, predict(address))).startsWith("401 ");
            assertThat(
                            send(
                                    client,
                                    predict(address)
                                            .header("Authorization", "Bearer canary-0123456789")))
                    .startsWith("200 ");
            BigInteger before = serialNumber(address, trusting(authority));
            authority.issue(keyStore, "localhost");
            JobOnKafka.await(
                    "the renewed certificate",
                    () -> !serialNumber(address, trusting(authority)).equals(before));
            process.signal("TERM");
            assertThat(process.awaitExit()).isZero();
            try (var files = Files.walk(directory)) {
                for (Path file : files.filter(path -> path.toString().endsWith(".log")).toList()) {
                    assertThat(Files.readString(file)).doesNotContain("canary");
                }
            }
            assertThat(process.output()).doesNotContain("canary");
        }
    }

    private static BigInteger serialNumber(URI address, SSLContext trusting) {
        try (SSLSocket socket =
                (SSLSocket)
                        trusting.getSocketFactory().createSocket("localhost", address.getPort())) {
            socket.startHandshake();
            return ((X509Certificate) socket.getSession().getPeerCertificates()[0])
                    .getSerialNumber();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static SSLContext trusting(CertificateAuthority authority) {
        try {
            return createContext(authority);
        } catch (IOException | GeneralSecurityException e) {
            throw new IllegalStateException(e);
        }
    }

    private static SSLContext createContext(CertificateAuthority authority)
            throws IOException, GeneralSecurityException {
        KeyStore trusted = KeyStore.getInstance("PKCS12");
        try (InputStream in = Files.newInputStream(authority.trustStore())) {
            trusted.load(in, CertificateAuthority.PASSWORD.toCharArray());
        }
        TrustManagerFactory managers =
                TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
        managers.init(trusted);
        SSLContext context = SSLContext.getInstance("TLS");
        context.init(null, managers.getTrustManagers(), null);
        return context;
    }

    @Test
    void optionsThatCannotBeUsed_areRefusedAtTheStart() throws Exception {
        Files.writeString(directory.resolve("short"), "short");
        Path nothing = directory.resolve("nothing");
        Map<List<String>, String> refused =
                Map.of(
                        List.of("--set", "topics.models=absent"),
                        "topic absent does not exist",
                        List.of("--port", "70000"),
                        "--port 70000: must be 0 to 65535",
                        List.of("--max-requests", "0"),
                        "--max-requests 0: must be 1 to 1000",
                        List.of("--versions", "0"),
                        "--versions 0: must be 1 to 1000",
                        List.of("--token-file", directory.resolve("short").toString()),
                        "a token has at least 16",
                        List.of("--token-file", nothing.toString()),
                        "cannot be read",
                        List.of("--tls-keystore", nothing.toString()),
                        "--tls-keystore and --tls-password need each other",
                        List.of("--tls-keystore", nothing.toString(), "--tls-password", "plain"),
                        "--tls-password must refer to a secret",
                        List.of("--set", "features=a:nonsense"),
                        "features",
                        List.of("--set", "kafka.bootstrap.servers="),
                        "kafka.bootstrap.servers");
        for (Map.Entry<List<String>, String> each : refused.entrySet()) {
            List<String> args =
                    new ArrayList<>(
                            List.of(
                                    "serve",
                                    "--set",
                                    "kafka.bootstrap.servers=" + kafka.bootstrapServers()));
            args.addAll(each.getKey());
            StringWriter out = new StringWriter();
            int code =
                    Freshet.commandLine()
                            .setOut(new PrintWriter(out, true))
                            .setErr(new PrintWriter(out, true))
                            .execute(args.toArray(String[]::new));
            assertThat(out.toString()).contains(each.getValue());
            assertThat(code).as(out.toString()).isEqualTo(2);
        }
    }
}
