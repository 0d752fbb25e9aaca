package io.freshet.local.models;

import io.freshet.classifier.EnsembleContent;
import io.freshet.classifier.ModelContent;
import io.freshet.ensemble.FernTests;
import io.freshet.schemas.Expert;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * Differences between two snapshots of an ensemble, beside those of its linear models.
 *
 * @param experts weights of all experts, in the order of the second, then those of the first alone
 * @param answers weights of the mixture, the stack and the stack on top of the mixture
 * @param ferns differences of the ferns; null if they have other tests, and without ferns
 * @param window differences of the windows of the nearest examples; null if neither has one, as
 *     with sparse features
 */
public record EnsembleDifference(
        List<ExpertWeights> experts,
        List<Change> answers,
        @Nullable Ferns ferns,
        @Nullable Window window) {
    /**
     * Change of a weight.
     *
     * @param first value in the first
     * @param second value in the second
     */
    public record Change(double first, double second) {}

    /**
     * Weights of an expert, 0 where it is not there.
     *
     * @param mixture weight in the mixture
     * @param stack weight in the stack
     * @param correction weight in the stack on top of the mixture
     */
    public record ExpertWeights(String name, Change mixture, Change stack, Change correction) {}

    /**
     * Differences of the ferns. A logit of a class or cell that only one has counts as 0 in the
     * other.
     *
     * @param changed number of cells in which a logit differs
     * @param cells number of cells
     */
    public record Ferns(int changed, int cells) {}

    /**
     * Differences of the windows.
     *
     * @param first number of examples in the first
     * @param second number of examples in the second
     * @param common number of examples, by weighted features and class, that are in both
     */
    public record Window(int first, int second, int common) {}

    /** Compares two snapshots; null unless both are of an ensemble. */
    static @Nullable EnsembleDifference of(
            StoredSnapshot first, ModelContent a, StoredSnapshot second, ModelContent b) {
        EnsembleContent ensembleA = a.ensemble();
        EnsembleContent ensembleB = b.ensemble();
        if (ensembleA == null || ensembleB == null) {
            return null;
        }
        List<Change> answers = new ArrayList<>();
        for (int k = 0; k < ensembleB.answers().length; k++) {
            answers.add(new Change(ensembleA.answers()[k], ensembleB.answers()[k]));
        }
        boolean sameTests =
                a.info().numFeatures() == b.info().numFeatures()
                        && !a.isSparse()
                        && !b.isSparse()
                        && haveSameTests(ensembleA, ensembleB);
        return new EnsembleDifference(
                experts(weights(first, a, ensembleA), weights(second, b, ensembleB)),
                answers,
                sameTests ? ferns(a, ensembleA, b, ensembleB) : null,
                a.isSparse() && b.isSparse() ? null : window(ensembleA, ensembleB));
    }

    /** Returns whether the tests are the same: with more classes there may be fewer. */
    private static boolean haveSameTests(EnsembleContent a, EnsembleContent b) {
        int tests = Math.min(a.testFeatures().length, b.testFeatures().length);
        return (tests > 0 || a.testFeatures().length == b.testFeatures().length)
                && Arrays.equals(a.testFeatures(), 0, tests, b.testFeatures(), 0, tests)
                && Arrays.equals(a.testThresholds(), 0, tests, b.testThresholds(), 0, tests);
    }

    /** Returns the three weights of each expert by its name. */
    private static Map<String, double[]> weights(
            StoredSnapshot snapshot, ModelContent content, EnsembleContent ensemble) {
        Map<String, double[]> weights = new LinkedHashMap<>();
        List<Expert> experts = snapshot.experts();
        for (int e = 0; e < experts.size(); e++) {
            weights.put(
                    experts.get(e).getName(),
                    new double[] {
                        content.mixture()[e], ensemble.stack()[e], ensemble.correction()[e]
                    });
        }
        return weights;
    }

    private static List<ExpertWeights> experts(
            Map<String, double[]> first, Map<String, double[]> second) {
        Map<String, double[]> all = new LinkedHashMap<>(second);
        first.forEach((name, weights) -> all.putIfAbsent(name, new double[weights.length]));
        List<ExpertWeights> experts = new ArrayList<>();
        all.forEach(
                (name, after) -> {
                    double[] before = first.getOrDefault(name, new double[after.length]);
                    experts.add(
                            new ExpertWeights(
                                    name,
                                    new Change(before[0], after[0]),
                                    new Change(before[1], after[1]),
                                    new Change(before[2], after[2])));
                });
        return experts;
    }

    /** Compares the ferns of models whose first tests are the same. */
    private static Ferns ferns(
            ModelContent a, EnsembleContent first, ModelContent b, EnsembleContent second) {
        int classes = Math.max(a.numOutputs(), b.numOutputs());
        int cellsA = FernTests.numFerns(a.numOutputs()) * FernTests.CELLS;
        int cellsB = FernTests.numFerns(b.numOutputs()) * FernTests.CELLS;
        int cells = Math.max(cellsA, cellsB);
        int experts = second.fernLogits().length / (cellsB * b.numOutputs());
        int changed = 0;
        for (int cell = 0; cell < cells; cell++) {
            boolean same = true;
            for (int row = cell * experts; row < (cell + 1) * experts; row++) {
                for (int c = 0; c < classes; c++) {
                    same &= logit(first, a, row, c) == logit(second, b, row, c);
                }
            }
            changed += same ? 0 : 1;
        }
        return new Ferns(changed, cells);
    }

    private static float logit(EnsembleContent ensemble, ModelContent content, int row, int c) {
        int at = row * content.numOutputs() + c;
        return c < content.numOutputs() && at < ensemble.fernLogits().length
                ? ensemble.fernLogits()[at]
                : 0;
    }

    private static Window window(EnsembleContent a, EnsembleContent b) {
        Map<List<Object>, Integer> counts = new HashMap<>();
        for (int i = 0; i < a.labels().length; i++) {
            counts.merge(example(a, i), 1, Integer::sum);
        }
        int common = 0;
        for (int i = 0; i < b.labels().length; i++) {
            List<Object> example = example(b, i);
            int left = Objects.requireNonNullElse(counts.get(example), 0);
            if (left > 0) {
                common++;
                counts.put(example, left - 1);
            }
        }
        return new Window(a.labels().length, b.labels().length, common);
    }

    /** Returns the class of an example and its values, for a comparison. */
    private static List<Object> example(EnsembleContent ensemble, int index) {
        int dimensions = ensemble.examples().length / ensemble.labels().length;
        List<Object> example = new ArrayList<>();
        example.add(ensemble.labels()[index]);
        for (float value :
                Arrays.copyOfRange(
                        ensemble.examples(), index * dimensions, (index + 1) * dimensions)) {
            example.add(value);
        }
        return example;
    }
}
