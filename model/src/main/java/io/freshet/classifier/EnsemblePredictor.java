package io.freshet.classifier;

import io.freshet.ensemble.Combination;
import io.freshet.maths.LogSoftmax;
import org.jspecify.annotations.Nullable;

/**
 * Predictor of an ensemble: linear models; where features are dense, ferns and the nearest
 * examples; and, if there are any, experts that predict from labels alone. All are combined.
 */
final class EnsemblePredictor extends Predictor {
    /** Number of experts that predict from labels alone, if there are any. */
    static final int LABEL_EXPERTS = 3;

    private final int numFeatures;
    private final int numClasses;
    private final @Nullable Scaling scaling;
    private final Parameters linear;
    private final int numLinear;
    private final @Nullable FeatureExperts features;

    /** (label experts, numClasses) probabilities. */
    private final double[] labelPredictions;

    /** Logarithms of {@code labelPredictions}. */
    private final double[] labelLogs;

    private final int numExperts;
    private final Combination combination;

    /** The experts that see the values of dense features. */
    private record FeatureExperts(FernLogits ferns, ExampleWindow window) {}

    /**
     * @param linear linear models; dense ones are of scaled features
     * @param numLinear number of linear models
     * @param scaling scaling of dense features; null if they are used as they are
     * @param mixture (experts) weights of the predictions in the mixture, the linear models first.
     *     Not modified.
     * @param ensemble the other experts. Kept.
     */
    EnsemblePredictor(
            Parameters linear,
            int numLinear,
            @Nullable Scaling scaling,
            int numClasses,
            double[] mixture,
            EnsembleContent ensemble) {
        this.linear = linear;
        this.scaling = scaling;
        this.numClasses = numClasses;
        numFeatures = linear.numFeatures();
        this.numLinear = numLinear;
        features =
                linear instanceof SparseParameters
                        ? null
                        : new FeatureExperts(
                                new FernLogits(
                                        ensemble.tests(numFeatures, numClasses),
                                        numClasses,
                                        ensemble.fernLogits()),
                                new ExampleWindow(
                                        numClasses,
                                        ensemble.featureWeights(),
                                        ensemble.labels(),
                                        ensemble.examples()));
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
        return features == null ? new SparseRow() : new DenseRow(features);
    }

    @Override
    boolean isSparse() {
        return features == null;
    }

    @Override
    int numColumns() {
        return linear.numColumns();
    }

    @Override
    boolean isIndependent() {
        return false;
    }

    /** The predictions of all experts for an example, and their combination. */
    private abstract class EnsembleRow implements Row {
        final double[] linearLogits = new double[numLinear * numClasses];

        /** (numExperts, numClasses), in the order of the snapshot's experts. */
        final double[] probabilities = new double[numExperts * numClasses];

        final double[] logs = new double[numExperts * numClasses];
        private final double[] bounded = new double[numClasses * numExperts];
        private final double[][] combined = new double[Combination.ANSWERS][numClasses];

        /** Adds the predictions of some experts by their logits. */
        final void addSoftmax(double[] logits, int at) {
            for (int k = 0; k < logits.length; k += numClasses) {
                LogSoftmax.apply(logits, k, numClasses, probabilities, logs, at + k);
            }
        }

        /** Adds the predictions from labels, and combines all. */
        final void combine(double[] answer) {
            int at = probabilities.length - labelPredictions.length;
            System.arraycopy(labelPredictions, 0, probabilities, at, labelPredictions.length);
            System.arraycopy(labelLogs, 0, logs, at, labelLogs.length);
            combination.combine(probabilities, logs, bounded, combined, answer);
        }
    }

    private final class SparseRow extends EnsembleRow {
        @Override
        public void predict(int[] columns, float[] values, double[] answer) {
            linear.logits(columns, values, linearLogits);
            addSoftmax(linearLogits, 0);
            combine(answer);
        }

        @Override
        public void predict(float[] values, int offset, double[] answer) {
            linear.logits(values, offset, linearLogits);
            addSoftmax(linearLogits, 0);
            combine(answer);
        }
    }

    private final class DenseRow extends EnsembleRow {
        private final FernLogits ferns;

        /** Scaled features, in float as in the job. */
        private final float[] x = new float[numFeatures];

        private final double[] fernLogits = new double[FernLogits.EXPERTS * numClasses];
        private final int[] cells;
        private final ExampleWindow.Scratch nearest;

        DenseRow(FeatureExperts experts) {
            ferns = experts.ferns;
            cells = new int[ferns.numActive()];
            nearest = experts.window.new Scratch();
        }

        @Override
        public void predict(int[] columns, float[] values, double[] answer) {
            predict(DenseParameters.scatter(columns, values, numFeatures), 0, answer);
        }

        @Override
        public void predict(float[] values, int offset, double[] answer) {
            for (int f = 0; f < numFeatures; f++) {
                float value = values[offset + f];
                x[f] = scaling == null ? value : (float) scaling.scale(f, value);
            }
            linear.logits(x, 0, linearLogits);
            addSoftmax(linearLogits, 0);
            int at = linearLogits.length;
            ferns.sum(x, cells, fernLogits);
            addSoftmax(fernLogits, at);
            nearest.predict(x, probabilities, logs, at + fernLogits.length);
            combine(answer);
        }
    }
}
