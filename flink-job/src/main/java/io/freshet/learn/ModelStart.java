package io.freshet.learn;

import io.freshet.classifier.EnsembleContent;
import io.freshet.classifier.ModelContent;
import io.freshet.classifier.TrainingContent;
import io.freshet.model.LearnerSettings;
import io.freshet.model.LearnerState;
import io.freshet.model.ensemble.EnsembleParameters;
import io.freshet.model.ensemble.EnsembleRule;
import io.freshet.model.ensemble.EnsembleState;
import io.freshet.model.ensemble.EnsembleTraining;
import io.freshet.model.mixture.Mixture;
import io.freshet.model.scale.ScalerRule;
import io.freshet.model.scale.ScalerState;
import java.io.Serializable;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * Parameters from which new models begin to learn, instead of zeros: those of a snapshot file.
 *
 * @param contentHash hash of the snapshot
 * @param parameters (learning rates, numFeatures + 1, numOutputs) row-major, of as many learning
 *     rates as the learner has, or of one for all
 * @param mixture (learning rates) weights of the learning rates, which sum to 1
 * @param scaler moments of the features; null without a scaler
 * @param ensemble what an ensemble has beside; null for linear models
 */
@SuppressWarnings("ArrayRecordComponent") // never compared
public record ModelStart(
        String contentHash,
        float[] parameters,
        double[] mixture,
        @Nullable Moments scaler,
        @Nullable Experts ensemble)
        implements Serializable {
    /**
     * Moments of the features and limits of the standardised values.
     *
     * @param count number of examples observed
     * @param mean (numFeatures)
     * @param variance (numFeatures)
     * @param limit (numFeatures) largest magnitude of a standardised value; empty if none are
     *     clipped
     */
    @SuppressWarnings("ArrayRecordComponent") // never compared
    public record Moments(long count, double[] mean, double[] variance, float[] limit)
            implements Serializable {}

    /**
     * Experts of an ensemble beside its linear models.
     *
     * @param weights state of the weights of the mixture of all experts
     * @param state state of the other experts
     */
    @SuppressWarnings("ArrayRecordComponent") // never compared
    public record Experts(double[] weights, EnsembleState state) implements Serializable {
        static @Nullable Experts of(@Nullable EnsembleContent content) {
            TrainingContent training = content == null ? null : content.training();
            return content == null || training == null
                    ? null
                    : new Experts(
                            training.mixture(),
                            new EnsembleParameters(
                                            content.fernLogits(),
                                            content.testFeatures(),
                                            content.testThresholds(),
                                            content.examples(),
                                            content.labels(),
                                            content.featureWeights(),
                                            content.labelPredictions(),
                                            content.stack(),
                                            content.correction(),
                                            content.answers(),
                                            training(training))
                                    .state());
        }

        private static EnsembleTraining training(TrainingContent content) {
            return new EnsembleTraining(
                    content.fernSums(),
                    content.labelCounts(),
                    content.examples(),
                    content.nextRefresh(),
                    content.lastLabel(),
                    content.mixture(),
                    content.answers(),
                    content.stackCovariance(),
                    content.correctionCovariance());
        }
    }

    /** Returns the start with the content of a snapshot that fits. */
    static ModelStart of(ModelContent content) {
        ModelContent.Scaler scaler = content.scaler();
        return new ModelStart(
                content.info().contentHash(),
                content.parameters(),
                content.mixture(),
                scaler == null
                        ? null
                        : new Moments(
                                scaler.count(), scaler.mean(), scaler.variance(), scaler.limit()),
                Experts.of(content.ensemble()));
    }

    /**
     * Compares a snapshot with the models that are to begin with it.
     *
     * @param classes class names by index; empty if classes are open
     * @return what does not fit, in words that follow the file's name; empty if all does
     */
    static List<String> mismatches(
            ModelContent content, LearnerSettings learner, List<String> classes) {
        List<String> problems = new ArrayList<>();
        if (content.isEnsemble() != (learner.ensemble() != null)) {
            problems.add(
                    content.isEnsemble()
                            ? "it is an ensemble, which only a job with learner.type = ensemble can"
                                    + " begin with"
                            : "it has linear models only, without the other experts of an ensemble;"
                                    + " set learner.type = softmax");
            return problems;
        }
        if (classes.isEmpty()) {
            problems.add("it has the classes of a file, but classes are open");
        } else if (!classes.equals(content.info().classes())) {
            problems.add(
                    differs(
                            "classes",
                            String.join(",", content.info().classes()),
                            String.join(",", classes)));
        }
        if (content.info().numFeatures() != learner.numFeatures()) {
            problems.add(differs("features", content.info().numFeatures(), learner.numFeatures()));
        }
        if (content.isSparse() || learner.isSparse()) {
            problems.add(
                    (content.isSparse() ? "it is sparse" : "the models of the job are sparse")
                            + "; only dense models can begin with a file");
            return problems;
        }
        if (content.numOutputs() != learner.numOutputs() && !classes.isEmpty()) {
            problems.add(differs("outputs", content.numOutputs(), learner.numOutputs()));
        }
        String activation = learner.loss().activation().name().toLowerCase(Locale.ROOT);
        if (!content.activation().equals(activation)) {
            problems.add(differs("the activation", content.activation(), activation));
        }
        boolean isForAllRates = content.numRates() == 1 && !content.isEnsemble();
        if (!isForAllRates && content.numRates() != learner.numRates()) {
            problems.add(
                    differs(
                            "the number of training.experts.rates",
                            content.numRates(),
                            learner.numRates()));
        }
        if (content.ensemble() != null) {
            addMismatches(content.ensemble(), learner, problems);
        }
        ScalerRule rule = learner.scaler();
        if (content.scaler() == null && rule != null) {
            problems.add(
                    "it has no scaler, so that its parameters are for unscaled features, but the"
                            + " job scales them");
        } else if (content.scaler() != null && rule == null) {
            problems.add("it has a scaler, but the job does not scale features");
        }
        return problems;
    }

    private static void addMismatches(
            EnsembleContent content, LearnerSettings learner, List<String> problems) {
        TrainingContent training = content.training();
        if (training == null) {
            problems.add("it has only what predicts, without the state of the training");
            return;
        }
        EnsembleRule rule = Objects.requireNonNull(learner.ensemble());
        boolean labelExperts = training.labelCounts().length > 0;
        if (labelExperts != rule.labelExperts()) {
            problems.add(differs("training.experts.baselines", labelExperts, rule.labelExperts()));
            return;
        }
        Mixture mixture = Objects.requireNonNull(learner.mixture());
        int shares = training.mixture().length / (content.stack().length + 1);
        if (shares != mixture.switchingRates().size()) {
            problems.add(
                    differs(
                            "the number of training.experts.shares",
                            shares,
                            mixture.switchingRates().size()));
        }
    }

    private static String differs(String what, Object found, Object expected) {
        return what + " = " + found + " in the file, " + expected + " in the job";
    }

    /** Returns the state with which a model begins. */
    LearnerState state(LearnerSettings settings) {
        ScalerRule rule = settings.scaler();
        ScalerState moments =
                rule == null || scaler == null
                        ? ScalerState.initial(0)
                        : ScalerState.of(
                                rule.lossPerExample(),
                                rule.clip(),
                                scaler.count,
                                scaler.mean,
                                scaler.variance,
                                scaler.limit);
        return ensemble == null
                ? LearnerState.startingWith(settings, parameters, mixture, moments)
                : LearnerState.startingWith(
                        settings, parameters, ensemble.weights, moments, ensemble.state);
    }
}
