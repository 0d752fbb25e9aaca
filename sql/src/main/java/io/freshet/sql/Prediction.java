package io.freshet.sql;

import io.freshet.classifier.Classification;
import io.freshet.classifier.Classifier;
import io.freshet.classifier.ModelInfo;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.apache.flink.table.data.GenericArrayData;
import org.apache.flink.table.data.GenericMapData;
import org.apache.flink.table.data.StringData;
import org.jspecify.annotations.Nullable;

/**
 * Prediction of a model for a row, or the reason why there is none.
 *
 * @param model model that was asked
 * @param found its answer; null if the row cannot be classified
 * @param error why the row cannot be classified; null if it is
 */
record Prediction(Classifier model, @Nullable Classification found, @Nullable String error) {
    /** Returns the value of an output column as an object of Flink's internal data structures. */
    @Nullable Object value(OutputColumn column) {
        ModelInfo info = model.info();
        if (column == OutputColumn.MODEL_VERSION) {
            return info.version();
        } else if (column == OutputColumn.EXAMPLES_SEEN) {
            return info.examplesSeen();
        } else if (column == OutputColumn.ERROR) {
            return StringData.fromString(error);
        }
        return found == null ? null : value(column, found);
    }

    private Object value(OutputColumn column, Classification classification) {
        return switch (column) {
            case LABEL -> StringData.fromString(classification.predictedLabel());
            case CLASS -> classification.predictedClass();
            case CONFIDENCE -> classification.confidence();
            case PROBABILITIES -> new GenericArrayData(classification.probabilities());
            case PROBABILITIES_BY_LABEL -> byLabel(classification.probabilities());
            case ENTROPY ->
                    (float)
                            Classification.entropy(
                                    classification.probabilities(), model.isMultiLabel());
            case MODEL_VERSION, EXAMPLES_SEEN, ERROR ->
                    throw new IllegalArgumentException("no result of a classification: " + column);
        };
    }

    private GenericMapData byLabel(float[] probabilities) {
        List<String> classes = model.info().classes();
        Map<StringData, Float> map = new LinkedHashMap<>();
        for (int c = 0; c < probabilities.length; c++) {
            map.put(StringData.fromString(classes.get(c)), probabilities[c]);
        }
        return new GenericMapData(map);
    }
}
