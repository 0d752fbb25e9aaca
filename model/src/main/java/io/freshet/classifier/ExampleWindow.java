package io.freshet.classifier;

import io.freshet.ensemble.NearestOfClass;
import io.freshet.ensemble.NearestVote;
import io.freshet.ensemble.Projection;
import io.freshet.ensemble.WindowDistances;

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

    /** (padded dimensions, WINDOW) projected examples, oldest first, then zeros. */
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
        points = new float[WindowDistances.padded(dimensions)][WindowDistances.WINDOW];
        for (int i = 0; i < labels.length; i++) {
            for (int d = 0; d < dimensions; d++) {
                points[d][i] = examples[i * dimensions + d];
            }
        }
    }

    /** Scratch arrays for one example after another. */
    final class Scratch {
        private final float[] point = new float[points.length];
        private final float[] distances = new float[WindowDistances.WINDOW];
        private final NearestOfClass nearest = new NearestOfClass(numClasses);

        /**
         * Predicts an example.
         *
         * @param x (numFeatures) scaled features. Not modified.
         * @param probabilities (experts, numClasses) from {@code at} on. Modified.
         * @param logs logarithms of the probabilities, in the same places. Modified.
         */
        void predict(float[] x, double[] probabilities, double[] logs, int at) {
            projection.project(x, 0, weights, point);
            WindowDistances.compute(point, points, distances);
            nearest.clear();
            int recent = Math.max(0, labels.length - WindowDistances.RECENT);
            nearest.note(distances, labels, recent, labels.length);
            NearestVote.vote(nearest.distances(), weights.length, probabilities, logs, at);
            nearest.note(distances, labels, 0, recent);
            NearestVote.vote(
                    nearest.distances(), weights.length, probabilities, logs, at + numClasses);
        }
    }
}
