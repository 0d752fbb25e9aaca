package io.freshet.local.evaluate;

import io.freshet.classifier.Classifier;
import io.freshet.ingest.mapping.FieldMapping;
import io.freshet.local.models.StoredSnapshot;
import io.freshet.local.stream.LabelledStream.Example;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** Model whose snapshot was read from a topic: predicts in this process. */
public final class TopicModel implements ServedModel {
    private static final String FEATURES = FieldMapping.FEATURES.name();

    private final Classifier classifier;
    private final String topic;

    /**
     * @param topic name of the topic that has the snapshot
     */
    public TopicModel(StoredSnapshot snapshot, String topic) {
        classifier = snapshot.classifier();
        this.topic = topic;
    }

    @Override
    public String description() {
        return classifier + ", topic " + topic;
    }

    @Override
    public List<String> classes() {
        return classifier.info().classes();
    }

    @Override
    public Map<String, String> featureSettings() {
        Map<String, String> settings = new HashMap<>(classifier.info().hyperParameters());
        settings.keySet().removeIf(key -> !isFeatureKey(key));
        return settings.getOrDefault(FEATURES, "").isEmpty() ? Map.of() : settings;
    }

    private static boolean isFeatureKey(String key) {
        return key.equals(FEATURES) || key.startsWith(FEATURES + ".");
    }

    @Override
    public List<Prediction> predict(List<Example> examples) {
        List<Prediction> predictions = new ArrayList<>();
        for (Example example : examples) {
            try {
                int[] columns = example.columns();
                predictions.add(
                        new Prediction(
                                (columns == null
                                                ? classifier.classify(example.features())
                                                : classifier.classify(columns, example.features()))
                                        .probabilities(),
                                null));
            } catch (IllegalArgumentException e) {
                predictions.add(new Prediction(null, String.valueOf(e.getMessage())));
            }
        }
        return predictions;
    }

    @Override
    public void close() {}
}
