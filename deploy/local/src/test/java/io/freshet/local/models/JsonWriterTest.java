package io.freshet.local.models;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.networknt.schema.JsonSchema;
import com.networknt.schema.JsonSchemaFactory;
import com.networknt.schema.SpecVersion;
import io.freshet.classifier.ModelContent;
import io.freshet.schemas.EventSchemas;
import java.io.ByteArrayOutputStream;
import java.io.InputStream;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Named;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

class JsonWriterTest {
    private static final ObjectMapper MAPPER = new ObjectMapper();

    static List<Named<ModelContent>> models() {
        List<Named<ModelContent>> models = new ArrayList<>(RandomModels.dense());
        models.add(Named.of("sparse", RandomModels.sparse()));
        return models;
    }

    private static JsonSchema schema() throws Exception {
        try (InputStream in = EventSchemas.class.getResourceAsStream("model.schema.json")) {
            return JsonSchemaFactory.getInstance(SpecVersion.VersionFlag.V202012)
                    .getSchema(MAPPER.readTree(in));
        }
    }

    private static JsonNode json(ModelContent model) throws Exception {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        JsonWriter.write(model, out);
        return MAPPER.readTree(out.toByteArray());
    }

    @ParameterizedTest
    @MethodSource("models")
    void json_isValidByItsSchema(ModelContent model) throws Exception {
        assertThat(schema().validate(json(model))).isEmpty();
    }

    @Test
    void schema_refusesAnotherObject() throws Exception {
        ObjectNode json = (ObjectNode) json(RandomModels.sparse());
        json.remove("scales");
        json.put("more", 1);

        assertThat(schema().validate(json)).hasSize(2);
    }

    @ParameterizedTest
    @MethodSource("models")
    void json_hasEveryParameter(ModelContent model) throws Exception {
        JsonNode json = json(model);
        ModelArrays arrays = ModelArrays.of(model);
        List<Float> weights = new ArrayList<>();
        json.get("weights")
                .forEach(
                        rate -> rate.forEach(row -> row.forEach(w -> weights.add(w.floatValue()))));
        List<Float> bias = new ArrayList<>();
        json.get("bias").forEach(rate -> rate.forEach(w -> bias.add(w.floatValue())));

        assertThat(weights).containsExactly(boxed(arrays.weights()));
        assertThat(bias).containsExactly(boxed(arrays.bias()));
        assertThat(json.get("numFeatures").intValue()).isEqualTo(RandomModels.FEATURES);
        assertThat(json.get("classes")).hasSize(model.info().classes().size());
        assertThat(json.get("modelId").textValue()).isEqualTo(model.info().modelId());
        assertThat(json.has("columns")).isEqualTo(model.isSparse());
    }

    private static Float[] boxed(float[] values) {
        Float[] boxed = new Float[values.length];
        for (int i = 0; i < values.length; i++) {
            boxed[i] = values[i];
        }
        return boxed;
    }
}
