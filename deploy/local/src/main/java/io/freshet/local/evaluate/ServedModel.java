package io.freshet.local.evaluate;

import io.freshet.local.stream.LabelledStream.Example;
import java.io.IOException;
import java.util.List;
import java.util.Map;

/** One version of a model that predicts without being trained. */
public interface ServedModel extends AutoCloseable {
    /** Returns which version of which model this is, and where from. */
    String description();

    /** Returns the class names, in the order of their indices. */
    List<String> classes();

    /**
     * Returns the settings of the job by which fields become features, by key; empty if the model
     * does not say.
     */
    Map<String, String> featureSettings();

    /**
     * Predicts examples.
     *
     * @return one prediction for each example, in their order
     * @throws IOException if the model cannot be asked
     */
    List<Prediction> predict(List<Example> examples) throws IOException;

    @Override
    void close();
}
