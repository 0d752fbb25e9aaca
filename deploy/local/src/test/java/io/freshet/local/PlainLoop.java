package io.freshet.local;

import io.freshet.model.LearnerSettings;
import io.freshet.model.LearnerState;
import io.freshet.model.SoftmaxLearner;
import io.freshet.model.example.Evaluation;
import io.freshet.model.example.Examples;
import io.freshet.schemas.DenseFeatures;
import io.freshet.schemas.LabelledEvent;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/**
 * Reference implementation: the model's classes in a plain loop, without Flink, Kafka or blocks.
 */
final class PlainLoop {
    private PlainLoop() {}

    /** Trains each model on its labelled events, one by one. */
    static Map<String, LearnerState> learn(LearnerSettings settings, List<LabelledEvent> events) {
        Map<String, SoftmaxLearner> learners = new TreeMap<>();
        Map<String, Examples> open = new TreeMap<>();
        Evaluation evaluation = new Evaluation(settings.numClasses());
        for (LabelledEvent event : events) {
            if (event.getLabel() == null) {
                continue;
            }
            SoftmaxLearner learner =
                    learners.computeIfAbsent(
                            event.getModelId(),
                            id -> new SoftmaxLearner(settings, LearnerState.initial(settings)));
            Examples examples = add(event, open, settings);
            learner.learn(examples, false, evaluation);
            examples.retainPending(evaluation);
        }
        Map<String, LearnerState> states = new TreeMap<>();
        learners.forEach(
                (id, learner) -> {
                    learner.learn(open.get(id), true, evaluation);
                    states.put(id, learner.state());
                    learner.close();
                });
        return states;
    }

    /** Trains each model in a single call on its events, with and without a label. */
    static Map<String, LearnerState> learnAtOnce(
            LearnerSettings settings, List<LabelledEvent> events) {
        Map<String, Examples> examples = new TreeMap<>();
        events.forEach(event -> add(event, examples, settings));
        Evaluation evaluation = new Evaluation(settings.numClasses());
        Map<String, LearnerState> states = new TreeMap<>();
        examples.forEach(
                (id, ofModel) -> {
                    try (SoftmaxLearner learner =
                            new SoftmaxLearner(settings, LearnerState.initial(settings))) {
                        learner.learn(ofModel, true, evaluation);
                        states.put(id, learner.state());
                    }
                });
        return states;
    }

    private static Examples add(
            LabelledEvent event, Map<String, Examples> byModel, LearnerSettings settings) {
        Examples examples =
                byModel.computeIfAbsent(
                        event.getModelId(), id -> new Examples(settings.numFeatures()));
        List<Float> values = ((DenseFeatures) event.getFeatures()).getValues();
        float[] features = new float[values.size()];
        for (int j = 0; j < features.length; j++) {
            features[j] = values.get(j);
        }
        Integer label = (Integer) event.getLabel();
        examples.add(features, 0, label == null ? Examples.UNLABELLED : label, event.getWeight());
        return examples;
    }
}
