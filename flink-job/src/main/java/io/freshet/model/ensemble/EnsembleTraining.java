package io.freshet.model.ensemble;

import java.util.Arrays;

/**
 * The published part of an ensemble's state that only a learner needs, to go on learning from
 * {@link EnsembleParameters}.
 *
 * @param fernSums (cells, experts) sums of squared gradients of the ferns
 * @param labelCounts counts of the label experts; empty without them
 * @param seen number of examples that were learnt from
 * @param nextRefresh number of examples at which the weights of the features are computed anew
 * @param lastLabel the newest label, for the label experts
 * @param mixture state of the weights of the mixture of experts
 * @param answers state of the weights of the mixture of the three combinations
 * @param stackCovariance (numExperts, numExperts) covariance of the weights of the stack
 * @param correctionCovariance (numExperts, numExperts) that of the stack on top of the mixture
 */
@SuppressWarnings("ArrayRecordComponent") // never compared
public record EnsembleTraining(
        float[] fernSums,
        float[] labelCounts,
        long seen,
        long nextRefresh,
        int lastLabel,
        double[] mixture,
        double[] answers,
        double[] stackCovariance,
        double[] correctionCovariance) {
    /** Returns this part of a state; see {@link EnsembleParameters#of}. */
    static EnsembleTraining of(EnsembleState state, int numExperts, double[] mixture) {
        return new EnsembleTraining(
                fernSums(state),
                state.labelCounts(),
                state.seen(),
                state.nextRefresh(),
                state.lastLabel(),
                mixture,
                state.answers(),
                covariance(state.stack(), numExperts),
                covariance(state.correction(), numExperts));
    }

    private static float[] fernSums(EnsembleState state) {
        int width = state.numClasses() + 1;
        float[] sums = new float[state.ferns().table().length / width];
        for (int half = 0; half < sums.length; half++) {
            sums[half] = state.ferns().table()[(half + 1) * width - 1];
        }
        return sums;
    }

    /** Returns the covariance of a stack's state, which follows its weights. */
    private static double[] covariance(double[] stack, int numExperts) {
        return Arrays.copyOfRange(stack, numExperts, stack.length);
    }

    /** Returns the number of floats, which are published as parameters. */
    public int numParameters() {
        return fernSums.length + labelCounts.length;
    }
}
