package io.freshet.model.contract;

import io.freshet.model.SoftmaxLearner;
import io.freshet.model.StepObserver;
import io.freshet.model.example.Evaluation;
import io.freshet.model.example.Evaluation.Outcome;
import io.freshet.model.example.Examples;
import java.util.Arrays;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/** Results of test-then-train for all examples of a stream, in the order of the stream. */
public final class RecordedEvaluation {
    public final Outcome[] outcomes;
    public final double[] losses;
    public final int[] predictedClasses;
    public final double[] confidences;

    /** Probabilities of the labels, recorded for the plain loop only. */
    public final double[] labelProbabilities;

    public final double[] briers;
    public final int[] ranks;

    /** Probabilities of the classes by row; null where they were not asked for. */
    public final double[] @Nullable [] probabilities;

    public final long[] versions;

    public RecordedEvaluation(int size) {
        this.outcomes = new Outcome[size];
        this.losses = new double[size];
        this.predictedClasses = new int[size];
        this.confidences = new double[size];
        this.labelProbabilities = new double[size];
        this.briers = new double[size];
        this.ranks = new int[size];
        this.probabilities = new double[size][];
        this.versions = new long[size];
    }

    /**
     * Trains a learner on a stream in several calls, the last of which closes the last mini-batch.
     *
     * @param sizes numbers of new examples of the calls, used cyclically
     */
    public static RecordedEvaluation byCalls(
            SoftmaxLearner learner, Examples stream, int... sizes) {
        return byCalls(learner, stream, null, sizes);
    }

    public static RecordedEvaluation byCalls(
            SoftmaxLearner learner,
            Examples stream,
            @Nullable StepObserver observer,
            int... sizes) {
        RecordedEvaluation recorded = new RecordedEvaluation(stream.size());
        int numClasses = learner.settings().numClasses();
        Examples pending = new Examples(stream.numFeatures(), stream.numTargets());
        Evaluation evaluation = new Evaluation(numClasses);
        int[] origins = new int[stream.size()];
        int call = 0;
        int next = 0;
        while (next < stream.size()) {
            int end = Math.min(stream.size(), next + sizes[call++ % sizes.length]);
            for (; next < end; next++) {
                origins[pending.size()] = next;
                ExampleStream.append(stream, next, pending);
            }
            learner.learn(pending, next == stream.size(), evaluation, observer);
            int kept = 0;
            for (int i = 0; i < pending.size(); i++) {
                recorded.record(origins[i], evaluation, i, numClasses);
                if (evaluation.outcome(i) == Outcome.PENDING) {
                    origins[kept++] = origins[i];
                }
            }
            pending.retainPending(evaluation);
        }
        return recorded;
    }

    private void record(int row, Evaluation evaluation, int index, int numClasses) {
        outcomes[row] = evaluation.outcome(index);
        losses[row] = evaluation.losses()[index];
        predictedClasses[row] = evaluation.predictedClasses()[index];
        confidences[row] = evaluation.confidences()[index];
        briers[row] = evaluation.briers()[index];
        ranks[row] = evaluation.ranks()[index];
        if (outcomes[row] == Outcome.PREDICTED) {
            versions[row] = evaluation.modelVersion(index);
            probabilities[row] = new double[numClasses];
            float[] predicted = evaluation.probabilities(index);
            for (int c = 0; c < numClasses; c++) {
                probabilities[row][c] = predicted[c];
            }
        }
    }

    /** Returns the results of the labelled examples. */
    public RecordedEvaluation labelled(Examples stream) {
        int[] rows =
                IntStream.range(0, stream.size())
                        .filter(i -> stream.labels()[i] != Examples.UNLABELLED)
                        .toArray();
        RecordedEvaluation labelled = new RecordedEvaluation(rows.length);
        for (int i = 0; i < rows.length; i++) {
            labelled.outcomes[i] = outcomes[rows[i]];
            labelled.losses[i] = losses[rows[i]];
            labelled.predictedClasses[i] = predictedClasses[rows[i]];
            labelled.confidences[i] = confidences[rows[i]];
            labelled.briers[i] = briers[rows[i]];
            labelled.ranks[i] = ranks[rows[i]];
            labelled.probabilities[i] = probabilities[rows[i]];
        }
        return labelled;
    }

    public double totalLoss() {
        return Arrays.stream(losses).sum();
    }
}
