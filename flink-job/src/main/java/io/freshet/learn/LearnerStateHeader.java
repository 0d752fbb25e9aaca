package io.freshet.learn;

import io.freshet.model.LearnerCounters;
import io.freshet.model.LearnerState;
import io.freshet.model.optim.NamedArray;
import io.freshet.model.scale.ScalerState;
import java.util.Arrays;

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
        int numOutputs) {
    /**
     * Returns the header of a learner's state.
     *
     * @param numFeatures number of features of the learner
     */
    static LearnerStateHeader of(LearnerState state, int numFeatures) {
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
                state.parameters().length / (state.restarts().length * (numFeatures + 1)));
    }
}
