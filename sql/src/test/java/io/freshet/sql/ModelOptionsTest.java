package io.freshet.sql;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.time.Duration;
import java.util.HashMap;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Test of the options of a model. */
class ModelOptionsTest {
    private static ModelOptions parse(String... keysAndValues) {
        Map<String, String> options = new HashMap<>();
        options.put("bootstrap.servers", "localhost:9092");
        for (int i = 0; i < keysAndValues.length; i += 2) {
            options.put(keysAndValues[i], keysAndValues[i + 1]);
        }
        Problems problems = new Problems("The model");
        ModelOptions parsed = ModelOptions.parse(options, problems);
        problems.throwIfAny();
        return parsed;
    }

    @Test
    void options_areRead() {
        ModelOptions options =
                parse(
                        "topic", "my-models",
                        "model", "m",
                        "startup.timeout", "90 s",
                        "properties.client.id", "sql");

        assertThat(options)
                .isEqualTo(
                        new ModelOptions(
                                "localhost:9092",
                                "my-models",
                                "m",
                                Duration.ofSeconds(90),
                                Map.of("client.id", "sql")));
        assertThat(options.clientProperties())
                .containsOnly(
                        Map.entry("bootstrap.servers", "localhost:9092"),
                        Map.entry("client.id", "sql"));
    }

    @ParameterizedTest
    @ValueSource(strings = {"0 s", "soon", "", "9999999999999999999 d"})
    void startupTimeout_notADurationAbove0_isRefused(String text) {
        assertThatThrownBy(() -> parse("startup.timeout", text))
                .hasMessageContaining("'startup.timeout' is '" + text + "'");
    }

    @ParameterizedTest
    @ValueSource(strings = {"topic", "model", "bootstrap.servers"})
    void option_blank_isMissing(String key) {
        assertThatThrownBy(() -> parse(key, " "))
                .hasMessageContaining("the option '" + key + "' is missing");
    }

    @ParameterizedTest
    @CsvSource({
        "properties.bootstrap.servers, 'is given as ''bootstrap.servers'''",
        "properties.isolation.level, cannot be set",
        "properties.auto.offset.reset, cannot be set",
        "properties.enable.auto.commit, cannot be set",
        "properties.key.deserializer, cannot be set",
        "properties.value.deserializer, cannot be set",
        "properties.group.id, cannot be set",
        "properties.fetch.min.bytes, cannot be used: Invalid value x"
    })
    void property_ofTheFollowerOrInvalid_isRefused(String key, String message) {
        assertThatThrownBy(() -> parse(key, "x")).hasMessageContaining(message);
    }

    @Test
    void problems_none_throwNothing() {
        assertThatCode(() -> new Problems("x").throwIfAny()).doesNotThrowAnyException();
    }
}
