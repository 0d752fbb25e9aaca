package io.freshet.local.models;

import io.freshet.classifier.ModelContent;
import io.freshet.local.cli.UserException;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Locale;

/** Reader of linear models of other programs as the content of a snapshot. */
public final class ModelImport {
    private ModelImport() {}

    /**
     * Reads a file by the end of its name: {@code .onnx} or {@code .npz}.
     *
     * @param modelId id of the model
     * @throws UserException if the file does not have a linear model as requested
     * @throws IOException if the file cannot be read
     */
    public static ModelContent read(Path file, ImportRequest request, String modelId)
            throws IOException {
        String name = String.valueOf(file.getFileName());
        String lower = name.toLowerCase(Locale.ROOT);
        try {
            if (lower.endsWith(".onnx")) {
                return request.content(OnnxImport.read(file, request), modelId, name);
            }
            if (lower.endsWith(".npz")) {
                return request.content(NpzImport.read(file, request), modelId, name);
            }
        } catch (UserException e) {
            throw new UserException(file + " cannot be imported: " + e.getMessage(), e);
        }
        throw new UserException(
                file + " cannot be imported: the end of its name is neither .onnx nor .npz");
    }
}
