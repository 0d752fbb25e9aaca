package io.freshet.local.models;

import io.freshet.classifier.ModelContent;
import io.freshet.local.cli.UserException;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * Reader of a linear model from arrays of NumPy: {@code weight} and {@code bias}, also under names
 * that end with {@code .weight} and {@code .bias}, and if they are there {@code classes} and the
 * scaler's {@code mean}, {@code variance}, {@code count} and {@code limit}.
 */
final class NpzImport {
    private static final String WEIGHT = "weight";
    private static final String BIAS = "bias";

    private final NpzReader npz;
    private final ImportRequest request;

    private NpzImport(NpzReader npz, ImportRequest request) {
        this.npz = npz;
        this.request = request;
    }

    /**
     * Reads a file.
     *
     * @throws UserException if it does not have a model as requested
     */
    static LinearModel read(Path file, ImportRequest request) throws IOException {
        try (NpzReader npz = new NpzReader(file)) {
            return new NpzImport(npz, request).read();
        }
    }

    private LinearModel read() throws IOException {
        NpzReader.Header weight = find(WEIGHT);
        if (weight == null) {
            throw new UserException(
                    "it has no array weight; it has " + String.join(", ", npz.names()));
        }
        NpzReader.Header bias = find(BIAS);
        requireDimensions(weight, 2);
        if (bias != null) {
            requireDimensions(bias, 1);
        }
        boolean rowsAreClasses = rowsAreClasses(weight, bias);
        int outputs = weight.shape()[rowsAreClasses ? 0 : 1];
        int features = weight.shape()[rowsAreClasses ? 1 : 0];
        if (bias != null && bias.shape()[0] != outputs) {
            throw new UserException(shapes(weight, bias) + ", which do not fit");
        }
        request.requireShape(features, outputs);
        double[] weights = npz.numbers(weight);
        double[] byFeature =
                rowsAreClasses ? LinearModel.transposed(weights, outputs, features) : weights;
        double[] biases = bias == null ? new double[outputs] : npz.numbers(bias);
        NpzReader.Header classes = npz.header("classes");
        return new LinearModel(
                features,
                outputs,
                LinearModel.parameters(byFeature, biases),
                null,
                classes == null ? List.of() : npz.texts(classes),
                scaler(features));
    }

    /** Returns the array of a name or of the only name that ends with it; null if none does. */
    private NpzReader.@Nullable Header find(String name) throws IOException {
        NpzReader.Header exact = npz.header(name);
        if (exact != null) {
            return exact;
        }
        List<String> names =
                npz.names().stream().filter(each -> each.endsWith("." + name)).toList();
        if (names.size() > 1) {
            throw new UserException(
                    "it has several arrays "
                            + name
                            + ": "
                            + String.join(", ", names)
                            + "; only a single linear layer can be imported");
        }
        return names.isEmpty() ? null : npz.header(names.get(0));
    }

    private static void requireDimensions(NpzReader.Header header, int expected) {
        if (header.shape().length != expected) {
            throw new UserException(
                    "array "
                            + header.name()
                            + " has the shape "
                            + Arrays.toString(header.shape())
                            + "; "
                            + expected
                            + (expected == 1
                                    ? " dimension is expected"
                                    : " dimensions are expected"));
        }
    }

    private boolean rowsAreClasses(NpzReader.Header weight, NpzReader.@Nullable Header bias) {
        if (request.rows() != null) {
            return request.rows() == WeightRows.CLASSES;
        }
        int rows = weight.shape()[0];
        int columns = weight.shape()[1];
        Integer features = request.numFeatures();
        if (rows != columns && bias != null) {
            if (bias.shape()[0] != rows && bias.shape()[0] != columns) {
                throw new UserException(shapes(weight, bias) + ", which do not fit");
            }
            return bias.shape()[0] == rows;
        }
        if (rows != columns && features != null && (features == rows || features == columns)) {
            return features == columns;
        }
        throw new UserException(
                "array "
                        + weight.name()
                        + " has the shape "
                        + Arrays.toString(weight.shape())
                        + ", which does not say whether its rows are classes or features; set"
                        + " --rows");
    }

    private static String shapes(NpzReader.Header weight, NpzReader.Header bias) {
        return "array "
                + weight.name()
                + " has the shape "
                + Arrays.toString(weight.shape())
                + " and "
                + bias.name()
                + " "
                + Arrays.toString(bias.shape());
    }

    private ModelContent.@Nullable Scaler scaler(int features) throws IOException {
        NpzReader.Header mean = npz.header("mean");
        NpzReader.Header variance = npz.header("variance");
        NpzReader.Header count = npz.header("count");
        if (mean == null && variance == null && count == null) {
            return null;
        }
        if (mean == null || variance == null || count == null) {
            throw new UserException(
                    "of the scaler's arrays mean, variance and count it has only some");
        }
        NpzReader.Header limit = npz.header("limit");
        for (NpzReader.Header each :
                Stream.of(mean, variance, limit).filter(header -> header != null).toList()) {
            if (each.shape().length != 1 || each.shape()[0] != features) {
                throw new UserException(
                        "array "
                                + each.name()
                                + " has the shape "
                                + Arrays.toString(each.shape())
                                + "; ["
                                + features
                                + "] is expected");
            }
        }
        double[] numbers = npz.numbers(count);
        if (numbers.length != 1 || !(numbers[0] >= 1 && numbers[0] <= 1L << 53)) {
            throw new UserException(
                    "array count is "
                            + Arrays.toString(numbers)
                            + "; one number above 0 is expected");
        }
        double[] limits = limit == null ? new double[0] : npz.numbers(limit);
        float[] limitsAsFloats = new float[limits.length];
        for (int f = 0; f < limits.length; f++) {
            limitsAsFloats[f] = (float) limits[f];
        }
        return new ModelContent.Scaler(
                (long) numbers[0],
                finite(mean, -Double.MAX_VALUE),
                finite(variance, 0),
                limitsAsFloats);
    }

    private double[] finite(NpzReader.Header header, double min) throws IOException {
        double[] values = npz.numbers(header);
        for (int f = 0; f < values.length; f++) {
            if (!(values[f] >= min && values[f] <= Double.MAX_VALUE)) {
                throw new UserException("array " + header.name() + " has the value " + values[f]);
            }
        }
        return values;
    }
}
