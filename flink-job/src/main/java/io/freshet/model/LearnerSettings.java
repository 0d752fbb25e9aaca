package io.freshet.model;

import io.freshet.ensemble.Combination;
import io.freshet.model.ensemble.EnsembleRule;
import io.freshet.model.example.Examples;
import io.freshet.model.linalg.Matrix;
import io.freshet.model.loss.Activation;
import io.freshet.model.loss.Loss;
import io.freshet.model.loss.MiniBatchReduction;
import io.freshet.model.mixture.Mixture;
import io.freshet.model.optim.LinearRule;
import io.freshet.model.optim.Optimizer;
import io.freshet.model.scale.ScalerRule;
import io.freshet.model.sparse.RowLayout;
import java.io.Serializable;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Settings of a learner: everything that determines how it learns from examples.
 *
 * @param numFeatures number of features of an example, at least 1
 * @param numClasses number of classes, at least 2; 1 for a learner that adds classes as they come
 * @param miniBatchSize number of examples in a full mini-batch, each of which is one step of the
 *     optimiser; at least 1
 * @param loss the loss that is minimised; its number of outputs is the model's
 * @param optimizer the optimiser; with a mixture it must be plain SGD, and its learning rate is not
 *     used
 * @param mixture the mixture of learning rates that are trained in parallel; null to use the
 *     learning rate of the optimiser
 * @param reduction reduction of the gradients of a mini-batch to one
 * @param scaler rule by which features are scaled; null to use them as they are
 * @param maxSkippedSteps number of consecutive skipped steps after which the parameters are rolled
 *     back to the last good copy, at least 1
 * @param isSparse whether examples have sparse features, of which only those that occur have
 *     parameters. The optimiser must have a linear rule.
 * @param ensemble experts beside the linear models of the mixture's learning rates, whose steps are
 *     normalised then; null for linear models alone
 * @param lossSpan span of the fading mean losses of the experts ({@link
 *     io.freshet.model.mixture.FadingLosses}), in examples, at least 1
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
        int maxSkippedSteps,
        boolean isSparse,
        @Nullable EnsembleRule ensemble,
        int lossSpan)
        implements Serializable {

    /** Span of the experts' losses unless told otherwise, in examples. */
    private static final int DEFAULT_LOSS_SPAN = 1000;

    /**
     * Names of the {@link io.freshet.model.mixture.Baselines} as experts, in their order after the
     * learning rates. They differ from the baselines of the metrics, no-change and majority.
     */
    public static final List<String> BASELINES = List.of("no-change", "frequencies");

    /** Number of floats in 2 GiB, the largest size of an array in native memory. */
    private static final long MAX_VALUES = Integer.MAX_VALUE / Float.BYTES;

    /** Largest number of sparse features. */
    public static final int MAX_SPARSE_FEATURES = 1 << 24;

    /**
     * Number of a sparse model's rows of parameters, or of velocities, that one array must hold.
     */
    private static final long SPARSE_ROWS_PER_ARRAY = 4 * 256;

    /** Creates settings of a learner of dense features. */
    public LearnerSettings(
            int numFeatures,
            int numClasses,
            int miniBatchSize,
            Loss loss,
            Optimizer optimizer,
            @Nullable Mixture mixture,
            MiniBatchReduction reduction,
            @Nullable ScalerRule scaler,
            int maxSkippedSteps) {
        this(
                numFeatures,
                numClasses,
                miniBatchSize,
                loss,
                optimizer,
                mixture,
                reduction,
                scaler,
                maxSkippedSteps,
                false);
    }

    /** Creates settings of linear models, dense or sparse. */
    public LearnerSettings(
            int numFeatures,
            int numClasses,
            int miniBatchSize,
            Loss loss,
            Optimizer optimizer,
            @Nullable Mixture mixture,
            MiniBatchReduction reduction,
            @Nullable ScalerRule scaler,
            int maxSkippedSteps,
            boolean isSparse) {
        this(
                numFeatures,
                numClasses,
                miniBatchSize,
                loss,
                optimizer,
                mixture,
                reduction,
                scaler,
                maxSkippedSteps,
                isSparse,
                null);
    }

    /** Creates settings with the default span of the experts' losses. */
    public LearnerSettings(
            int numFeatures,
            int numClasses,
            int miniBatchSize,
            Loss loss,
            Optimizer optimizer,
            @Nullable Mixture mixture,
            MiniBatchReduction reduction,
            @Nullable ScalerRule scaler,
            int maxSkippedSteps,
            boolean isSparse,
            @Nullable EnsembleRule ensemble) {
        this(
                numFeatures,
                numClasses,
                miniBatchSize,
                loss,
                optimizer,
                mixture,
                reduction,
                scaler,
                maxSkippedSteps,
                isSparse,
                ensemble,
                DEFAULT_LOSS_SPAN);
    }

    public LearnerSettings {
        requireAtLeast(1, "numFeatures", numFeatures);
        requireAtLeast(1, "numClasses", numClasses);
        requireAtLeast(1, "miniBatchSize", miniBatchSize);
        requireAtLeast(1, "maxSkippedSteps", maxSkippedSteps);
        requireAtLeast(1, "lossSpan", lossSpan);
        int outputs = loss.numOutputs();
        if (outputs != numClasses && !(numClasses == 2 && outputs == 1)) {
            throw new IllegalArgumentException(
                    "the loss has " + outputs + " outputs for " + numClasses + " classes");
        }
        if (mixture != null && !optimizer.isPlain()) {
            throw new IllegalArgumentException(
                    "a mixture requires plain SGD, without momentum and weight decay, but the"
                            + " optimiser is "
                            + optimizer);
        }
        if (mixture != null && loss.activation() != Activation.SOFTMAX) {
            throw new IllegalArgumentException(
                    "a mixture requires a softmax loss, but the loss is "
                            + loss.getClass().getSimpleName());
        }
        int experts = mixture == null ? 1 : mixture.rates().size();
        long columns = (long) experts * outputs;
        if (isSparse) {
            if (optimizer.linearRule() == null) {
                throw new IllegalArgumentException(
                        "sparse features require an optimiser with a linear rule, such as SGD, but"
                                + " the optimiser is "
                                + optimizer);
            }
            requireAtMost(MAX_SPARSE_FEATURES, "numFeatures", numFeatures);
            requireArray("learning rates × numClasses", columns, SPARSE_ROWS_PER_ARRAY);
        } else {
            requireDense(numFeatures, columns, miniBatchSize);
        }
        requireArray("miniBatchSize × numClasses", miniBatchSize, numClasses);
        if (ensemble != null) {
            if (mixture == null || mixture.baselines()) {
                throw new IllegalArgumentException(
                        "an ensemble requires a mixture of learning rates without baselines");
            }
            if (ensemble.isSparse() != isSparse) {
                throw new IllegalArgumentException(
                        "the ensemble is of "
                                + (ensemble.isSparse() ? "sparse" : "dense")
                                + " features, unlike the learner");
            }
        }
        if (mixture != null && mixture.baselines()) {
            requireArray("(numClasses + 1) × numClasses", numClasses + 1L, numClasses);
        }
    }

    private static void requireDense(int numFeatures, long columns, int miniBatchSize) {
        requireArray("numFeatures + 1", 1, numFeatures + 1L);
        long inputs = Matrix.columnsFor(numFeatures + 1L);
        String rounded = " with rows rounded up to " + Matrix.ROW_MULTIPLE;
        requireArray("learning rates × numClasses × (numFeatures + 1)" + rounded, columns, inputs);
        requireArray("miniBatchSize × (numFeatures + 1)" + rounded, miniBatchSize, inputs);
    }

    /** Returns an empty set of examples, dense or sparse as the learner's are. */
    public Examples newExamples(int numTargets) {
        return new Examples(numFeatures, numTargets, 0, isSparse);
    }

    /** Returns the layout of the rows of a sparse model. */
    public RowLayout rowLayout() {
        return new RowLayout(
                numColumns(),
                !optimizer.stateNames().isEmpty(),
                !optimizer.isPlain(),
                scaler != null);
    }

    /**
     * Returns the rule of an optimiser whose steps change parameters without a gradient, which a
     * sparse model applies later; null for plain SGD.
     */
    @Nullable LinearRule lazyRule() {
        return optimizer.isPlain() ? null : optimizer.linearRule();
    }

    /**
     * Returns these settings for another number of classes, at least 1.
     *
     * @throws IllegalStateException if the loss is not one for any number of classes
     */
    public LearnerSettings withClasses(int newNumClasses) {
        return newNumClasses == numClasses
                ? this
                : new LearnerSettings(
                        numFeatures,
                        newNumClasses,
                        miniBatchSize,
                        loss.withClasses(newNumClasses),
                        optimizer,
                        mixture,
                        reduction,
                        scaler,
                        maxSkippedSteps,
                        isSparse,
                        ensemble,
                        lossSpan);
    }

    /** Returns these settings for another span of the experts' losses, in examples. */
    public LearnerSettings withLossSpan(int newLossSpan) {
        return new LearnerSettings(
                numFeatures,
                numClasses,
                miniBatchSize,
                loss,
                optimizer,
                mixture,
                reduction,
                scaler,
                maxSkippedSteps,
                isSparse,
                ensemble,
                newLossSpan);
    }

    /** Returns the number of learning rates, each of which has its own parameters. */
    public int numRates() {
        return mixture == null ? 1 : mixture.rates().size();
    }

    /**
     * Returns the factors by which the gradients of a mixture's columns are multiplied: (numRates ×
     * numOutputs) minus the learning rate of each column; 0 without a mixture, where the learning
     * rate follows a schedule.
     */
    double[] gradientFactors() {
        int numOutputs = numOutputs();
        double[] factors = new double[numRates() * numOutputs];
        for (int rate = 0; mixture != null && rate < numRates(); rate++) {
            Arrays.fill(
                    factors,
                    rate * numOutputs,
                    (rate + 1) * numOutputs,
                    -mixture.rates().get(rate));
        }
        return factors;
    }

    /**
     * Returns the number of experts in a prediction: learning rates and, if included, baselines or
     * the other experts of an ensemble.
     */
    public int numExperts() {
        int linear = mixture == null ? 1 : mixture.numExperts();
        return ensemble == null ? linear : linear + ensemble.numOtherExperts();
    }

    /**
     * Returns the number of mean losses: of each expert, then of each of an ensemble's
     * combinations; 0 for a fixed learning rate.
     */
    int numLosses() {
        if (mixture == null) {
            return 0;
        }
        return ensemble == null ? numExperts() : numExperts() + Combination.ANSWERS;
    }

    /** Returns the number of outputs of a model: one for each class, or one for two classes. */
    public int numOutputs() {
        return loss.numOutputs();
    }

    /** Returns the number of parameters of a feature: outputs of all learning rates. */
    public int numColumns() {
        return numRates() * numOutputs();
    }

    /**
     * Returns the number of parameters of a dense model: for each learning rate, a weight for each
     * feature and output, and a bias for each output.
     */
    public int numParameters() {
        return numRates() * (numFeatures + 1) * numOutputs();
    }

    /** Returns the size of the parameters in native memory, with rows rounded up, in bytes. */
    public long nativeBytesOfParameters() {
        return (long) Float.BYTES * numRates() * numOutputs() * Matrix.columnsFor(numFeatures + 1L);
    }

    /** Returns the learning rates of the mixture, or the optimiser's initial learning rate. */
    public List<Double> learningRates() {
        return mixture == null ? List.of(optimizer.learningRate().initial()) : mixture.rates();
    }

    /**
     * Returns the learning rate of the first step; for a mixture, the mean of its learning rates.
     */
    public double learningRate() {
        return learningRates().stream().mapToDouble(rate -> rate).average().orElseThrow();
    }

    private static void requireAtLeast(int min, String name, int value) {
        if (value < min) {
            throw new IllegalArgumentException(
                    name + " must be at least " + min + ", but is " + value);
        }
    }

    private static void requireAtMost(int max, String name, int value) {
        if (value > max) {
            throw new IllegalArgumentException(
                    name + " must be at most " + max + ", but is " + value);
        }
    }

    private static void requireArray(String name, long rows, long columns) {
        if (rows * columns > MAX_VALUES) {
            throw new IllegalArgumentException(
                    name + " must be at most " + MAX_VALUES + ", but is " + rows * columns);
        }
    }

    /**
     * Returns the loss's divisor for an example, before multiplication by its example weight.
     *
     * @param examples Not modified.
     */
    public double divisor(Examples examples, int example) {
        return examples.numTargets() == 0
                ? loss.divisor(examples.labels()[example])
                : loss.divisor(examples.targets(), example * examples.numTargets());
    }
}
