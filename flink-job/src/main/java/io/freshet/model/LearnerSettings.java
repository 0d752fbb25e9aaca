package io.freshet.model;

import io.freshet.model.linalg.Matrix;
import io.freshet.model.loss.Activation;
import io.freshet.model.loss.Loss;
import io.freshet.model.loss.MiniBatchReduction;
import io.freshet.model.mixture.Mixture;
import io.freshet.model.optim.Optimizer;
import io.freshet.model.scale.ScalerRule;
import java.io.Serializable;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The rule of a learner: everything that fixes what it does with the examples it gets.
 *
 * @param numFeatures features of an example, at least 1
 * @param numClasses classes, at least 2
 * @param miniBatchSize the most examples behind one SGD step, at least 1
 * @param loss what is minimised; its outputs are the model's
 * @param optimizer the optimiser; with a mixture plain SGD, whose learning rate is not used
 * @param mixture the learning rates that learn side by side; null for the optimiser's one
 * @param reduction how a mini-batch's gradients become one
 * @param scaler rule by which features are scaled; null to use them as they are
 * @param patience skipped steps in a row after which the parameters go back to the last good ones,
 *     at least 1
 */
public record LearnerSettings(
        int numFeatures,
        int numClasses,
        int miniBatchSize,
        Loss loss,
        Optimizer optimizer,
        @Nullable Mixture mixture,
        MiniBatchReduction reduction,
        @Nullable ScalerRule scaler,
        int patience)
        implements Serializable {

    /** The names of the baselines, in the order of experts that follow the learning rates. */
    public static final List<String> BASELINES = List.of("no-change", "frequencies");

    /** Floats in 2 GiB, the most that one array in native memory takes. */
    private static final long MOST_VALUES = Integer.MAX_VALUE / Float.BYTES;

    public LearnerSettings {
        requireAtLeast(1, "numFeatures", numFeatures);
        requireAtLeast(2, "numClasses", numClasses);
        requireAtLeast(1, "miniBatchSize", miniBatchSize);
        requireAtLeast(1, "patience", patience);
        int outputs = loss.numOutputs();
        if (outputs != numClasses && !(numClasses == 2 && outputs == 1)) {
            throw new IllegalArgumentException(
                    "the loss has " + outputs + " outputs for " + numClasses + " classes");
        }
        if (mixture != null && !optimizer.isPlain()) {
            throw new IllegalArgumentException(
                    "a mixture takes plain SGD, without momentum and weight decay, but got "
                            + optimizer);
        }
        if (mixture != null && loss.activation() != Activation.SOFTMAX) {
            throw new IllegalArgumentException(
                    "a mixture takes a softmax loss, but got " + loss.getClass().getSimpleName());
        }
        int experts = mixture == null ? 1 : mixture.rates().size();
        long columns = (long) experts * outputs;
        requireArray("numFeatures + 1", 1, numFeatures + 1L);
        long inputs = Matrix.columnsFor(numFeatures + 1L);
        String rounded = " with rows rounded up to " + Matrix.ROW_MULTIPLE;
        requireArray("learning rates × numClasses × (numFeatures + 1)" + rounded, columns, inputs);
        requireArray("miniBatchSize × (numFeatures + 1)" + rounded, miniBatchSize, inputs);
        requireArray("miniBatchSize × numClasses", miniBatchSize, numClasses);
        if (mixture != null && mixture.baselines()) {
            requireArray("(numClasses + 1) × numClasses", numClasses + 1L, numClasses);
        }
    }

    /** Returns how many sets of parameters there are: one per learning rate. */
    public int numRates() {
        return mixture == null ? 1 : mixture.rates().size();
    }

    /** Returns how many take part in a prediction: the rates, and baselines if there are any. */
    public int numExperts() {
        return mixture == null ? 1 : mixture.numExperts();
    }

    /** Returns the outputs of a model: as many as classes, or one for two classes. */
    public int numOutputs() {
        return loss.numOutputs();
    }

    /**
     * Returns how many parameters the model has: for each learning rate a weight per feature and
     * output, and a bias per output.
     */
    public int numParameters() {
        return numRates() * (numFeatures + 1) * numOutputs();
    }

    /** Returns how many bytes a copy of the parameters takes in native memory, rows rounded up. */
    public long nativeBytesOfParameters() {
        return (long) Float.BYTES * numRates() * numOutputs() * Matrix.columnsFor(numFeatures + 1L);
    }

    /** Returns the learning rates of a mixture, or the first one of the optimiser. */
    public List<Double> learningRates() {
        return mixture == null ? List.of(optimizer.learningRate().initial()) : mixture.rates();
    }

    /** Returns the learning rate of the first step; of a mixture, the mean of its rates. */
    public double learningRate() {
        return learningRates().stream().mapToDouble(rate -> rate).average().orElseThrow();
    }

    private static void requireAtLeast(int least, String name, int value) {
        if (value < least) {
            throw new IllegalArgumentException(
                    name + " must be at least " + least + ", but is " + value);
        }
    }

    private static void requireArray(String name, long rows, long columns) {
        if (rows * columns > MOST_VALUES) {
            throw new IllegalArgumentException(
                    name + " must be at most " + MOST_VALUES + ", but is " + rows * columns);
        }
    }
}
