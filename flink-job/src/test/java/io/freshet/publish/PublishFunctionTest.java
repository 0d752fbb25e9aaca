package io.freshet.publish;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.freshet.pipeline.JobConfig;
import io.freshet.registry.RegistryRefusedException;
import io.freshet.registry.RegistryServer;
import io.freshet.registry.RegistryServer.Answer;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import org.apache.flink.api.common.functions.OpenContext;
import org.apache.flink.runtime.execution.SuppressRestartsException;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class PublishFunctionTest {
    private static final Answer AWAY = new Answer(503, "", Map.of());

    private RegistryServer registry;

    @BeforeEach
    void start() throws IOException {
        registry = RegistryServer.start();
    }

    @AfterEach
    void stop() {
        registry.close();
    }

    private PublishFunction<String> function(Topic... topics) {
        JobConfig config =
                JobConfig.parse(
                        Map.of(
                                "kafka.bootstrap.servers", "b:1",
                                "num-features", "3",
                                "classes", "2",
                                "publish.format", "confluent-avro",
                                "schema.registry.url", registry.url().toString(),
                                "topics.models", "m"));
        return new PublishFunction<>(
                new Publisher(
                        config.publish(),
                        config.learn(),
                        config.monitor(),
                        JobIdentity.first("job")),
                text -> text,
                List.of(topics),
                (publisher, result, publications) ->
                        publications.accept(
                                new Publication(topics[0], null, result.getBytes(StandardCharsets.UTF_8), null)));
    }

    @Test
    void start_registersTheSchemasOfItsTopics() throws Exception {
        function(Topic.MODELS, Topic.MODEL_HISTORY).open(context());

        assertThat(registry.requests())
                .containsExactly(
                        "POST /subjects/m-value/versions",
                        "POST /subjects/model-history-value/versions");
    }

    private static OpenContext context() {
        return new OpenContext() {};
    }

    @Test
    void registryThatIsAway_isAwaited() throws Exception {
        registry.answer(2, AWAY);
        PublishFunction<String> function = function(Topic.METRICS);

        function.open(context());

        assertThat(registry.requests()).hasSize(3).containsOnly("POST /subjects/metrics-value/versions");
    }

    @Test
    void wait_endsWithAnInterrupt() {
        registry.answer(Integer.MAX_VALUE, AWAY);
        Thread.currentThread().interrupt();

        assertThatThrownBy(() -> function(Topic.METRICS).open(context()))
                .isInstanceOf(InterruptedException.class);
    }

    @Test
    void refusedSchema_endsTheJob_withTheRegistrysMessage() {
        registry.add("metrics-value", "AVRO", "\"int\"");

        assertThatThrownBy(() -> function(Topic.METRICS).open(context()))
                .isInstanceOf(SuppressRestartsException.class)
                .rootCause()
                .isInstanceOf(RegistryRefusedException.class)
                .hasMessage(
                        "the schema registry refuses the schema of subject metrics-value: Schema"
                                + " being registered is incompatible (409)");
    }

    @Test
    void forbiddenRegistration_endsTheJob() {
        registry.answer(1, new Answer(403, "", Map.of()));

        assertThatThrownBy(() -> function(Topic.METRICS).open(context()))
                .isInstanceOf(SuppressRestartsException.class)
                .rootCause()
                .hasMessageEndingWith(
                        "does not allow a user without login to POST"
                                + " /subjects/metrics-value/versions");
    }
}
