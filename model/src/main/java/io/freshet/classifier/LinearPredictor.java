package io.freshet.classifier;

/** Predictor of linear models, whose probabilities under each learning rate are mixed. */
final class LinearPredictor extends Predictor {
    private final Parameters parameters;
    private final Mixing mixing;

    LinearPredictor(Parameters parameters, Mixing mixing) {
        this.parameters = parameters;
        this.mixing = mixing;
    }

    @Override
    Row newRow() {
        return new LinearRow();
    }

    @Override
    boolean isSparse() {
        return parameters instanceof SparseParameters;
    }

    @Override
    int numColumns() {
        return parameters.numColumns();
    }

    @Override
    boolean isIndependent() {
        return mixing.isIndependent();
    }

    private final class LinearRow implements Row {
        private final double[] logits = new double[mixing.numLogits()];
        private final double[] exponentials = new double[mixing.numLogits()];

        @Override
        public void predict(float[] features, int offset, double[] probabilities) {
            parameters.logits(features, offset, logits);
            mixing.mix(logits, exponentials, probabilities);
        }

        @Override
        public void predict(int[] columns, float[] values, double[] probabilities) {
            parameters.logits(columns, values, logits);
            mixing.mix(logits, exponentials, probabilities);
        }
    }
}
