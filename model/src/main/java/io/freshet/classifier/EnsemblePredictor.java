package io.freshet.classifier;

import io.freshet.ensemble.Combination;
import io.freshet.ensemble.FernTests;
import io.freshet.maths.LogSoftmax;
import org.jspecify.annotations.Nullable;

/**
 * Predictor of an ensemble: linear models, ferns, the nearest examples and, if there are any,
 * experts that predict from labels alone, all of which are combined.
 */
final class EnsemblePredictor extends Predictor {
    /** Number of experts that predict from labels alone, if there are any. */
    static final int LABEL_EXPERTS = 3;

    private final int numFeatures;
    private final int numClasses;
    private final @Nullable Scaling scaling;
    private final DenseParameters linear;
    private final FernLogits ferns;
    private final ExampleWindow window;

    /** (label experts, numClasses) probabilities. */
    private final double[] labelPredictions;

    /** Logarithms of {@code labelPredictions}. */
    private final double[] labelLogs;

    private final int numExperts;
    private final Combination combination;

    /**
     * @param linear linear models, of scaled features
     * @param scaling null if features are used as they are
     * @param mixture (experts) weights of the predictions in the mixture, the linear models first.
     *     Not modified.
     * @param ensemble the other experts. Kept.
     */
    EnsemblePredictor(
            DenseParameters linear,
            @Nullable Scaling scaling,
            int numClasses,
            double[] mixture,
            EnsembleContent ensemble) {
        this.linear = linear;
        this.scaling = scaling;
        this.numClasses = numClasses;
        numFeatures = linear.numFeatures();
        ferns =
                new FernLogits(
                        new FernTests(numFeatures, numClasses), numClasses, ensemble.fernLogits());
        window =
                new ExampleWindow(
                        numClasses,
                        ensemble.featureWeights(),
                        ensemble.labels(),
                        ensemble.examples());
        labelPredictions = new double[ensemble.labelPredictions().length];
        labelLogs = new double[labelPredictions.length];
        for (int k = 0; k < labelPredictions.length; k++) {
            labelPredictions[k] = ensemble.labelPredictions()[k];
            labelLogs[k] = Math.log(labelPredictions[k]);
        }
        numExperts = mixture.length;
        combination = new Combination(numExperts, numClasses);
        System.arraycopy(mixture, 0, combination.mixture, 0, numExperts);
        System.arraycopy(ensemble.stack(), 0, combination.stack, 0, numExperts);
        System.arraycopy(ensemble.correction(), 0, combination.correction, 0, numExperts);
        System.arraycopy(ensemble.answers(), 0, combination.answers, 0, Combination.ANSWERS);
    }

    @Override
    Row newRow() {
        return new EnsembleRow();
    }

    @Override
    boolean isSparse() {
        return false;
    }

    @Override
    int numColumns() {
        return numFeatures;
    }

    @Override
    boolean isIndependent() {
        return false;
    }

    private final class EnsembleRow implements Row {
        /** Scaled features, in float as in the job. */
        private final float[] x = new float[numFeatures];

        private final double[] linearLogits = new double[linear.numLogits()];
        private final double[] fernLogits = new double[FernLogits.EXPERTS * numClasses];

        /** (numExperts, numClasses), in the order of the snapshot's experts. */
        private final double[] probabilities = new double[numExperts * numClasses];

        private final double[] logs = new double[numExperts * numClasses];
        private final double[] bounded = new double[numClasses * numExperts];
        private final double[][] combined = new double[Combination.ANSWERS][numClasses];
        private final int[] cells = new int[ferns.numActive()];
        private final ExampleWindow.Scratch nearest = window.new Scratch();

        @Override
        public void predict(int[] columns, float[] values, double[] answer) {
            predict(DenseParameters.scatter(columns, values, numFeatures), 0, answer);
        }

        @Override
        public void predict(float[] features, int offset, double[] answer) {
            for (int f = 0; f < numFeatures; f++) {
                float value = features[offset + f];
                x[f] = scaling == null ? value : (float) scaling.scale(f, value);
            }
            linear.logits(x, 0, linearLogits);
            addSoftmax(linearLogits, 0);
            int at = linearLogits.length;
            ferns.sum(x, cells, fernLogits);
            addSoftmax(fernLogits, at);
            at += fernLogits.length;
            nearest.predict(x, probabilities, logs, at);
            at += ExampleWindow.EXPERTS * numClasses;
            System.arraycopy(labelPredictions, 0, probabilities, at, labelPredictions.length);
            System.arraycopy(labelLogs, 0, logs, at, labelLogs.length);
            combination.combine(probabilities, logs, bounded, combined, answer);
        }

        /** Adds the predictions of some experts by their logits. */
        private void addSoftmax(double[] logits, int at) {
            for (int k = 0; k < logits.length; k += numClasses) {
                LogSoftmax.apply(logits, k, numClasses, probabilities, logs, at + k);
            }
        }
    }
}
