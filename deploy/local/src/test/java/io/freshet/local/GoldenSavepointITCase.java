package io.freshet.local;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import com.fasterxml.jackson.databind.JsonNode;
import io.freshet.local.cluster.EmbeddedKafka;
import io.freshet.model.linalg.OpenBlasCore;
import io.freshet.pipeline.JobConfig;
import io.freshet.pipeline.PreflightException;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Integration test that the job continues from the savepoints of all releases as they did: the
 * records that it publishes are equal, bit for bit where OpenBLAS uses the kernels that it used
 * then, and to rounding where it uses others. Later releases may add fields.
 */
class GoldenSavepointITCase {
    private static final double ROUNDING = 1e-3;

    private static EmbeddedKafka kafka;

    @TempDir private Path directory;

    @BeforeAll
    static void startKafka() throws Exception {
        kafka = GoldenSavepoint.startKafka();
    }

    @AfterAll
    static void stopKafka() throws Exception {
        kafka.close();
    }

    static List<GoldenSavepoint> savepoints() throws IOException {
        return GoldenSavepoint.all();
    }

    @ParameterizedTest
    @MethodSource("savepoints")
    void savepointOfARelease_isContinuedAsByThatRelease(GoldenSavepoint golden) throws Exception {
        boolean sameKernels = OpenBlasCore.name().equals(golden.about(GoldenSavepoint.KERNELS));
        JobConfig config = golden.config(kafka);
        golden.createTopics(config);
        Path copy = directory.resolve("savepoint");
        assertThatThrownBy(() -> golden.start(config, copy))
                .as("the topic has another id than the one in the state")
                .isInstanceOf(PreflightException.class)
                .hasMessageContaining("was deleted and created again")
                .hasMessageContaining("--accept topics.labelled-events");

        List<JsonNode> results = golden.resume(config, copy);

        // Nothing is computed for the model that gets no event, so it is equal anywhere.
        boolean copiesResting = config.learn().learner().miniBatchSize() == 1;
        List<JsonNode> expected = golden.results();
        assertThat(results).hasSameSizeAs(expected);
        for (int i = 0; i < expected.size(); i++) {
            boolean isCopy =
                    copiesResting && expected.get(i).findPath("modelId").asText().equals("resting");
            assertContains(
                    "line " + (i + 1), results.get(i), expected.get(i), sameKernels || isCopy);
        }
    }

    @Test
    void everyRelease_hasSeveralSavepoints() throws IOException {
        assertThat(savepoints())
                .extracting(golden -> golden.directory().getFileName().toString())
                .contains("defaults", "adam", "mixture", "multi-label");
    }

    /** Checks that a record has every field of an expected one, with equal values. */
    private static void assertContains(
            String path, JsonNode actual, JsonNode expected, boolean sameKernels) {
        if (expected.isObject()) {
            for (Map.Entry<String, JsonNode> field : expected.properties()) {
                JsonNode value = actual.get(field.getKey());
                assertThat(value).as(path + "." + field.getKey()).isNotNull();
                assertContains(path + "." + field.getKey(), value, field.getValue(), sameKernels);
            }
        } else if (expected.isArray()) {
            assertThat(actual).as(path).hasSameSizeAs(expected);
            for (int i = 0; i < expected.size(); i++) {
                assertContains(path + "[" + i + "]", actual.get(i), expected.get(i), sameKernels);
            }
        } else if (expected.isFloatingPointNumber() && !sameKernels) {
            double value = expected.asDouble();
            assertThat(actual.asDouble())
                    .as(path)
                    .isCloseTo(value, within(ROUNDING * Math.max(1, Math.abs(value))));
        } else if (!path.endsWith(".contentHash") || sameKernels) {
            assertThat(actual).as(path).isEqualTo(expected);
        }
    }
}
