package io.freshet.local.models;

import io.freshet.classifier.EnsembleContent;
import io.freshet.classifier.ModelContent;
import io.freshet.ensemble.Combination;
import io.freshet.ensemble.FernTests;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import onnx.Onnx.AttributeProto;

/**
 * Graph of an ensemble, from scaled features to probabilities.
 *
 * <p>Experts that say the same for every example are constants: those that predict from labels
 * alone, and those of the nearest examples if there are none. The stacks get the logarithms of the
 * others as one value, (N, experts, classes), and those of the constants as what these add to every
 * logit.
 */
final class OnnxEnsemble {
    private final OnnxGraph graph;
    private final ModelContent content;
    private final EnsembleContent ensemble;
    private final int numFeatures;
    private final int numClasses;

    /** Number of linear models. */
    private final int numRates;

    private final FernTests tests;

    /** Number of experts of ferns. */
    private final int numFernExperts;

    OnnxEnsemble(OnnxGraph graph, ModelContent content, EnsembleContent ensemble) {
        this.graph = graph;
        this.content = content;
        this.ensemble = ensemble;
        numFeatures = content.info().numFeatures();
        numClasses = content.numOutputs();
        numRates = content.numRates();
        tests = ensemble.tests(numFeatures, numClasses);
        numFernExperts = ensemble.fernLogits().length / (tests.numCells() * numClasses);
    }

    /** Returns the size of the constants; bytes. */
    static long bytes(ModelContent content, EnsembleContent ensemble) {
        long linear = content.numRates() * (content.info().numFeatures() + 1L);
        return linear * content.numOutputs() * Double.BYTES
                + (long) ensemble.fernLogits().length * Float.BYTES
                + OnnxWindow.bytes(content.info().numFeatures(), ensemble);
    }

    /**
     * Adds the experts and their combination.
     *
     * @param scaled (N, numFeatures) double
     * @return the probabilities, (N, numClasses) double
     */
    String add(String scaled) {
        // Rounded as in the job, so that tests of ferns decide alike.
        String rounded = graph.cast("inputs", OnnxGraph.FLOAT, scaled);
        graph.node("Concat", "all_logits", axis(1), linear(rounded), ferns(rounded));
        graph.reshape("logits", "all_logits", 0, numRates + numFernExperts, numClasses);
        graph.node("LogSoftmax", "softmax_logs", axis(2), "logits");
        graph.node("Exp", "softmax_probabilities", "softmax_logs");
        OnnxWindow window = new OnnxWindow(graph, numFeatures, numClasses, ensemble);
        if (window.isEmpty()) {
            return combined("softmax_probabilities", "softmax_logs");
        }
        String nearest = window.add(rounded);
        graph.node("Log", "nearest_logs", nearest);
        return combined(
                graph.node("Concat", "experts", axis(1), "softmax_probabilities", nearest),
                graph.node("Concat", "logs", axis(1), "softmax_logs", "nearest_logs"));
    }

    private static AttributeProto axis(int axis) {
        return OnnxGraph.attribute("axis", axis);
    }

    /** Adds the logits of all linear models, (N, numRates × numClasses). */
    private String linear(String inputs) {
        int width = numRates * numClasses;
        double[] weights = new double[numFeatures * width];
        double[] bias = new double[width];
        for (int rate = 0; rate < numRates; rate++) {
            for (int c = 0; c < numClasses; c++) {
                int column = rate * numClasses + c;
                for (int f = 0; f < numFeatures; f++) {
                    weights[f * width + column] = content.parameter(rate, f, c);
                }
                bias[column] = content.parameter(rate, numFeatures, c);
            }
        }
        return graph.node(
                "Gemm",
                "linear_logits",
                graph.cast("exact_inputs", OnnxGraph.DOUBLE, inputs),
                graph.constant("weights", weights, numFeatures, width),
                graph.constant("bias", bias, width));
    }

    /**
     * Adds the logits of the experts of ferns, (N, experts × numClasses): the tests of a fern are
     * the bits of two numbers, by a product with powers of two, and these, with the fern's first
     * cells, are the rows of the table that are summed.
     */
    private String ferns(String inputs) {
        int numFerns = tests.numFerns();
        int numTests = numFerns * FernTests.TESTS;
        long[] features = new long[numTests];
        float[] thresholds = new float[numTests];
        for (int test = 0; test < numTests; test++) {
            features[test] = tests.feature(test);
            thresholds[test] = tests.threshold(test);
        }
        float[] powers = new float[FernTests.TESTS * 2];
        for (int test = 0; test < FernTests.TESTS; test++) {
            boolean shallow = test < FernTests.SHALLOW_TESTS;
            powers[2 * test] = shallow ? 1 << (FernTests.SHALLOW_TESTS - 1 - test) : 0;
            powers[2 * test + 1] = 1 << (FernTests.TESTS - 1 - test);
        }
        float[] first = new float[numFerns * 2];
        for (int fern = 0; fern < numFerns; fern++) {
            first[2 * fern] = fern * FernTests.CELLS;
            first[2 * fern + 1] = fern * FernTests.CELLS + FernTests.SHALLOW_CELLS;
        }
        int width = numFernExperts * numClasses;
        graph.node(
                "Gather",
                "tested",
                axis(1),
                inputs,
                graph.constant("tested_features", features, numTests));
        graph.node(
                "Greater", "passed", "tested", graph.constant("thresholds", thresholds, numTests));
        graph.cast("bits", OnnxGraph.FLOAT, "passed");
        graph.reshape("bits_of_ferns", "bits", 0, numFerns, FernTests.TESTS);
        graph.node(
                "MatMul",
                "numbers",
                "bits_of_ferns",
                graph.constant("powers", powers, FernTests.TESTS, 2));
        graph.node(
                "Add",
                "cell_numbers",
                "numbers",
                graph.constant("first_cells", first, numFerns, 2));
        graph.cast("cells", OnnxGraph.INT64, "cell_numbers");
        graph.node(
                "Gather",
                "cell_logits",
                axis(0),
                graph.constant("fern_table", ensemble.fernLogits(), tests.numCells(), width),
                "cells");
        return graph.node(
                "ReduceSum",
                "fern_logits",
                OnnxGraph.attribute("keepdims", 0),
                graph.cast("exact_cell_logits", OnnxGraph.DOUBLE, "cell_logits"),
                graph.constant("cell_axes", new long[] {1, 2}, 2));
    }

    /**
     * Adds the combination of all experts.
     *
     * @param experts (N, k, numClasses) probabilities of the first k experts
     * @param logs their logarithms
     * @return (N, numClasses)
     */
    private String combined(String experts, String logs) {
        double[][] others = constantPredictions();
        double[][] otherLogs = new double[others.length][];
        for (int e = 0; e < others.length; e++) {
            otherLogs[e] =
                    Arrays.stream(others[e])
                            .map(p -> Math.max(Math.log(p), Combination.MIN_LOG))
                            .toArray();
        }
        graph.node("Max", "bounded_logs", logs, graph.constant("min_log", Combination.MIN_LOG));
        String mixed = sum("mixed", content.mixture(), experts, others);
        graph.node("Log", "mixed_log", mixed);
        graph.node("Max", "base", "mixed_log", graph.constant("min_base", Combination.MIN_BASE));
        String stack = sum("stack_logits", ensemble.stack(), "bounded_logs", otherLogs);
        String correction =
                sum("correction_sums", ensemble.correction(), "bounded_logs", otherLogs);
        graph.node("Add", "correction_logits", correction, "base");
        List<String> answers = new ArrayList<>();
        answers.add(mixed);
        answers.add(graph.node("Softmax", "stacked", axis(2), stack));
        answers.add(graph.node("Softmax", "corrected", axis(2), "correction_logits"));
        for (int k = 0; k < Combination.ANSWERS; k++) {
            String weight = graph.constant("answer_weight_" + k, ensemble.answers()[k]);
            answers.set(k, graph.node("Mul", "weighted_answer_" + k, answers.get(k), weight));
        }
        graph.node("Sum", "answer", answers.toArray(String[]::new));
        return graph.reshape("answer_by_class", "answer", 0, numClasses);
    }

    /** Returns what the last experts predict of every example, (experts, numClasses). */
    private double[][] constantPredictions() {
        List<double[]> predictions = new ArrayList<>();
        int numLabelExperts = ensemble.labelPredictions().length / numClasses;
        int nearest = content.mixture().length - numRates - numFernExperts - numLabelExperts;
        if (ensemble.labels().length == 0) {
            for (int e = 0; e < nearest; e++) {
                double[] uniform = new double[numClasses];
                Arrays.fill(uniform, 1.0 / numClasses);
                predictions.add(uniform);
            }
        }
        for (int e = 0; e < numLabelExperts; e++) {
            double[] single = new double[numClasses];
            for (int c = 0; c < numClasses; c++) {
                single[c] = ensemble.labelPredictions()[e * numClasses + c];
            }
            predictions.add(single);
        }
        return predictions.toArray(double[][]::new);
    }

    /**
     * Adds a weighted sum over the experts, (N, 1, numClasses).
     *
     * @param weights of all experts. Not modified.
     * @param first (N, k, numClasses) values of the first k experts
     * @param others (experts, numClasses) values of the others. Not modified.
     */
    private String sum(String output, double[] weights, String first, double[][] others) {
        int k = weights.length - others.length;
        graph.constant(output + "_weights", Arrays.copyOf(weights, k), 1, k);
        if (others.length == 0) {
            return graph.node("MatMul", output, output + "_weights", first);
        }
        double[] constant = new double[numClasses];
        for (int e = 0; e < others.length; e++) {
            for (int c = 0; c < numClasses; c++) {
                constant[c] += weights[k + e] * others[e][c];
            }
        }
        return graph.node(
                "Add",
                output,
                graph.node("MatMul", output + "_of_first", output + "_weights", first),
                graph.constant(output + "_of_others", constant, numClasses));
    }
}
