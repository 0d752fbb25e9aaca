package io.freshet.model;

import io.freshet.ensemble.Combination;
import io.freshet.model.cuda.BlockScores;
import io.freshet.model.ensemble.CombinationWeights;
import io.freshet.model.ensemble.EnsembleState;
import io.freshet.model.mixture.Mixture;
import io.freshet.model.mixture.MixtureWeights;

/** The weights by which an ensemble on a CUDA device combines its experts, after the last block. */
final class CudaCombination implements CombinationWeights {
    private final double[] stack;
    private final double[] correction;
    private final double[] answers;
    private final MixtureWeights top;

    CudaCombination(int numExperts) {
        this.stack = new double[numExperts];
        this.correction = new double[numExperts];
        this.answers =
                MixtureWeights.initialState(
                        Combination.ANSWERS, Mixture.DEFAULT_SWITCHING_RATES.size());
        this.top =
                new MixtureWeights(Combination.ANSWERS, Mixture.DEFAULT_SWITCHING_RATES, answers);
    }

    /** Copies the weights of a state. */
    void set(EnsembleState state) {
        System.arraycopy(state.stack(), 0, stack, 0, stack.length);
        System.arraycopy(state.correction(), 0, correction, 0, correction.length);
        top.set(state.answers());
    }

    /** Reads the weights after a block in which the model has a place. */
    void read(BlockScores scores, int place) {
        scores.stacks(place, stack, correction);
        scores.answers(place, answers);
        top.set(answers);
    }

    @Override
    public double stackWeight(int expert) {
        return stack[expert];
    }

    @Override
    public double correctionWeight(int expert) {
        return correction[expert];
    }

    @Override
    public double answerWeight(int answer) {
        return top.weight(answer);
    }
}
