package io.freshet.model.contract;

import io.freshet.model.LearnerSettings;
import io.freshet.model.example.Examples;
import io.freshet.model.loss.Activation;
import java.util.Random;

/**
 * Generator of seeded examples whose features depend on their class: a Gaussian around one centre
 * for each class, so wide that the classes overlap.
 */
public final class ExampleStream {
    private final LearnerSettings settings;
    private final Random random;
    private boolean weighted;
    private boolean withValueTargets;
    private double unlabelled;

    public ExampleStream(LearnerSettings settings, long seed) {
        this.settings = settings;
        this.random = new Random(seed);
    }

    /** Gives examples weights from 0.5 to 2, and a tenth of them weight 0; otherwise all are 1. */
    public ExampleStream weighted() {
        weighted = true;
        return this;
    }

    /** Gives examples a target for each output: probabilities under softmax, otherwise 0 or 1. */
    public ExampleStream valued() {
        withValueTargets = true;
        return this;
    }

    /** Leaves a tenth of the examples unlabelled. */
    public ExampleStream partlyLabelled() {
        unlabelled = 0.1;
        return this;
    }

    /** Returns the next examples. */
    public Examples take(int count) {
        int numTargets = withValueTargets ? settings.numOutputs() : 0;
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
            } else if (withValueTargets) {
                fill(targets, features, label);
                examples.add(features, 0, label, targets, 0, weight);
            } else {
                examples.add(features, 0, label, weight);
            }
        }
        return examples;
    }

    private void fill(float[] targets, float[] features, int label) {
        float confidence = random.nextFloat();
        for (int c = 0; c < targets.length; c++) {
            targets[c] =
                    settings.loss().activation() == Activation.SOFTMAX
                            ? (1 - confidence) / targets.length + (c == label ? confidence : 0)
                            : features[c % features.length] > random.nextGaussian() ? 1 : 0;
        }
    }

    /** Appends one row of {@code from} to {@code to}. */
    public static void append(Examples from, int row, Examples to) {
        int label = from.labels()[row];
        int featuresOffset = row * from.numFeatures();
        float weight = from.weights()[row];
        if (from.numTargets() == 0) {
            to.add(from.features(), featuresOffset, label, weight);
        } else {
            int targetsOffset = row * from.numTargets();
            to.add(from.features(), featuresOffset, label, from.targets(), targetsOffset, weight);
        }
    }

    /** Returns the rows from {@code begin} to {@code end} (exclusive). */
    public static Examples rows(Examples from, int begin, int end) {
        Examples rows = new Examples(from.numFeatures(), from.numTargets());
        for (int i = begin; i < end; i++) {
            append(from, i, rows);
        }
        return rows;
    }
}
