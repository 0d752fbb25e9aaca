package io.freshet.learn;

import io.freshet.model.LearnerCounters;
import io.freshet.model.LearnerState;
import io.freshet.model.optim.NamedArray;
import io.freshet.model.scale.ScalerState;
import java.util.Arrays;

/**
 * What a model's learner keeps in state, beside what is kept in chunks ({@link ModelChunks}).
 *
 * @param numParameters parameters in chunks
 * @param optimizerSteps steps taken since the optimiser's state was zero
 * @param optimizerArrays names of the optimiser's arrays in chunks, each as long as the parameters
 * @param numGoodParameters last good parameters in chunks: as many, or 0
 * @param numBaselineCounts counts of the baselines in chunks
 * @param counters what the learner counted
 * @param weights what the mixture weighs
 * @param restarts times that each learning rate started anew
 * @param lastLabel the newest label, for the baselines
 * @param goodWeights the mixture's weights beside the last good parameters
 * @param scaler state of the scaler
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
        ScalerState scaler) {
    /** What is kept of a learner's state. */
    static LearnerStateHeader of(LearnerState state) {
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
                state.scaler());
    }
}
