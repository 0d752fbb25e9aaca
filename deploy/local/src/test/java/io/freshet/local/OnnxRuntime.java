package io.freshet.local;

import ai.onnxruntime.OnnxTensor;
import ai.onnxruntime.OrtEnvironment;
import ai.onnxruntime.OrtException;
import ai.onnxruntime.OrtSession;
import java.nio.file.Path;
import java.util.Map;

/** ONNX Runtime for Java, with the inputs and outputs of exported models. */
public final class OnnxRuntime {
    private OnnxRuntime() {}

    /**
     * Returns the probabilities of rows.
     *
     * @param model file of an exported model
     * @param rows (N, features). Not modified.
     * @return (N, classes)
     */
    public static float[][] probabilities(Path model, float[][] rows) throws OrtException {
        OrtEnvironment environment = OrtEnvironment.getEnvironment();
        try (OrtSession session = environment.createSession(model.toString());
                OnnxTensor features = OnnxTensor.createTensor(environment, rows);
                OrtSession.Result result = session.run(Map.of("features", features))) {
            return (float[][]) result.get("probabilities").orElseThrow().getValue();
        }
    }
}
