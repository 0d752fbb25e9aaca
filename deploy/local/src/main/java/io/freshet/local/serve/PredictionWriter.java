package io.freshet.local.serve;

import com.fasterxml.jackson.core.JsonGenerator;
import io.freshet.classifier.Classification;
import io.freshet.classifier.Classifier;
import io.freshet.classifier.ModelInfo;
import java.io.IOException;
import java.util.Comparator;
import java.util.List;
import java.util.stream.IntStream;

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
            for (int c : mostProbable(probabilities)) {
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

    /** Returns the most probable classes; of equally probable ones, the first is first. */
    private int[] mostProbable(float[] probabilities) {
        return IntStream.range(0, probabilities.length)
                .boxed()
                .sorted(Comparator.comparingDouble(c -> -probabilities[c]))
                .limit(topK)
                .mapToInt(Integer::intValue)
                .toArray();
    }
}
