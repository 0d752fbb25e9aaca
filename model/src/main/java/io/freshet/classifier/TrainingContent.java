package io.freshet.classifier;

/**
 * State of an ensemble's training that predictions do not need: with what predicts, a learner goes
 * on from it.
 *
 * @param fernSums (cells, 2 experts) sums of squared gradients of the ferns, each above 0
 * @param labelCounts counts of the experts that predict from labels alone: (classes, classes) of
 *     the labels by the label before, then (2, classes) of all labels; empty without such experts
 * @param examples number of examples that the window has seen
 * @param nextRefresh number of examples at which the weights of the features are computed anew
 * @param lastLabel class of the newest example, 0 without experts that predict from labels alone
 * @param mixture (switching rates, experts) weights of the experts, then (switching rates)
 * @param answers (switching rates, 3) weights of the answers, then (switching rates)
 * @param stackCovariance (experts, experts) covariance of the weights of the stack
 * @param correctionCovariance (experts, experts) that of the stack on top of the mixture
 */
@SuppressWarnings("ArrayRecordComponent") // never compared
public record TrainingContent(
        float[] fernSums,
        float[] labelCounts,
        long examples,
        long nextRefresh,
        int lastLabel,
        double[] mixture,
        double[] answers,
        double[] stackCovariance,
        double[] correctionCovariance) {}
