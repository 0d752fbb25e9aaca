package io.freshet.classifier;

import org.jspecify.annotations.Nullable;

/**
 * Content of a model's version as plain arrays, for programs that write it in another format or go
 * on learning from it. The arrays are not copied.
 *
 * @param info identity and origin of the version
 * @param activation function from logits to probabilities: {@link #SOFTMAX}, or {@link #SIGMOID}
 *     for one independent probability per output
 * @param numOutputs number of logits; 1 for a sigmoid model of two classes, else that of classes
 * @param learningRates (learning rates); empty if they are not known
 * @param mixture (learning rates) weights of the predictions of the learning rates, which sum to 1;
 *     of an ensemble, (experts) weights of the predictions of all experts, the learning rates first
 * @param parameters of a dense model or an ensemble, (learning rates, numFeatures + 1, numOutputs)
 *     row-major, with the bias in the last row of each matrix; of a sparse one, (columns, learning
 *     rates, numOutputs)
 * @param scaler moments by which a dense model's features are standardised; null without a scaler
 * @param columns of a sparse model, the columns that have parameters, ascending; the bias is the
 *     column numFeatures. Empty for a dense model.
 * @param scales of a sparse model with a scaler, the scale of each column, by which its values are
 *     divided; else empty
 * @param scaleLimit of a sparse model with a scaler, the largest magnitude of a scaled value; 0 if
 *     none are clipped
 * @param ensemble what an ensemble has beside its linear models; null for linear models alone
 */
@SuppressWarnings("ArrayRecordComponent") // never compared
public record ModelContent(
        ModelInfo info,
        String activation,
        int numOutputs,
        double[] learningRates,
        double[] mixture,
        float[] parameters,
        @Nullable Scaler scaler,
        int[] columns,
        float[] scales,
        float scaleLimit,
        @Nullable EnsembleContent ensemble) {
    /** Activation of one class per example. */
    public static final String SOFTMAX = "softmax";

    /** Activation of independent outputs. */
    public static final String SIGMOID = "sigmoid";

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
    public record Scaler(long count, double[] mean, double[] variance, float[] limit) {}

    /** Creates the content of linear models alone. */
    public ModelContent(
            ModelInfo info,
            String activation,
            int numOutputs,
            double[] learningRates,
            double[] mixture,
            float[] parameters,
            @Nullable Scaler scaler,
            int[] columns,
            float[] scales,
            float scaleLimit) {
        this(
                info,
                activation,
                numOutputs,
                learningRates,
                mixture,
                parameters,
                scaler,
                columns,
                scales,
                scaleLimit,
                null);
    }

    /** Returns the number of learning rates. */
    public int numRates() {
        return ensemble == null ? mixture.length : learningRates.length;
    }

    /** Returns the number of parameters, of an ensemble with its ferns and its window. */
    public int numParameters() {
        return parameters.length + (ensemble == null ? 0 : ensemble.numParameters());
    }

    /** Returns whether there are experts beside linear models. */
    public boolean isEnsemble() {
        return ensemble != null;
    }

    /** Returns whether only the features that occurred have parameters. */
    public boolean isSparse() {
        return columns.length > 0;
    }

    /** Returns a parameter of a dense model; the bias is that of the feature numFeatures. */
    public float parameter(int rate, int feature, int output) {
        return parameters[(rate * (info.numFeatures() + 1) + feature) * numOutputs + output];
    }

    /** Returns the classifier with this content. */
    public Classifier classifier() {
        return new Classifier(info, predictor());
    }

    private Predictor predictor() {
        int numFeatures = info.numFeatures();
        Scaling scaling =
                scaler == null ? null : new Scaling(scaler.mean, scaler.variance, scaler.limit);
        Parameters usable =
                isSparse()
                        ? new SparseParameters(
                                numFeatures,
                                columns,
                                scales,
                                parameters,
                                numRates() * numOutputs,
                                scaleLimit)
                        : new DenseParameters(
                                numFeatures,
                                numRates(),
                                numOutputs,
                                parameters,
                                ensemble == null ? scaling : null);
        if (ensemble != null) {
            return new EnsemblePredictor(
                    usable, numRates(), scaling, numOutputs, mixture, ensemble);
        }
        return new LinearPredictor(
                usable, new Mixing(mixture, numOutputs, activation.equals(SIGMOID)));
    }
}
