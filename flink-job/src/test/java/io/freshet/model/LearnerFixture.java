package io.freshet.model;

/**
 * Settings of a learner, changed one at a time. They start from cross-entropy, plain SGD at rate
 * 0.1, a step for every example, the reduction by examples and no scaler.
 */
record Rule(LearnerSettings settings) {
    static Rule of(int numFeatures, int numClasses) {
        return new Rule(
                new LearnerSettings(
                        numFeatures,
                        numClasses,
                        1,
                        new CrossEntropy(numClasses),
                        new Sgd(0.1, 0),
                        null,
                        Reduction.EXAMPLES,
                        ScalerType.NONE,
                        10));
    }

    Rule miniBatch(int size) {
        return with(size, loss(), sgd(), mixture(), reduction(), scaler(), patience());
    }

    Rule loss(Loss loss) {
        return with(miniBatchSize(), loss, sgd(), mixture(), reduction(), scaler(), patience());
    }

    Rule sgd(Sgd sgd) {
        return with(miniBatchSize(), loss(), sgd, mixture(), reduction(), scaler(), patience());
    }

    Rule sgd(double learningRate, double momentum) {
        return sgd(new Sgd(learningRate, momentum));
    }

    Rule mixture(Mixture mixture) {
        return with(miniBatchSize(), loss(), sgd(), mixture, reduction(), scaler(), patience());
    }

    Rule reduction(Reduction reduction) {
        return with(miniBatchSize(), loss(), sgd(), mixture(), reduction, scaler(), patience());
    }

    Rule scaler(ScalerType scaler) {
        return with(miniBatchSize(), loss(), sgd(), mixture(), reduction(), scaler, patience());
    }

    Rule patience(int patience) {
        return with(miniBatchSize(), loss(), sgd(), mixture(), reduction(), scaler(), patience);
    }

    private Rule with(
            int miniBatchSize,
            Loss loss,
            Sgd sgd,
            Mixture mixture,
            Reduction reduction,
            ScalerType scaler,
            int patience) {
        return new Rule(
                new LearnerSettings(
                        settings.numFeatures(),
                        settings.numClasses(),
                        miniBatchSize,
                        loss,
                        sgd,
                        mixture,
                        reduction,
                        scaler,
                        patience));
    }

    int miniBatchSize() {
        return settings.miniBatchSize();
    }

    private Loss loss() {
        return settings.loss();
    }

    private Sgd sgd() {
        return settings.sgd();
    }

    private Mixture mixture() {
        return settings.mixture();
    }

    private Reduction reduction() {
        return settings.reduction();
    }

    private ScalerType scaler() {
        return settings.scaler();
    }

    private int patience() {
        return settings.patience();
    }

    /** Returns a learner before its first example. */
    SoftmaxLearner start() {
        return start(Precision.FLOAT);
    }

    SoftmaxLearner start(Precision precision) {
        return new SoftmaxLearner(settings, precision, LearnerState.initial(settings));
    }

    /** Returns a learner in floats with blocks for these pieces. */
    SoftmaxLearner start(ProductPieces pieces) {
        return new SoftmaxLearner(
                settings, Precision.FLOAT, pieces, LearnerState.initial(settings));
    }

    /** Returns a learner with these parameters, before its first example. */
    SoftmaxLearner startFrom(float... parameters) {
        return new SoftmaxLearner(settings, stateOf(parameters));
    }

    /** Returns the state before the first example, but with these parameters. */
    LearnerState stateOf(float... parameters) {
        LearnerState zeros = LearnerState.initial(settings);
        return new LearnerState(
                zeros.counters(),
                parameters,
                zeros.velocity(),
                zeros.weights(),
                zeros.restarts(),
                zeros.baselineCounts(),
                zeros.lastLabel(),
                zeros.goodParameters(),
                zeros.goodWeights(),
                zeros.scalerCount(),
                zeros.scalerMean(),
                zeros.scalerSquaredDeviations());
    }
}
