package io.freshet.model;

import io.freshet.model.linalg.Precision;
import io.freshet.model.linalg.ProductTiles;
import io.freshet.model.loss.CrossEntropy;
import io.freshet.model.loss.Loss;
import io.freshet.model.loss.MiniBatchReduction;
import io.freshet.model.loss.OutputWeights;
import io.freshet.model.mixture.Mixture;
import io.freshet.model.optim.Sgd;
import io.freshet.model.scale.ScalerRule;

/**
 * Learner settings for tests, with methods that change one setting each. The defaults are
 * cross-entropy, plain SGD with learning rate 0.1, mini-batches of one example, reduction by
 * examples and no scaler.
 */
record LearnerFixture(LearnerSettings settings) {
    static LearnerFixture of(int numFeatures, int numClasses) {
        return new LearnerFixture(
                new LearnerSettings(
                        numFeatures,
                        numClasses,
                        1,
                        new CrossEntropy(numClasses),
                        new Sgd(0.1, 0),
                        null,
                        MiniBatchReduction.EXAMPLES,
                        null,
                        10));
    }

    LearnerFixture miniBatch(int size) {
        return with(size, loss(), sgd(), mixture(), reduction(), scaler(), maxSkippedSteps());
    }

    LearnerFixture loss(Loss loss) {
        return with(
                miniBatchSize(), loss, sgd(), mixture(), reduction(), scaler(), maxSkippedSteps());
    }

    /** Returns these settings with cross-entropy of balanced classes. */
    LearnerFixture balanced() {
        return loss(
                new CrossEntropy(
                        settings.numClasses(),
                        OutputWeights.BALANCED,
                        Loss.DEFAULT_IGNORE_INDEX,
                        0));
    }

    LearnerFixture sgd(Sgd sgd) {
        return with(
                miniBatchSize(), loss(), sgd, mixture(), reduction(), scaler(), maxSkippedSteps());
    }

    LearnerFixture sgd(double learningRate, double momentum) {
        return sgd(new Sgd(learningRate, momentum));
    }

    LearnerFixture mixture(Mixture mixture) {
        return with(
                miniBatchSize(), loss(), sgd(), mixture, reduction(), scaler(), maxSkippedSteps());
    }

    LearnerFixture reduction(MiniBatchReduction reduction) {
        return with(
                miniBatchSize(), loss(), sgd(), mixture(), reduction, scaler(), maxSkippedSteps());
    }

    LearnerFixture scaler(ScalerChoice scaler) {
        return with(
                miniBatchSize(),
                loss(),
                sgd(),
                mixture(),
                reduction(),
                scaler.rule(),
                maxSkippedSteps());
    }

    /** Returns the same settings of a learner of sparse features. */
    LearnerFixture sparse() {
        return new LearnerFixture(
                new LearnerSettings(
                        settings.numFeatures(),
                        settings.numClasses(),
                        miniBatchSize(),
                        loss(),
                        sgd(),
                        mixture(),
                        reduction(),
                        scaler(),
                        maxSkippedSteps(),
                        true));
    }

    LearnerFixture maxSkippedSteps(int maxSkippedSteps) {
        return with(
                miniBatchSize(), loss(), sgd(), mixture(), reduction(), scaler(), maxSkippedSteps);
    }

    private LearnerFixture with(
            int miniBatchSize,
            Loss loss,
            Sgd sgd,
            Mixture mixture,
            MiniBatchReduction reduction,
            ScalerRule scaler,
            int maxSkippedSteps) {
        return new LearnerFixture(
                new LearnerSettings(
                        settings.numFeatures(),
                        settings.numClasses(),
                        miniBatchSize,
                        loss,
                        sgd,
                        mixture,
                        reduction,
                        scaler,
                        maxSkippedSteps));
    }

    int miniBatchSize() {
        return settings.miniBatchSize();
    }

    private Loss loss() {
        return settings.loss();
    }

    private Sgd sgd() {
        return ((Sgd) settings.optimizer());
    }

    private Mixture mixture() {
        return settings.mixture();
    }

    private MiniBatchReduction reduction() {
        return settings.reduction();
    }

    private ScalerRule scaler() {
        return settings.scaler();
    }

    private int maxSkippedSteps() {
        return settings.maxSkippedSteps();
    }

    /** Returns a learner before its first example. */
    SoftmaxLearner start() {
        return TestEngine.start(settings, LearnerState.initial(settings));
    }

    SoftmaxLearner start(Precision precision) {
        return new SoftmaxLearner(settings, precision, LearnerState.initial(settings));
    }

    /** Returns a learner in single precision with blocks for these tile sizes. */
    SoftmaxLearner start(ProductTiles tiles) {
        return new SoftmaxLearner(settings, Precision.FLOAT, tiles, LearnerState.initial(settings));
    }

    /** Returns a learner with these parameters, before its first example. */
    SoftmaxLearner startFrom(float... parameters) {
        return TestEngine.start(settings, stateOf(parameters));
    }

    /** Returns the initial state with these parameters. */
    LearnerState stateOf(float... parameters) {
        LearnerState zeros = LearnerState.initial(settings);
        return new LearnerState(
                zeros.counters(),
                parameters,
                zeros.optimizer(),
                zeros.weights(),
                zeros.restarts(),
                zeros.baselineCounts(),
                zeros.lastLabel(),
                zeros.goodParameters(),
                zeros.goodWeights(),
                zeros.classCounts(),
                zeros.scaler());
    }
}
