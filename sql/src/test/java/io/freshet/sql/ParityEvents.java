package io.freshet.sql;

import io.freshet.local.JobOnKafka;
import io.freshet.schemas.DenseFeatures;
import io.freshet.schemas.LabelledEvent;
import java.util.Arrays;
import java.util.List;
import java.util.Random;

/** Seeded random events of one model, to learn from and to predict. */
final class ParityEvents {
    static final int FEATURES = 54;
    static final List<String> CLASSES = List.of("a", "b", "c", "d", "e", "f", "g");
    static final String MODEL = "m";

    private static final int TRAINING = 3000;

    private ParityEvents() {}

    /** Returns labelled events of one model, with features of different scales. */
    static List<LabelledEvent> training(boolean multiLabel) {
        List<LabelledEvent> events = events(1, TRAINING);
        events.removeIf(event -> event.getLabel() == null);
        if (multiLabel) {
            for (int i = 0; i < events.size(); i++) {
                Float[] targets = new Float[CLASSES.size()];
                Arrays.fill(targets, 0f);
                int label = (int) events.get(i).getLabel();
                targets[label] = 1f;
                targets[(label + 1) % targets.length] = i % 2f;
                events.get(i).setLabel(List.of(targets));
            }
        }
        return events;
    }

    /** Returns events without a label, in which a third of the features are 0. */
    static List<LabelledEvent> queries(int count) {
        List<LabelledEvent> events = events(2, count);
        Random random = new Random(3);
        for (LabelledEvent event : events) {
            event.setLabel(null);
            ((DenseFeatures) event.getFeatures())
                    .getValues()
                    .replaceAll(value -> random.nextInt(3) == 0 ? 0 : value);
        }
        return events;
    }

    /** Feature 3 is constant in training, 5 has values that are clipped, 7 a large mean. */
    private static List<LabelledEvent> events(int seed, int count) {
        Random random = new Random(10 + seed);
        List<LabelledEvent> events =
                JobOnKafka.events(seed, count, FEATURES, CLASSES.size(), MODEL);
        for (LabelledEvent event : events) {
            List<Float> values = ((DenseFeatures) event.getFeatures()).getValues();
            values.set(3, seed == 1 ? 2f : values.get(3));
            values.set(5, (float) Math.exp(3 * random.nextGaussian()));
            values.set(7, 1000 + values.get(7));
        }
        return events;
    }

    /** Returns the features of an event. */
    static float[] features(LabelledEvent event) {
        List<Float> values = ((DenseFeatures) event.getFeatures()).getValues();
        float[] features = new float[FEATURES];
        for (int f = 0; f < FEATURES; f++) {
            features[f] = values.get(f);
        }
        return features;
    }
}
