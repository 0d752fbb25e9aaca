package io.freshet.model;

import io.freshet.model.example.Examples;
import io.freshet.model.loss.Activation;
import java.util.Random;

/**
 * Seeded examples whose labels have something to do with their features: a Gaussian around a centre
 * for each class, so wide that no parameters tell the classes apart for certain.
 */
final class ExampleStream {
    private final LearnerSettings settings;
    private final Random random;
    private boolean weighted;
    private boolean valued;
    private double unlabelled;

    ExampleStream(LearnerSettings settings, long seed) {
        this.settings = settings;
        this.random = new Random(seed);
    }

    /** Example weights from 0.5 to 2, and 0 for every tenth; otherwise all are 1. */
    ExampleStream weighted() {
        weighted = true;
        return this;
    }

    /** Labels of a value for each output: probabilities under softmax, else zeros and ones. */
    ExampleStream valued() {
        valued = true;
        return this;
    }

    /** Every tenth example without a label. */
    ExampleStream partlyLabelled() {
        unlabelled = 0.1;
        return this;
    }

    Examples take(int count) {
        int numTargets = valued ? settings.numOutputs() : 0;
        Examples examples = new Examples(settings.numFeatures(), numTargets);
        float[] features = new float[settings.numFeatures()];
        float[] targets = new float[numTargets];
        for (int i = 0; i < count; i++) {
            int label = random.nextInt(settings.numClasses());
            for (int f = 0; f < features.length; f++) {
                double centre = f % settings.numClasses() == label ? 1 : 0;
                features[f] = (float) (centre + random.nextGaussian());
            }
            float weight = 1;
            if (weighted) {
                weight = random.nextInt(10) == 0 ? 0 : 0.5f + 1.5f * random.nextFloat();
            }
            if (random.nextDouble() < unlabelled) {
                examples.add(features, 0, Examples.UNLABELLED, 1);
            } else if (valued) {
                fill(targets, features, label);
                examples.add(features, 0, label, targets, 0, weight);
            } else {
                examples.add(features, 0, label, weight);
            }
        }
        return examples;
    }

    private void fill(float[] targets, float[] features, int label) {
        float sure = random.nextFloat();
        for (int c = 0; c < targets.length; c++) {
            targets[c] =
                    settings.loss().activation() == Activation.SOFTMAX
                            ? (1 - sure) / targets.length + (c == label ? sure : 0)
                            : features[c % features.length] > random.nextGaussian() ? 1 : 0;
        }
    }

    /** Appends a row of some examples to others. */
    static void append(Examples from, int row, Examples to) {
        int label = from.labels()[row];
        int at = row * from.numFeatures();
        float weight = from.weights()[row];
        if (from.numTargets() == 0) {
            to.add(from.features(), at, label, weight);
        } else {
            int targetsAt = row * from.numTargets();
            to.add(from.features(), at, label, from.targets(), targetsAt, weight);
        }
    }

    /** Returns rows of some examples. */
    static Examples rows(Examples from, int begin, int end) {
        Examples rows = new Examples(from.numFeatures(), from.numTargets());
        for (int i = begin; i < end; i++) {
            append(from, i, rows);
        }
        return rows;
    }
}
