package io.freshet.local.models;

import io.freshet.classifier.ModelContent;
import io.freshet.classifier.ModelInfo;
import io.freshet.local.cli.UserException;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/**
 * Requirements on an imported model.
 *
 * @param numFeatures number of features; null for that of the file
 * @param classes names of the classes; empty for those of the file or, if it has none, the numbers
 *     from 0 on
 * @param activation function from logits to probabilities; null for that of the file or, if it has
 *     none, sigmoid for a single output and otherwise softmax
 * @param rows meaning of the rows of an array of weights; null if its shape says it
 */
public record ImportRequest(
        @Nullable Integer numFeatures,
        List<String> classes,
        @Nullable String activation,
        @Nullable WeightRows rows) {
    public ImportRequest {
        classes = List.copyOf(classes);
    }

    /**
     * Checks the shape of weights.
     *
     * @throws UserException if another one is expected
     */
    void requireShape(int features, int outputs) {
        if (features < 1 || outputs < 1) {
            throw new UserException(
                    "the weights have the shape "
                            + shape(outputs, features)
                            + "; at least one of each is expected");
        }
        int expectedOutputs = classes.isEmpty() ? outputs : classes.size();
        if (outputs == 1 && classes.size() == 2) {
            expectedOutputs = 1;
        }
        int expectedFeatures = numFeatures == null ? features : numFeatures;
        if (features != expectedFeatures || outputs != expectedOutputs) {
            throw new UserException(
                    "the weights have the shape "
                            + shape(outputs, features)
                            + "; "
                            + shape(expectedOutputs, expectedFeatures)
                            + " is expected");
        }
    }

    private static String shape(int outputs, int features) {
        return "(classes, features) = (" + outputs + ", " + features + ")";
    }

    /**
     * Returns the model as the content of a snapshot of version 0.
     *
     * @param modelId id of the model
     * @param source description of the file, for provenance
     * @throws UserException if the model is not as requested
     */
    ModelContent content(LinearModel model, String modelId, String source) {
        int outputs = model.numOutputs();
        requireShape(model.numFeatures(), outputs);
        String used = usedActivation(model);
        List<String> names = classes.isEmpty() ? model.classes() : classes;
        if (names.isEmpty()) {
            names = IntStream.range(0, Math.max(2, outputs)).mapToObj(String::valueOf).toList();
        }
        boolean single = outputs == 1 && names.size() == 2 && used.equals(ModelContent.SIGMOID);
        if (names.size() != outputs && !single) {
            throw new UserException(
                    "the model has "
                            + outputs
                            + (outputs == 1 ? " output" : " outputs")
                            + " with "
                            + used
                            + " for the "
                            + names.size()
                            + " classes "
                            + String.join(", ", names));
        }
        return new ModelContent(
                new ModelInfo(
                        modelId,
                        0,
                        "",
                        null,
                        0,
                        "",
                        0,
                        model.numFeatures(),
                        names,
                        Map.of("models.imported-from", source)),
                used,
                outputs,
                new double[0],
                new double[] {1},
                model.parameters(),
                model.scaler(),
                new int[0],
                new float[0],
                0);
    }

    private String usedActivation(LinearModel model) {
        String found = model.activation();
        if (activation != null && found != null && !activation.equals(found)) {
            throw new UserException(
                    "the model ends with " + found + "; " + activation + " is expected");
        }
        if (activation != null || found != null) {
            return activation == null ? String.valueOf(found) : activation;
        }
        return model.numOutputs() == 1 ? ModelContent.SIGMOID : ModelContent.SOFTMAX;
    }
}
