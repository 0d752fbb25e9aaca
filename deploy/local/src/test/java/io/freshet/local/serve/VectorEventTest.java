package io.freshet.local.serve;

import static org.assertj.core.api.Assertions.assertThat;

import io.freshet.classifier.Classifier;
import io.freshet.classifier.ClassifierReader;
import io.freshet.classifier.Snapshots;
import java.nio.charset.StandardCharsets;
import java.util.Set;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class VectorEventTest {
    private final VectorEvent event = new VectorEvent();
    private Classifier model;

    @BeforeEach
    void createModel() throws Exception {
        model = ClassifierReader.of(new Snapshots(1, 4, 3, 3, "softmax", 2, true).records(1000));
    }

    private float[] probabilities(String json) throws Exception {
        return event.classify(utf8(json), model).probabilities();
    }

    private static byte[] utf8(String text) {
        return text.getBytes(StandardCharsets.UTF_8);
    }

    @Test
    void denseAndSparseVectors_areClassified() throws Exception {
        float[] expected = model.classify(new float[] {0, 1.5f, 0, -2}).probabilities();
        assertThat(probabilities("{\"features\": [0, 1.5, 0, -2]}")).isEqualTo(expected);
        assertThat(probabilities("{\"values\": [1.5, -2], \"columns\": [1, 3]}"))
                .containsExactly(expected);
        assertThat(probabilities("{\"columns\": [], \"values\": []}"))
                .containsExactly(model.classify(new float[4]).probabilities());
    }

    @Test
    void longVectors_areRead() throws Exception {
        Classifier wide =
                ClassifierReader.of(
                        new Snapshots(1, 500, 2, 2, "softmax", 1, false).records(10_000));
        StringBuilder json = new StringBuilder("{\"features\":[1");
        float[] features = new float[500];
        features[0] = 1;
        for (int i = 1; i < 500; i++) {
            features[i] = i % 7;
            json.append(',').append(i % 7);
        }
        assertThat(event.classify(utf8(json + "]}"), wide).probabilities())
                .isEqualTo(wide.classify(features).probabilities());
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "[1] | INVALID_JSON: the event is not a JSON object",
                "{\"features\": [1 | INVALID_JSON: the event is not a JSON object: Unexpected"
                        + " end-of-input: expected close marker for Array",
                "{\"features\": [1,2,3,4]} {} | TRAILING_BYTES",
                "{} | MISSING_FEATURE: the event must have either",
                "{\"columns\": [1]} | MISSING_FEATURE: the event must have either",
                "{\"features\": [1,2,3,4], \"values\": []} | MISSING_FEATURE: the event must have",
                "{\"age\": 1} | WRONG_TYPE: age is neither features, columns nor values",
                "{\"features\": 1} | WRONG_TYPE: features is not a list",
                "{\"features\": [1,\"2\"]} | WRONG_TYPE: features[1] is not a number",
                "{\"features\": [1,[2]]} | WRONG_TYPE: features[1] is not a number",
                "{\"columns\": [1.5], \"values\": [1]} | WRONG_TYPE: columns[0] is not a whole",
                "{\"columns\": [99999999999], \"values\": [1]} | INVALID_JSON",
                "{\"features\": [1,2,3]} | WRONG_NUM_FEATURES: the example has 3 features; the"
                        + " model has 4",
                "{\"columns\": [4], \"values\": [1]} | WRONG_NUM_FEATURES: a column must be 0 to 3",
                "{\"columns\": [1,2], \"values\": [1]} | WRONG_NUM_FEATURES: 2 columns with 1"
                        + " values",
                "{\"features\": [1,2,3,1e60]} | NON_FINITE_FEATURE: features[3] is 1.0E60, too"
                        + " large",
                "{\"features\": [1,2,3,-Infinity]} | NON_FINITE_FEATURE: features[3] is -Infinity",
                "{\"features\": [1,null,3,4]} | MISSING_FEATURE: feature 1 is NaN",
                "{\"features\": [], \"features\": []} | DUPLICATE_FIELD: features is there twice",
            })
    void otherEvents_areRefused_withReasonAndPlace(String json, String problem) throws Exception {
        String found = "none";
        try {
            event.classify(utf8(json), model);
        } catch (Refusal e) {
            found = e.reason() + ": " + e.detail();
        }
        assertThat(found).startsWith(problem).doesNotContain("start marker");
    }

    @Test
    void vector_isToldFromOtherEvents() {
        Set<String> names = Set.of("features", "columns", "values");
        assertThat(VectorEvent.isVector(utf8("{\"features\": []}"), names)).isTrue();
        assertThat(VectorEvent.isVector(utf8("{\"features\": 1}"), names)).isFalse();
        assertThat(VectorEvent.isVector(utf8("{\"other\": []}"), names)).isFalse();
        assertThat(VectorEvent.isVector(utf8("{\"features\": []}"), Set.of("values"))).isFalse();
        assertThat(VectorEvent.isVector(utf8("nonsense"), names)).isFalse();
    }
}
