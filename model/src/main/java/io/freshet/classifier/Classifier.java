package io.freshet.classifier;

import io.freshet.features.FeatureList;
import java.util.Map;
import java.util.Optional;

/**
 * Classifier with the parameters of one version of a model, which is linear or an ensemble: the
 * probabilities of the classes for an example's features, as Freshet's job computes them.
 *
 * <p>An example is given as its dense features, or as the columns and values of those that are not
 * 0; either way for dense and for sparse models. It can also be given as the values of its fields,
 * which become features as in the job. Features are scaled as the snapshot's scaler does.
 *
 * <p>A linear model mixes the predictions of all learning rates with the snapshot's weights.
 * Baselines of the mixture are left out: they predict from earlier labels, which a snapshot does
 * not have. An ensemble combines the predictions of all its experts; those that predict from
 * earlier labels say what they said at the time of the snapshot.
 *
 * <p>Computes in double: against the job, which multiplies in float, probabilities differ by
 * rounding. Thread-safe: what it predicts never changes.
 */
public final class Classifier {
    /** Key of the hyper-parameter that says how a missing value, NaN, is treated. */
    public static final String MISSING = "features.missing";

    /** Value of {@link #MISSING}: the mean of the feature. */
    public static final String MEAN = "mean";

    /** Value of {@link #MISSING}: 0 before scaling. */
    public static final String ZERO = "zero";

    private final ModelInfo info;
    private final Predictor predictor;
    private final NamedFeatures named;

    Classifier(ModelInfo info, Predictor predictor) {
        this.info = info;
        this.predictor = predictor;
        named = new NamedFeatures(info);
    }

    /** Returns the identity and origin of the model's version. */
    public ModelInfo info() {
        return info;
    }

    /** Returns the number of features of an example. */
    public int numFeatures() {
        return info.numFeatures();
    }

    /** Returns the number of classes. */
    public int numClasses() {
        return info.classes().size();
    }

    /**
     * Returns the fields that {@link #classify(Map)} expects, with their kinds; empty if the
     * snapshot does not say which they are, or if the job reads events in Freshet's own format.
     *
     * @throws UnsupportedOperationException if this release cannot read what the snapshot says
     */
    public Optional<FeatureList> fields() {
        return named.fields();
    }

    /** Returns whether only the features that occurred have parameters. */
    public boolean isSparse() {
        return predictor.isSparse();
    }

    /**
     * Returns the number of features that have parameters: all of them, or in a sparse model those
     * that occurred.
     */
    public int numColumns() {
        return predictor.numColumns();
    }

    /** Returns whether several classes can be true at once, with independent probabilities. */
    public boolean isMultiLabel() {
        return predictor.isIndependent();
    }

    /**
     * Classifies an example.
     *
     * @param features (numFeatures). Not modified.
     * @throws IllegalArgumentException if there is another number of features, or if one is not
     *     finite and not a missing value (NaN) that the model accepts
     */
    public Classification classify(float[] features) {
        if (features.length != numFeatures()) {
            throw new IllegalArgumentException(
                    "the example has "
                            + features.length
                            + " features; the model has "
                            + numFeatures());
        }
        return classify(features, 0);
    }

    /**
     * Classifies an example in a larger array.
     *
     * @param features the example's features from {@code offset} on. Not modified.
     * @throws IllegalArgumentException if a feature is not finite and not a missing value (NaN)
     *     that the model accepts
     */
    public Classification classify(float[] features, int offset) {
        double[] probabilities = new double[numClasses()];
        predict(predictor.newRow(), features, offset, probabilities);
        return classification(probabilities);
    }

    /**
     * Classifies an example of which only some features are not 0.
     *
     * @param columns indices of the features, 0 to numFeatures − 1, in any order; values of one
     *     that is there more than once add up. Not modified.
     * @param values (columns). Not modified.
     * @throws IllegalArgumentException if there is another number of values, or if a column is out
     *     of range or a value not finite
     */
    public Classification classify(int[] columns, float[] values) {
        if (columns.length != values.length) {
            throw new IllegalArgumentException(
                    columns.length + " columns with " + values.length + " values");
        }
        for (float value : values) {
            if (!Float.isFinite(value)) {
                throw new IllegalArgumentException("a value of the example is " + value);
            }
        }
        double[] probabilities = new double[numClasses()];
        predictor.newRow().predict(columns, values, probabilities);
        return classification(probabilities);
    }

    /**
     * Classifies an example by the values of its fields. They become features exactly as those of a
     * JSON event with these fields do in the job, missing values and unknown categories included.
     * Fields that are no features are ignored.
     *
     * <p>If the job reads events in Freshet's own format and hashes their names, these are the
     * names and values of its features: a number, or a text as category.
     *
     * @param fields a {@link Number}, {@link CharSequence}, {@link Boolean} or {@link
     *     java.time.Instant} for each field, or null if it is missing, by the field's name or by
     *     its path as {@link #fields} has it; and for a field with members a {@link Map} or {@link
     *     java.util.List} of them. Not modified.
     * @throws IllegalArgumentException if the job would not accept the values; the message has the
     *     path of the field and says what is expected
     * @throws UnsupportedOperationException if the model does not know the names of its features;
     *     the message says why
     */
    public Classification classify(Map<String, ?> fields) {
        return named.classify(fields, this::classify, this::classify);
    }

    /**
     * Computes the probabilities of many examples.
     *
     * @param features (count, numFeatures) row-major. Not modified.
     * @param count number of examples
     * @param probabilities (count, numClasses) row-major. Modified.
     * @throws IllegalArgumentException as {@link #classify(float[])}
     */
    public void probabilities(float[] features, int count, float[] probabilities) {
        Predictor.Row row = predictor.newRow();
        double[] single = new double[numClasses()];
        for (int i = 0; i < count; i++) {
            predict(row, features, i * numFeatures(), single);
            write(single, probabilities, i * numClasses());
        }
    }

    private Classification classification(double[] probabilities) {
        float[] rounded = new float[probabilities.length];
        write(probabilities, rounded, 0);
        int best = 0;
        for (int c = 1; c < rounded.length; c++) {
            if (rounded[c] > rounded[best]) {
                best = c;
            }
        }
        return new Classification(best, info.classes().get(best), rounded);
    }

    private static void write(double[] probabilities, float[] rounded, int offset) {
        for (int c = 0; c < probabilities.length; c++) {
            rounded[offset + c] = (float) probabilities[c];
        }
    }

    private void predict(Predictor.Row row, float[] features, int offset, double[] probabilities) {
        float sum = 0;
        for (int i = offset; i < offset + numFeatures(); i++) {
            sum += features[i] * 0; // NaN unless every value is finite
        }
        if (sum == 0) {
            row.predict(features, offset, probabilities);
        } else {
            row.predict(withoutMissing(features, offset), 0, probabilities);
        }
    }

    /** Returns the features of an example in which missing values are as the model treats them. */
    private float[] withoutMissing(float[] features, int offset) {
        float[] accepted = new float[numFeatures()];
        String missing = info.hyperParameters().get(MISSING);
        for (int f = 0; f < accepted.length; f++) {
            float value = features[offset + f];
            if (Float.isNaN(value) && ZERO.equals(missing)) {
                value = 0;
            } else if (Float.isInfinite(value) || (Float.isNaN(value) && !MEAN.equals(missing))) {
                throw new IllegalArgumentException("feature " + f + " is " + value);
            }
            accepted[f] = value;
        }
        return accepted;
    }

    @Override
    public String toString() {
        return "version " + info.version() + " of model \"" + info.modelId() + "\"";
    }
}
