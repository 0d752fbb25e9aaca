package io.freshet.local.models;

import io.freshet.classifier.EnsembleContent;
import io.freshet.ensemble.NearestVote;
import io.freshet.ensemble.Projection;
import io.freshet.ensemble.WindowDistances;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;

/**
 * Graph of the two experts that predict by the nearest examples of a window.
 *
 * <p>All squared distances are one product in double: {@code |u|² − 2 u·v + |v|²}. Its error is
 * about 2⁻⁵¹ |v|², which has to be small beside the {@code δ} that is added to each distance. Where
 * features are projected, points have another error: the job adds in float. Windows whose examples
 * are too large for either are refused.
 *
 * <p>The least distance of each class is taken of classes with about as many examples together, for
 * which their examples are gathered to (N, classes, examples); there are at most eleven such
 * groups, whatever the number of classes.
 */
final class OnnxWindow {
    /** Largest mean square of an example's weighted features, for an error of 10⁻⁶ δ. */
    private static final double MAX_MEAN_SQUARE = 1e-6 * NearestVote.DISTANCE_FLOOR * 0x1p51;

    /**
     * The same with a projection: that of features 100 standard deviations from their means, at
     * which the scaler clips, with the largest weights.
     */
    private static final double MAX_PROJECTED_MEAN_SQUARE = 3e4;

    private final OnnxGraph graph;
    private final int numFeatures;
    private final int numClasses;
    private final EnsembleContent ensemble;
    private final int numExamples;
    private final int dimensions;

    OnnxWindow(OnnxGraph graph, int numFeatures, int numClasses, EnsembleContent ensemble) {
        this.graph = graph;
        this.numFeatures = numFeatures;
        this.numClasses = numClasses;
        this.ensemble = ensemble;
        numExamples = ensemble.labels().length;
        dimensions = Projection.dimensions(numFeatures);
    }

    /** Returns the size of the constants; bytes. */
    static long bytes(int numFeatures, EnsembleContent ensemble) {
        int dimensions = Projection.dimensions(numFeatures);
        long projection = dimensions < numFeatures ? (long) numFeatures * dimensions : 0;
        return (projection + ensemble.examples().length) * Double.BYTES;
    }

    boolean isEmpty() {
        return numExamples == 0;
    }

    /**
     * Adds the probabilities of both experts.
     *
     * @param inputs (N, numFeatures) float
     * @return (N, 2, numClasses) double
     * @throws IllegalArgumentException if the examples are too large for precise distances
     */
    String add(String inputs) {
        String distances = distances(point(inputs));
        String recent =
                vote("recent", distances, Math.max(0, numExamples - WindowDistances.RECENT));
        String all = vote("all", distances, 0);
        graph.node("Concat", "nearest_votes", OnnxGraph.attribute("axis", 1), recent, all);
        return graph.reshape("nearest", "nearest_votes", 0, 2, numClasses);
    }

    /** Adds the weighted and projected features. The product with the weights is a float. */
    private String point(String inputs) {
        graph.constant("feature_weights", ensemble.featureWeights(), numFeatures);
        graph.node("Mul", "weighted_inputs", inputs, "feature_weights");
        String weighted = graph.cast("point", OnnxGraph.DOUBLE, "weighted_inputs");
        Projection projection = new Projection(numFeatures);
        if (projection.isIdentity()) {
            return weighted;
        }
        double[] matrix = new double[numFeatures * dimensions];
        float[] row = new float[numFeatures];
        for (int d = 0; d < dimensions; d++) {
            projection.writeRow(d, row);
            for (int f = 0; f < numFeatures; f++) {
                matrix[f * dimensions + d] = row[f];
            }
        }
        graph.constant("projection", matrix, numFeatures, dimensions);
        return graph.node("MatMul", "projected_point", weighted, "projection");
    }

    /** Adds the squared distances to all examples, (N, numExamples). */
    private String distances(String point) {
        double[] factors = new double[dimensions * numExamples];
        double[] squares = new double[numExamples];
        for (int i = 0; i < numExamples; i++) {
            for (int d = 0; d < dimensions; d++) {
                double value = ensemble.examples()[i * dimensions + d];
                factors[d * numExamples + i] = -2 * value;
                squares[i] += value * value;
            }
        }
        requireSmall(Arrays.stream(squares).max().orElse(0) / numFeatures);
        graph.constant("window_factors", factors, dimensions, numExamples);
        graph.constant("window_squares", squares, numExamples);
        graph.node("Gemm", "products", point, "window_factors", "window_squares");
        graph.node("Mul", "point_squares", point, point);
        graph.node(
                "ReduceSum",
                "point_square",
                "point_squares",
                graph.constant("point_axis", new long[] {1}, 1));
        return graph.node("Add", "distances", "products", "point_square");
    }

    private void requireSmall(double meanSquare) {
        double max = dimensions < numFeatures ? MAX_PROJECTED_MEAN_SQUARE : MAX_MEAN_SQUARE;
        if (meanSquare > max) {
            throw new IllegalArgumentException(
                    String.format(
                            Locale.ROOT,
                            "an example in the window has weighted features whose mean square is"
                                    + " %.3g, and above %.3g distances would not be those of the"
                                    + " job; with scaler.type=welford features are smaller, and"
                                    + " avro has no such limit",
                            meanSquare,
                            max));
        }
    }

    /** Adds the probabilities by the nearest of the examples from one on, (N, numClasses). */
    private String vote(String name, String distances, int from) {
        List<String> parts = new ArrayList<>();
        long[] places = new long[numClasses];
        int found = 0;
        for (Map.Entry<Integer, List<int[]>> group : groups(from).entrySet()) {
            int length = group.getKey();
            String part = name + "_" + length;
            List<int[]> classes = group.getValue();
            long[] examples = new long[classes.size() * length];
            for (int k = 0; k < classes.size(); k++) {
                int[] of = classes.get(k);
                places[ensemble.labels()[of[0]]] = ++found;
                for (int i = 0; i < length; i++) {
                    examples[k * length + i] = of[Math.min(i, of.length - 1)];
                }
            }
            graph.node(
                    "Gather",
                    part + "_distances",
                    OnnxGraph.attribute("axis", 1),
                    distances,
                    graph.constant(part + "_examples", examples, classes.size(), length));
            parts.add(
                    graph.node(
                            "ReduceMin",
                            part + "_nearest",
                            List.of(OnnxGraph.list("axes", 2), OnnxGraph.attribute("keepdims", 0)),
                            part + "_distances"));
        }
        String nearest =
                graph.node(
                        "Concat",
                        name + "_nearest",
                        OnnxGraph.attribute("axis", 1),
                        parts.toArray(String[]::new));
        return probabilities(name, nearest, places);
    }

    /**
     * Returns the examples from one on by their class, each class under the least power of two that
     * is at least the number of its examples.
     */
    private Map<Integer, List<int[]>> groups(int from) {
        Map<Integer, List<Integer>> byClass = new TreeMap<>();
        for (int i = from; i < numExamples; i++) {
            byClass.computeIfAbsent(ensemble.labels()[i], c -> new ArrayList<>()).add(i);
        }
        Map<Integer, List<int[]>> groups = new TreeMap<>();
        for (List<Integer> examples : byClass.values()) {
            int length = Integer.highestOneBit(2 * examples.size() - 1);
            groups.computeIfAbsent(length, l -> new ArrayList<>())
                    .add(examples.stream().mapToInt(Integer::intValue).toArray());
        }
        return groups;
    }

    /**
     * Adds the probabilities of all classes.
     *
     * @param nearest (N, found) the least distance of each class that was found
     * @param places (numClasses) place of each class among these, counted from 1; 0 if it was not
     *     found. Not modified.
     */
    private String probabilities(String name, String nearest, long[] places) {
        graph.constant(name + "_floor", NearestVote.DISTANCE_FLOOR * numFeatures);
        graph.node("Add", name + "_floored", nearest, name + "_floor");
        graph.node("ReduceMin", name + "_least", OnnxGraph.list("axes", 1), name + "_floored");
        graph.node("Div", name + "_found_votes", name + "_least", name + "_floored");
        // Before the votes of the classes found, that of the others: 0.
        graph.node(
                "Pad",
                name + "_padded_votes",
                name + "_found_votes",
                graph.constant(name + "_padding", new long[] {0, 1, 0, 0}, 4));
        graph.node(
                "Gather",
                name + "_votes",
                OnnxGraph.attribute("axis", 1),
                name + "_padded_votes",
                graph.constant(name + "_places", places, numClasses));
        graph.node(
                "Add",
                name + "_raised_votes",
                name + "_votes",
                graph.constant(name + "_prior", NearestVote.PRIOR / numClasses));
        graph.node(
                "ReduceSum",
                name + "_sum",
                name + "_raised_votes",
                graph.constant(name + "_axis", new long[] {1}, 1));
        return graph.node("Div", name + "_probabilities", name + "_raised_votes", name + "_sum");
    }
}
