package io.freshet.local.models;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.entry;
import static org.assertj.core.api.Assertions.within;

import ai.onnxruntime.OnnxTensor;
import ai.onnxruntime.OrtEnvironment;
import ai.onnxruntime.OrtSession;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.freshet.classifier.Classification;
import io.freshet.classifier.Classifier;
import io.freshet.classifier.ModelContent;
import java.io.ByteArrayOutputStream;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import onnx.Onnx.ModelProto;
import org.junit.jupiter.api.Named;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

class OnnxWriterTest {
    private static final int EXAMPLES = 500;

    static List<Named<ModelContent>> models() {
        return RandomModels.dense();
    }

    private static byte[] onnx(ModelContent model) throws Exception {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        OnnxWriter.write(model, "1.0", out);
        return out.toByteArray();
    }

    @ParameterizedTest
    @MethodSource("models")
    void onnxRuntime_predictsAsTheClassifier(ModelContent model) throws Exception {
        Random random = new Random(6);
        float[][] rows = new float[EXAMPLES][];
        for (int i = 0; i < EXAMPLES; i++) {
            rows[i] = RandomModels.features(random, model);
        }
        Classifier classifier = model.classifier();
        OrtEnvironment environment = OrtEnvironment.getEnvironment();
        try (OrtSession session = environment.createSession(onnx(model));
                OnnxTensor features = OnnxTensor.createTensor(environment, rows);
                OrtSession.Result result = session.run(Map.of("features", features))) {
            float[][] probabilities =
                    (float[][]) result.get("probabilities").orElseThrow().getValue();
            long[] classes = (long[]) result.get("class").orElseThrow().getValue();
            for (int i = 0; i < EXAMPLES; i++) {
                Classification expected = classifier.classify(rows[i]);
                assertThat(probabilities[i])
                        .containsExactly(expected.probabilities(), within(1e-6f));
                assertThat(classes[i]).isEqualTo(expected.predictedClass());
            }
        }
    }

    @Test
    void metadata_isTheOriginOfTheModel() throws Exception {
        ModelContent model = RandomModels.dense().get(1).getPayload();
        byte[] onnx = onnx(model);
        OrtEnvironment environment = OrtEnvironment.getEnvironment();
        try (OrtSession session = environment.createSession(onnx)) {
            assertThat(session.getMetadata().getProducerName()).isEqualTo("freshet");
            assertThat(session.getMetadata().getVersion()).isEqualTo(12);
            assertThat(session.getMetadata().getCustomMetadata()).containsEntry("job", "a job");
        }
        // ONNX Runtime for Java reads the text as modified UTF-8, which the file does not have.
        Map<String, String> metadata = new HashMap<>();
        ModelProto.parseFrom(onnx)
                .getMetadataPropsList()
                .forEach(entry -> metadata.put(entry.getKey(), entry.getValue()));
        ObjectMapper json = new ObjectMapper();
        assertThat(json.readValue(metadata.remove("classes"), String[].class))
                .containsExactlyElementsOf(model.info().classes());
        assertThat(json.readTree(metadata.remove("hyper_parameters")))
                .isEqualTo(json.<JsonNode>valueToTree(model.info().hyperParameters()));
        assertThat(metadata)
                .containsOnly(
                        entry("model_id", model.info().modelId()),
                        entry("version", "12"),
                        entry("job", "a job"),
                        entry("epoch", "2"),
                        entry("examples_seen", "34"),
                        entry("content_hash", model.info().contentHash()));
    }

    @Test
    void write_sparse_isRefusedWithTheOtherFormats() {
        assertThatThrownBy(() -> onnx(RandomModels.sparse()))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage(
                        "the model is sparse, and ONNX would have to have all 9 features; npz, json"
                                + " and avro have only those that occurred");
    }
}
