package io.freshet.learn;

import io.freshet.model.LearnerCounters;
import io.freshet.model.LearnerState;
import io.freshet.model.ensemble.EnsembleState;
import io.freshet.model.ensemble.FernState;
import io.freshet.model.optim.LinearRule;
import io.freshet.model.optim.NamedArray;
import io.freshet.model.scale.ScalerState;
import io.freshet.model.sparse.RowLayout;
import io.freshet.model.sparse.SparseChunk;
import io.freshet.model.sparse.SparseState;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * The part of a learner's state that is stored in one value of Flink's keyed state: scalars, small
 * arrays, and the lengths of the large arrays, which are stored in chunks ({@link ModelChunks}).
 *
 * @param numParameters number of parameters
 * @param optimizerSteps steps taken since the optimiser's state was zero
 * @param optimizerArrays names of the arrays of the optimiser's state, each as long as the
 *     parameters
 * @param numGoodParameters number of last good parameters: as many as parameters, or 0
 * @param numBaselineCounts number of counts of the baselines
 * @param counters the learner's counters
 * @param weights weights of the mixture
 * @param restarts number of restarts of each learning rate
 * @param lastLabel the newest label, for the baselines
 * @param goodWeights weights of the mixture that belong to the last good parameters
 * @param scaler state of the scaler
 * @param numOutputs number of outputs of the model; 0 in states that were written before it was
 *     stored
 * @param classCounts fading counts of the labels; null in states that were written before there
 *     were any
 * @param sparse the same of a sparse model; null for a dense one
 * @param ensemble the same of an ensemble; null for linear models
 * @param goodEnsemble the same of the ensemble that belongs to the last good parameters; null if
 *     there is none
 * @param losses mean losses of the experts; null in states that were written before there were any
 */
@SuppressWarnings("ArrayRecordComponent") // never compared
public record LearnerStateHeader(
        int numParameters,
        long optimizerSteps,
        String[] optimizerArrays,
        int numGoodParameters,
        int numBaselineCounts,
        LearnerCounters counters,
        double[] weights,
        long[] restarts,
        int lastLabel,
        double[] goodWeights,
        ScalerState scaler,
        int numOutputs,
        double @Nullable [] classCounts,
        @Nullable SparseHeader sparse,
        @Nullable EnsembleHeader ensemble,
        @Nullable EnsembleHeader goodEnsemble,
        double @Nullable [] losses) {
    /**
     * The part of an ensemble's state that is not stored in chunks.
     *
     * @param numClasses number of classes
     * @param numFernValues number of values in the table of the ferns
     * @param testFeatures features of the tests of the ferns; empty until they are chosen
     * @param testThresholds thresholds of these tests
     * @param numSampleValues number of values of the examples by which tests are to be chosen
     * @param sampleLabels classes of these examples
     * @param numPointValues number of values of the examples in the window
     * @param labels classes of these examples
     * @param featureWeights weights of the features in distances
     * @param seen number of examples that were learnt from
     * @param nextRefresh number of examples at which the weights are computed anew
     * @param stack weights and covariance of the stack of the experts
     * @param correction weights and covariance of the stack on top of the mixture
     * @param answers weights of the mixture of the three combinations
     * @param numLabelCounts number of counts of the label experts
     * @param lastLabel the newest label, for the label experts
     * @param restarts number of times that a stack began anew
     */
    public record EnsembleHeader(
            int numClasses,
            int numFernValues,
            int[] testFeatures,
            float[] testThresholds,
            int numSampleValues,
            int[] sampleLabels,
            int numPointValues,
            int[] labels,
            float[] featureWeights,
            long seen,
            long nextRefresh,
            double[] stack,
            double[] correction,
            double[] answers,
            int numLabelCounts,
            int lastLabel,
            long restarts) {
        static @Nullable EnsembleHeader of(@Nullable EnsembleState state) {
            return state == null
                    ? null
                    : new EnsembleHeader(
                            state.numClasses(),
                            state.ferns().table().length,
                            state.ferns().testFeatures(),
                            state.ferns().testThresholds(),
                            state.ferns().sample().length,
                            state.ferns().sampleLabels(),
                            state.points().length,
                            state.labels(),
                            state.featureWeights(),
                            state.seen(),
                            state.nextRefresh(),
                            state.stack(),
                            state.correction(),
                            state.answers(),
                            state.labelCounts().length,
                            state.lastLabel(),
                            state.restarts());
        }

        /** Completes the header with the large arrays to a whole state. */
        EnsembleState with(float[] ferns, float[] sample, float[] points, float[] labelCounts) {
            return new EnsembleState(
                    numClasses,
                    new FernState(ferns, testFeatures, testThresholds, sample, sampleLabels),
                    points,
                    labels,
                    featureWeights,
                    seen,
                    nextRefresh,
                    stack,
                    correction,
                    answers,
                    labelCounts,
                    lastLabel,
                    restarts);
        }
    }

    /**
     * The part of a sparse model's state that is not stored in chunks.
     *
     * @param numColumns number of columns that an example can have
     * @param layout layout of the rows
     * @param rule rule of the steps that {@code laggedRates} belong to; null for plain SGD
     * @param laggedRates learning rates of the steps since all rows were last decayed
     * @param velocitySteps number of steps since the velocity was zero
     * @param norms sums by which the norm of the parameters is kept
     * @param numChunks number of chunks of rows
     * @param numGoodChunks number of chunks of the last good rows; -1 if there are none
     */
    public record SparseHeader(
            int numColumns,
            RowLayout layout,
            @Nullable LinearRule rule,
            double[] laggedRates,
            long velocitySteps,
            double[] norms,
            int numChunks,
            int numGoodChunks) {
        static SparseHeader of(SparseState state) {
            return new SparseHeader(
                    state.numColumns(),
                    state.layout(),
                    state.rule(),
                    state.laggedRates(),
                    state.velocitySteps(),
                    state.norms(),
                    state.chunks().length,
                    state.goodChunks() == null ? -1 : state.goodChunks().length);
        }

        /** Completes the header with the rows to a whole state. */
        SparseState withRows(SparseChunk[] rows, SparseChunk @Nullable [] goodRows) {
            return new SparseState(
                    numColumns, layout, rule, laggedRates, velocitySteps, norms, rows, goodRows);
        }
    }

    /**
     * Returns the header of a learner's state.
     *
     * @param numFeatures number of features of the learner
     */
    static LearnerStateHeader of(LearnerState state, int numFeatures) {
        SparseState sparse = state.sparse();
        int numParameters =
                sparse == null
                        ? state.parameters().length / (numFeatures + 1)
                        : sparse.layout().numParameters();
        return new LearnerStateHeader(
                state.parameters().length,
                state.optimizer().steps(),
                Arrays.stream(state.optimizer().arrays())
                        .map(NamedArray::name)
                        .toArray(String[]::new),
                state.goodParameters().length,
                state.baselineCounts().length,
                state.counters(),
                state.weights(),
                state.restarts(),
                state.lastLabel(),
                state.goodWeights(),
                state.scaler(),
                numParameters / state.restarts().length,
                state.classCounts(),
                sparse == null ? null : SparseHeader.of(sparse),
                EnsembleHeader.of(state.ensemble()),
                EnsembleHeader.of(state.goodEnsemble()),
                state.losses());
    }
}
