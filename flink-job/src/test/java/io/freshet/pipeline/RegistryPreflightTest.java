package io.freshet.pipeline;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.freshet.registry.RegistryServer;
import io.freshet.registry.RegistryServer.Answer;
import java.io.IOException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class RegistryPreflightTest {
    private final List<String> warnings = new ArrayList<>();
    private RegistryServer registry;

    @BeforeEach
    void start() throws IOException {
        registry = RegistryServer.start();
    }

    @AfterEach
    void stop() {
        registry.close();
    }

    /**
     * @param format key of the format that needs the registry
     */
    private Map<String, String> settings(String format) {
        Map<String, String> settings = new HashMap<>();
        settings.put("kafka.bootstrap.servers", "b:1");
        settings.put("classes", "2");
        settings.put(format, "confluent-avro");
        settings.put("schema.registry.url", registry.url().toString());
        if (format.equals("source.format")) {
            settings.put("features", "a,b");
            settings.put("label", "y");
        } else {
            settings.put("num-features", "2");
        }
        return settings;
    }

    private void check(Map<String, String> settings) throws Exception {
        RegistryPreflight.check(JobConfig.parse(settings), warnings::add);
    }

    @ParameterizedTest
    @ValueSource(strings = {"source.format", "publish.format"})
    void registryThatAnswers_isFine(String format) throws Exception {
        check(settings(format));

        assertThat(warnings).isEmpty();
        assertThat(registry.requests()).containsExactly("GET /schemas/ids/0");
    }

    @ParameterizedTest
    @ValueSource(strings = {"source.format", "publish.format"})
    void registryThatIsAway_isAWarning_withItsAddressAndTheReason(String format) throws Exception {
        registry.answer(1, new Answer(503, "", Map.of()));

        check(settings(format));

        assertThat(warnings)
                .containsExactly(
                        "the schema registry at "
                                + registry.url()
                                + " answers with HTTP status 503; the job waits until it answers");
    }

    @Test
    void rejectedLogin_andOneThatCannotBeRead_preventTheStart() {
        registry.requireLogin("freshet", "secret");
        Map<String, String> settings = settings("publish.format");

        assertThatThrownBy(() -> check(settings))
                .isInstanceOf(PreflightException.class)
                .hasMessageContaining(registry.url() + " expects a login");
        settings.put("schema.registry.basic-auth.user", "freshet");
        settings.put("schema.registry.basic-auth.password", "${dir:/run:registry}");
        assertThatThrownBy(() -> check(settings))
                .isInstanceOf(PreflightException.class)
                .hasMessageContaining("refers to ${dir:/run:registry}");
        assertThat(warnings).isEmpty();
    }

    @Test
    void jobWithoutARegistry_asksNone() throws Exception {
        check(Map.of("kafka.bootstrap.servers", "b:1", "classes", "2", "num-features", "2"));

        assertThat(registry.requests()).isEmpty();
        assertThat(warnings).isEmpty();
    }
}
