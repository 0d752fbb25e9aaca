package io.freshet.local;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.freshet.local.cluster.EmbeddedKafka;
import io.freshet.pipeline.JobConfig;
import io.freshet.pipeline.JobStart;
import io.freshet.pipeline.PreflightException;
import io.freshet.pipeline.StartOptions;
import io.freshet.publish.Topic;
import io.freshet.registry.RegistryServer;
import io.freshet.registry.RegistryServer.Answer;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import picocli.CommandLine;

/** Integration test of a job whose messages and results are framed by a schema registry. */
class RegistryITCase {
    private static final String USER = "freshet";
    private static final String PASSWORD = "canary";
    private static final Answer AWAY = new Answer(503, "", Map.of());

    @TempDir private Path directory;

    private Map<String, String> settings(EmbeddedKafka kafka, RegistryServer registry)
            throws IOException {
        registry.requireLogin(USER, PASSWORD);
        Files.writeString(directory.resolve("registry"), PASSWORD + "\n");
        Map<String, String> settings =
                FramedJob.settings(kafka, "framed", registry.url().toString());
        settings.put("schema.registry.basic-auth.user", USER);
        settings.put("schema.registry.basic-auth.password", "${dir:" + directory + ":registry}");
        settings.put("kafka.config.providers", "dir");
        settings.put(
                "kafka.config.providers.dir.class",
                "org.apache.kafka.common.config.provider.DirectoryConfigProvider");
        return settings;
    }

    @Test
    void framedResults_areReadByTheRegistry_andByEveryCommandWithoutIt() throws Exception {
        try (EmbeddedKafka kafka = EmbeddedKafka.start();
                RegistryServer registry = RegistryServer.start()) {
            String subject = "framed-labelled-events-value";
            int first = registry.add(subject, "AVRO", FramedJob.VERSION_1);
            int second = registry.add(subject, "AVRO", FramedJob.VERSION_2);
            Map<String, String> settings = settings(kafka, registry);
            registry.answer(12, AWAY); // the tasks wait

            FramedJob.run(settings, first, second);

            JobConfig config = JobConfig.parse(settings);
            assertThat(registry.requests())
                    .contains(
                            Arrays.stream(Topic.values())
                                    .map(topic -> config.publish().subject(topic))
                                    .map(
                                            topicSubject ->
                                                    "POST /subjects/" + topicSubject + "/versions")
                                    .toArray(String[]::new));
            assertThat(freshet("audit", settings))
                    .contains("every prediction is published once   200 of 200")
                    .doesNotContain("✗");
            settings.put("schema.registry.url", "http://127.0.0.1:1"); // nobody
            assertThat(freshet("dead-letters list", settings)).contains("UNKNOWN_SCHEMA");
            assertThat(freshet("status", settings)).contains("1,800 trained on");
            assertThatThrownBy(
                            () ->
                                    JobStart.decide(
                                            JobConfig.parse(settings),
                                            new StartOptions(),
                                            null,
                                            line -> {}))
                    .isInstanceOf(PreflightException.class)
                    .hasMessageContaining("already holds results of the job freshet (1,800");
        }
    }

    private static String freshet(String command, Map<String, String> settings) {
        StringWriter out = new StringWriter();
        CommandLine line =
                Freshet.commandLine()
                        .setOut(new PrintWriter(out, true))
                        .setErr(new PrintWriter(out, true));
        List<String> args = new ArrayList<>(List.of(command.split(" ", -1)));
        settings.forEach((key, value) -> args.addAll(List.of("--set", key + "=" + value)));
        line.execute(args.toArray(String[]::new));
        return out.toString();
    }

    @Test
    void refusedSchema_endsTheJob_withTheRegistrysMessage() throws Exception {
        try (EmbeddedKafka kafka = EmbeddedKafka.start();
                RegistryServer registry = RegistryServer.start()) {
            registry.add("framed-models-value", "AVRO", "\"int\"");

            try (JobOnKafka job = JobOnKafka.start(settings(kafka, registry))) {
                assertThat(job.cluster().failure())
                        .contains(
                                "the schema registry refuses the schema of subject"
                                        + " framed-models-value: Schema being registered is"
                                        + " incompatible (409)");
            }
        }
    }
}
