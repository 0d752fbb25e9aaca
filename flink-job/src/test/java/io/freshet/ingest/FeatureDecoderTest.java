package io.freshet.ingest;

import static org.assertj.core.api.Assertions.assertThat;

import io.freshet.pipeline.JobConfig;
import java.nio.charset.StandardCharsets;
import java.util.HashMap;
import java.util.Map;
import org.junit.jupiter.api.Test;

class FeatureDecoderTest {
    private static FeatureDecoder decoder(String... settings) {
        Map<String, String> values = new HashMap<>();
        for (int i = 0; i < settings.length; i += 2) {
            values.put(settings[i], settings[i + 1]);
        }
        values.put("kafka.bootstrap.servers", "localhost:9092");
        return new FeatureDecoder(JobConfig.parseServing(values).events());
    }

    private static String problem(FeatureDecoder decoder, String event) {
        return decoder.decode(event.getBytes(StandardCharsets.UTF_8))
                .map(letter -> letter.reason() + ": " + letter.detail())
                .orElse("none");
    }

    @Test
    void features_areThoseOfTheMapping() {
        FeatureDecoder decoder =
                decoder("features", "age,user.city:categorical(Oslo|Rome),member:boolean");
        assertThat(
                        problem(
                                decoder,
                                "{\"age\": 3, \"user\": {\"city\": \"Rome\"}, \"member\": true}"))
                .isEqualTo("none");
        assertThat(decoder.isSparse()).isFalse();
        assertThat(decoder.dense()).containsExactly(3, 0, 1, 1);
        assertThat(problem(decoder, "{\"age\": null, \"member\": \"no\"}")).isEqualTo("none");
        assertThat(decoder.dense()).containsExactly(Float.NaN, Float.NaN, Float.NaN, 0);
    }

    /** The settings of a job that reads Avro do for a server that takes JSON. */
    @Test
    void settingsOfAnyFormat_areTaken() {
        FeatureDecoder decoder =
                decoder(
                        "source.format", "avro",
                        "source.avro-schemas", "/nowhere/else.avsc",
                        "features", "a,b",
                        "label", "y",
                        "classes", "no,yes");
        assertThat(problem(decoder, "{\"a\": 1, \"b\": 2}")).isEqualTo("none");
        assertThat(decoder.dense()).containsExactly(1, 2);
    }

    @Test
    void hashedFeatures_areSparse_withoutTheLabel() {
        FeatureDecoder decoder =
                decoder("features", "*", "features.encoding", "hashed", "label", "y");
        assertThat(problem(decoder, "{\"a\": 2, \"b\": 0, \"y\": \"any\"}")).isEqualTo("none");
        assertThat(decoder.isSparse()).isTrue();
        assertThat(decoder.columns()).hasSize(1);
        assertThat(decoder.values()).containsAnyOf(2, -2);
        int[] before = decoder.columns();
        assertThat(problem(decoder, "{\"y\": \"any\"}")).isEqualTo("none");
        assertThat(decoder.columns()).isEmpty();
        assertThat(problem(decoder, "{\"a\": 5}")).isEqualTo("none");
        assertThat(decoder.columns()).isEqualTo(before);
    }

    @Test
    void eventThatTheJobCouldNotUse_isRefused_andTheNextOneDecoded() {
        FeatureDecoder decoder =
                decoder("features", "a,b.c", "label", "y", "classes", "no,yes", "model", "m");
        assertThat(problem(decoder, "{\"a\": \"x\"}"))
                .isEqualTo("WRONG_TYPE: a is \"x\", not a number");
        assertThat(problem(decoder, "{\"a\": 1, \"b\": [2]}"))
                .isEqualTo("WRONG_TYPE: b is a list, not an object");
        assertThat(problem(decoder, "{\"a\": 1e99}"))
                .isEqualTo("NON_FINITE_FEATURE: a is 1.0E99, too large for a float");
        assertThat(problem(decoder, "{\"a\": 1")).startsWith("INVALID_JSON");
        assertThat(problem(decoder, "{\"a\": 1, \"y\": \"perhaps\"}")).startsWith("UNKNOWN_CLASS");
        assertThat(problem(decoder, "{\"a\": 1, \"b\": {\"c\": 2}, \"m\": \"one\"}"))
                .isEqualTo("none");
        assertThat(decoder.dense()).containsExactly(1, 2);
        assertThat(decoder.modelId()).isEqualTo("one");
        assertThat(decoder.modelField()).hasToString("Optional[m]");
        assertThat(problem(decoder, "{\"a\": 1}")).isEqualTo("none");
        assertThat(decoder.modelId()).isNull();
    }
}
