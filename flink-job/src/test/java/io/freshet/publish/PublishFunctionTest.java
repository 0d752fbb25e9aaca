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
import org.apache.flink.runtime.execution.SuppressRestartsException;
import org.apache.flink.streaming.api.operators.StreamFlatMap;
import org.apache.flink.streaming.runtime.streamrecord.StreamRecord;
import org.apache.flink.streaming.util.OneInputStreamOperatorTestHarness;
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

    private void open(Topic... topics) throws Exception {
        OneInputStreamOperatorTestHarness<String, Publication> harness =
                new OneInputStreamOperatorTestHarness<>(new StreamFlatMap<>(function(topics)));
        try {
            harness.open();
            harness.processElement(new StreamRecord<>("result"));

            assertThat(harness.extractOutputValues())
                    .singleElement()
                    .satisfies(publication -> assertThat(publication.topic()).isEqualTo(topics[0]));
        } finally {
            harness.close();
        }
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
                                new Publication(
                                        topics[0],
                                        null,
                                        result.getBytes(StandardCharsets.UTF_8),
                                        null)));
    }

    @Test
    void start_registersTheSchemasOfItsTopics() throws Exception {
        open(Topic.MODELS, Topic.MODEL_HISTORY);

        assertThat(registry.requests())
                .containsExactly(
                        "POST /subjects/m-value/versions",
                        "POST /subjects/model-history-value/versions");
    }

    @Test
    void registryThatIsAway_isAwaited() throws Exception {
        registry.answer(2, AWAY);

        open(Topic.METRICS);

        assertThat(registry.requests())
                .hasSize(3)
                .containsOnly("POST /subjects/metrics-value/versions");
    }

    @Test
    void wait_endsWithAnInterrupt() {
        registry.answer(Integer.MAX_VALUE, AWAY);
        Thread.currentThread().interrupt();

        assertThatThrownBy(() -> open(Topic.METRICS)).isInstanceOf(InterruptedException.class);
    }

    @Test
    void refusedSchema_endsTheJob_withTheRegistrysMessage() {
        registry.add("metrics-value", "AVRO", "\"int\"");

        assertThatThrownBy(() -> open(Topic.METRICS))
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

        assertThatThrownBy(() -> open(Topic.METRICS))
                .isInstanceOf(SuppressRestartsException.class)
                .rootCause()
                .hasMessageEndingWith(
                        "does not allow a user without login to POST"
                                + " /subjects/metrics-value/versions");
    }
}
