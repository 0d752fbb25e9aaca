package io.freshet.local.serve;

import com.fasterxml.jackson.core.JsonGenerator;
import io.freshet.classifier.Classification;
import io.freshet.classifier.Classifier;
import io.freshet.classifier.ModelInfo;
import java.io.IOException;
import java.util.List;

/**
 * Writer of predictions of one version of a model as JSON.
 *
 * @param topK number of most probable classes to write, or {@link #ALL}
 */
record PredictionWriter(Classifier model, int topK) {
    /** Value of {@link #topK} for all classes. */
    static final int ALL = Integer.MAX_VALUE;

    /** Writes the members that say which version predicts. */
    void writeVersion(JsonGenerator json) throws IOException {
        ModelInfo info = model.info();
        json.writeStringField("modelId", info.modelId());
        json.writeNumberField("modelVersion", info.version());
        json.writeNumberField("examplesSeen", info.examplesSeen());
    }

    /** Writes the members of a prediction. */
    void write(JsonGenerator json, Classification found) throws IOException {
        json.writeNumberField("predictedClass", found.predictedClass());
        json.writeStringField("predictedLabel", found.predictedLabel());
        json.writeObjectFieldStart("probabilities");
        List<String> classes = model.info().classes();
        float[] probabilities = found.probabilities();
        if (topK < probabilities.length) {
            for (int c : Classification.mostProbable(probabilities, topK)) {
                json.writeNumberField(classes.get(c), probabilities[c]);
            }
        } else {
            for (int c = 0; c < probabilities.length; c++) {
                json.writeNumberField(classes.get(c), probabilities[c]);
            }
        }
        json.writeEndObject();
        json.writeNumberField(
                "entropy", Classification.entropy(probabilities, model.isMultiLabel()));
    }
}
