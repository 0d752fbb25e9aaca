package io.freshet.local;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.freshet.pipeline.JobConfig;
import io.freshet.publish.Topic;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.common.acl.AclBinding;
import org.apache.kafka.common.acl.AclOperation;
import org.apache.kafka.common.resource.ResourceType;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * Integration test of the job on a broker with SASL_SSL and permissions, with secrets that are
 * given by reference: they appear nowhere, and the job recovers when passwords, permissions and
 * certificates are mended in place.
 */
class SecretsITCase {
    private static final Map<String, String> FAST_RESTARTS =
            Map.of(
                    "flink.restart-strategy.exponential-delay.initial-backoff", "200 ms",
                    "flink.restart-strategy.exponential-delay.max-backoff", "1 s",
                    "kafka.partition.discovery.interval.ms", "500",
                    "kafka.metadata.max.age.ms", "500");

    private static final List<String> CANARIES =
            List.of(SecuredBroker.CANARY, CertificateAuthority.PASSWORD);

    @TempDir private Path directory;

    /** Returns settings that refer to files with the login and the password of the trust store. */
    private Map<String, String> references(String login) throws IOException {
        Path secrets = Files.createDirectories(directory.resolve("secrets"));
        writeLogin(login);
        Files.writeString(
                secrets.resolve("tls.properties"), "truststore=" + CertificateAuthority.PASSWORD);
        Map<String, String> settings = new HashMap<>();
        settings.put("kafka.config.providers", "dir,file");
        settings.put(
                "kafka.config.providers.dir.class",
                "org.apache.kafka.common.config.provider.DirectoryConfigProvider");
        settings.put("kafka.config.providers.dir.param.allowed.paths", secrets.toString());
        settings.put(
                "kafka.config.providers.file.class",
                "org.apache.kafka.common.config.provider.FileConfigProvider");
        settings.put("kafka.sasl.jaas.config", "${dir:" + secrets + ":login}");
        settings.put(
                "kafka.ssl.truststore.password",
                "${file:" + secrets.resolve("tls.properties") + ":truststore}");
        return settings;
    }

    private void writeLogin(String login) throws IOException {
        Files.writeString(directory.resolve("secrets").resolve("login"), login);
    }

    private static void assertNoSecret(String where, String text) {
        assertThat(CANARIES).as(where).noneMatch(text::contains);
    }

    private static String get(URI uri) throws IOException, InterruptedException {
        return HttpClient.newHttpClient()
                .send(HttpRequest.newBuilder(uri).build(), BodyHandlers.ofString())
                .body();
    }

    /** Checks every answer of Flink's REST interface that contains settings or logs. */
    private static void assertNoSecretInRest(URI root) throws Exception {
        ObjectMapper json = new ObjectMapper();
        List<String> paths = new ArrayList<>();
        for (JsonNode job : json.readTree(get(root.resolve("/jobs"))).path("jobs")) {
            String path = "/jobs/" + job.path("id").asText();
            paths.addAll(
                    List.of(
                            path,
                            path + "/config",
                            path + "/plan",
                            path + "/exceptions",
                            path + "/checkpoints/config"));
        }
        assertThat(paths).isNotEmpty();
        paths.addAll(
                List.of(
                        "/config",
                        "/jobmanager/config",
                        "/jobmanager/environment",
                        "/jobmanager/log",
                        "/jobmanager/stdout",
                        "/jobmanager/logs",
                        "/taskmanagers"));
        for (JsonNode worker :
                json.readTree(get(root.resolve("/taskmanagers"))).path("taskmanagers")) {
            String path = "/taskmanagers/" + worker.path("id").asText();
            paths.addAll(List.of(path, path + "/log", path + "/stdout", path + "/logs"));
        }
        for (String path : paths) {
            String answer = get(root.resolve(path));
            assertThat(answer).as(path).isNotEmpty();
            assertNoSecret(path, answer);
        }
    }

    /** Checks the arguments and the environment of a process. */
    private static void assertNoSecretIn(JavaProcess process) throws IOException {
        Path proc = Path.of("/proc", Long.toString(process.pid()));
        for (String name : List.of("cmdline", "environ")) {
            assertNoSecret(name, Files.readString(proc.resolve(name), StandardCharsets.ISO_8859_1));
        }
    }

    /** Checks every file in a directory: logs, output, checkpoints and jars. */
    private static void assertNoSecretIn(Path files) throws IOException {
        try (Stream<Path> written = Files.walk(files)) {
            for (Path file : written.filter(Files::isRegularFile).toList()) {
                assertNoSecret(
                        file.toString(), Files.readString(file, StandardCharsets.ISO_8859_1));
            }
        }
    }

    @Tag("faults")
    @Test
    void secretsByReference_appearNowhere_andTheJobRecoversFromEachRefusal() throws Exception {
        CertificateAuthority authority = new CertificateAuthority(directory.resolve("authority"));
        SecuredBroker broker = SecuredBroker.startWithTls(directory.resolve("broker"), authority);
        Map<String, String> settings =
                references(SecuredBroker.jaas(SecuredBroker.USER, SecuredBroker.CANARY));
        settings.putAll(FAST_RESTARTS);
        try (RunningJob job = RunningJob.start(directory, broker, settings)) {
            job.secondsToTheNextMetrics();
            Matcher flink = Pattern.compile("Flink at (http://\\S+)").matcher(output(job));
            assertThat(flink.find()).isTrue();
            URI rest = URI.create(flink.group(1));

            try (Admin admin = broker.admin()) {
                revokeAndGrant(
                        job,
                        admin,
                        SecuredBroker.permission(
                                ResourceType.TOPIC,
                                job.config().publish().topic(Topic.METRICS),
                                AclOperation.WRITE),
                        "Not authorized to access topics: [metrics]; the job is user learner");
                revokeAndGrant(
                        job,
                        admin,
                        SecuredBroker.permission(
                                ResourceType.TOPIC, "labelled-events", AclOperation.READ),
                        "Not authorized to access topics: [labelled-events]; the job is user"
                                + " learner");
                revokeAndGrant(
                        job,
                        admin,
                        SecuredBroker.permission(
                                ResourceType.TRANSACTIONAL_ID, "freshet", AclOperation.WRITE),
                        "user learner needs WRITE on every transactional id that begins with"
                                + " freshet");
            }

            // The password is rotated: first in Kafka, then in the file that the job refers to.
            broker.setPassword("another-" + SecuredBroker.CANARY);
            broker.kill();
            broker.restart();
            job.process().awaitOutput("the login is that of user learner");
            writeLogin(SecuredBroker.jaas(SecuredBroker.USER, "another-" + SecuredBroker.CANARY));
            job.secondsToTheNextMetrics();
            job.finish();

            // The certificate expires, and is replaced.
            authority.issueExpired(broker.keyStore(), "localhost");
            broker.kill();
            broker.restart();
            job.process().awaitOutput("has expired: NotAfter");
            long running = count(job, "the job is running again");
            authority.issue(broker.keyStore(), "localhost");
            broker.kill();
            broker.restart();
            JobOnKafka.await(
                    "the job to run again", () -> count(job, "the job is running again") > running);

            assertNoSecret("output", output(job));
            assertNoSecretInRest(rest);
            assertNoSecretIn(job.process());
            assertNoSecretIn(job.directory());
        }
    }

    @Tag("faults")
    @Test
    void secretsByReference_appearNowhere_inASessionCluster() throws Exception {
        CertificateAuthority authority = new CertificateAuthority(directory.resolve("authority"));
        Path files = Files.createDirectories(directory.resolve("flink"));
        try (SecuredBroker broker =
                        SecuredBroker.startWithTls(directory.resolve("broker"), authority);
                SessionCluster cluster = SessionCluster.start(files, SessionClusterITCase.SMALL)) {
            broker.await();
            Map<String, String> settings = new HashMap<>();
            broker.client().forEach((key, value) -> settings.put("kafka." + key, value));
            settings.putAll(
                    references(SecuredBroker.jaas(SecuredBroker.USER, SecuredBroker.CANARY)));
            settings.putAll(
                    Map.of("num-features", "4", "classes", "3", "checkpoint.interval", "500 ms"));
            JobConfig asAdmin = broker.prepare(settings);
            JobOnKafka.send(
                    asAdmin,
                    JobOnKafka.events(1, 500, 4, 3, "m").stream().map(JobOnKafka::bytes).toList());
            List<String> arguments = new ArrayList<>();
            settings.forEach((key, value) -> arguments.addAll(List.of("--set", key + "=" + value)));

            String job = cluster.run(cluster.upload(), arguments);
            JobOnKafka.awaitMetrics(asAdmin);

            assertNoSecretInRest(cluster.rest());
            assertNoSecretIn(cluster.jobManager());
            assertNoSecretIn(cluster.taskManager());
            cluster.cancel(job);
            assertNoSecretIn(files);
        }
    }

    private static String output(RunningJob job) {
        return job.process().output();
    }

    private static long count(RunningJob job, String text) {
        return output(job).lines().filter(line -> line.startsWith(text)).count();
    }

    private static void revokeAndGrant(
            RunningJob job, Admin admin, AclBinding permission, String message) throws Exception {
        admin.deleteAcls(List.of(permission.toFilter())).all().get();
        job.process().awaitOutput(message);
        admin.createAcls(List.of(permission)).all().get();
        job.secondsToTheNextMetrics();
    }
}
