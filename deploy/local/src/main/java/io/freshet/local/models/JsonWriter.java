package io.freshet.local.models;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonGenerator;
import io.freshet.classifier.ModelContent;
import io.freshet.classifier.ModelInfo;
import java.io.IOException;
import java.io.OutputStream;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/** Writer of a model as JSON with the schema {@code model.schema.json} of the schemas. */
final class JsonWriter {
    static final String FORMAT = "freshet-model";
    static final int FORMAT_VERSION = 1;

    private final ModelContent content;
    private final ModelArrays arrays;
    private final JsonGenerator json;

    private JsonWriter(ModelContent content, JsonGenerator json) {
        this.content = content;
        this.arrays = ModelArrays.of(content);
        this.json = json;
    }

    /** Writes a model. */
    static void write(ModelContent content, OutputStream out) throws IOException {
        try (JsonGenerator json = new JsonFactory().createGenerator(out)) {
            new JsonWriter(content, json).write();
        }
    }

    private void write() throws IOException {
        ModelInfo info = content.info();
        json.writeStartObject();
        json.writeStringField("format", FORMAT);
        json.writeNumberField("formatVersion", FORMAT_VERSION);
        json.writeStringField("modelId", info.modelId());
        json.writeNumberField("version", info.version());
        json.writeStringField("job", info.job());
        json.writeNumberField("epoch", info.epoch());
        json.writeStringField(
                "timestamp", info.timestamp() == null ? null : info.timestamp().toString());
        json.writeNumberField("examplesSeen", info.examplesSeen());
        json.writeStringField("contentHash", info.contentHash());
        json.writeObjectFieldStart("hyperParameters");
        for (Map.Entry<String, String> each : new TreeMap<>(info.hyperParameters()).entrySet()) {
            json.writeStringField(each.getKey(), each.getValue());
        }
        json.writeEndObject();
        json.writeNumberField("numFeatures", info.numFeatures());
        json.writeArrayFieldStart("classes");
        for (String name : info.classes()) {
            json.writeString(name);
        }
        json.writeEndArray();
        json.writeStringField("activation", content.activation());
        json.writeNumberField("numOutputs", content.numOutputs());
        write("learningRates", content.learningRates());
        write("mixture", content.mixture());
        writeScaler(content.scaler());
        if (content.isSparse()) {
            writeColumns();
        }
        json.writeArrayFieldStart("weights");
        for (int rate = 0; rate < content.numRates(); rate++) {
            json.writeStartArray();
            for (int row = 0; row < arrays.numRows(); row++) {
                writeOutputs(arrays.weights(), rate * arrays.numRows() + row);
            }
            json.writeEndArray();
        }
        json.writeEndArray();
        json.writeArrayFieldStart("bias");
        for (int rate = 0; rate < content.numRates(); rate++) {
            writeOutputs(arrays.bias(), rate);
        }
        json.writeEndArray();
        json.writeEndObject();
    }

    private void writeScaler(ModelContent.@Nullable Scaler scaler) throws IOException {
        if (scaler == null) {
            json.writeNullField("scaler");
            return;
        }
        json.writeObjectFieldStart("scaler");
        json.writeNumberField("count", scaler.count());
        write("mean", scaler.mean());
        write("variance", scaler.variance());
        write("limit", scaler.limit());
        json.writeEndObject();
    }

    private void writeColumns() throws IOException {
        json.writeFieldName("columns");
        json.writeArray(arrays.columns(), 0, arrays.columns().length);
        write("scales", arrays.scales());
        json.writeNumberField("scaleLimit", content.scaleLimit());
    }

    private void writeOutputs(float[] values, int row) throws IOException {
        json.writeStartArray();
        for (int c = 0; c < content.numOutputs(); c++) {
            json.writeNumber(values[row * content.numOutputs() + c]);
        }
        json.writeEndArray();
    }

    private void write(String name, double[] values) throws IOException {
        json.writeFieldName(name);
        json.writeArray(values, 0, values.length);
    }

    private void write(String name, float[] values) throws IOException {
        json.writeArrayFieldStart(name);
        for (float value : values) {
            json.writeNumber(value);
        }
        json.writeEndArray();
    }
}
