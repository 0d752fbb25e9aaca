package io.freshet.classifier;

import io.freshet.ensemble.NearestVote;
import io.freshet.ensemble.Projection;
import io.freshet.ensemble.WindowDistances;
import java.util.Arrays;

/**
 * The last examples of the model's training, and two experts that predict by the distance to the
 * nearest one of each class: among the last {@value WindowDistances#RECENT}, and among all.
 * Immutable.
 */
final class ExampleWindow {
    /** Number of experts. */
    static final int EXPERTS = 2;

    private final Projection projection;
    private final int numClasses;

    /** (numFeatures) weights of the features in distances. */
    private final float[] weights;

    /** (examples) classes of the examples, oldest first. */
    private final int[] labels;

    /** (dimensions, examples) projected examples, oldest first. */
    private final float[][] points;

    /**
     * @param weights (numFeatures) weights of the features in distances. Kept.
     * @param labels (examples) classes of the examples, oldest first. Kept.
     * @param examples (examples, dimensions) projected examples, oldest first. Not modified.
     */
    ExampleWindow(int numClasses, float[] weights, int[] labels, float[] examples) {
        this.projection = new Projection(weights.length);
        this.numClasses = numClasses;
        this.weights = weights;
        this.labels = labels;
        int dimensions = projection.dimensions();
        points = new float[dimensions][labels.length];
        for (int i = 0; i < labels.length; i++) {
            for (int d = 0; d < dimensions; d++) {
                points[d][i] = examples[i * dimensions + d];
            }
        }
    }

    /** Scratch arrays for one example after another. */
    final class Scratch {
        private final float[] point = new float[points.length];
        private final float[] distances = new float[labels.length];
        private final float[] nearest = new float[numClasses];

        /**
         * Predicts an example.
         *
         * @param x (numFeatures) scaled features. Not modified.
         * @param probabilities (experts, numClasses) from {@code at} on. Modified.
         * @param logs logarithms of the probabilities, in the same places. Modified.
         */
        void predict(float[] x, double[] probabilities, double[] logs, int at) {
            projection.project(x, 0, weights, point);
            WindowDistances.compute(point, points, distances, labels.length);
            Arrays.fill(nearest, Float.POSITIVE_INFINITY);
            int recent = Math.max(0, labels.length - WindowDistances.RECENT);
            note(recent, labels.length);
            NearestVote.vote(nearest, weights.length, probabilities, logs, at);
            note(0, recent);
            NearestVote.vote(nearest, weights.length, probabilities, logs, at + numClasses);
        }

        /** Notes the distances of some examples. */
        private void note(int from, int to) {
            for (int i = from; i < to; i++) {
                if (distances[i] < nearest[labels[i]]) {
                    nearest[labels[i]] = distances[i];
                }
            }
        }
    }
}
