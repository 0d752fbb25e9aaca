package io.freshet.model.cuda;

import io.freshet.ensemble.Combination;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The parts of linear models that learn on a device: everything that is the same for all of their
 * blocks.
 *
 * @param numFeatures features of an example, without the constant 1 of the bias
 * @param numOutputs outputs of a model, at most {@value #MAX_OUTPUTS}
 * @param isSigmoid whether each output is a binary decision of its own; softmax otherwise
 * @param trainsOnReportedLoss whether the loss that training minimises is the reported one
 * @param learningRates learning rates that are trained in parallel; a single 1 where each row's
 *     scale has the learning rate
 * @param mixture how several learning rates are mixed; null for one
 * @param hasMiniBatches whether a step can be that of several rows
 * @param isPlain whether a step is {@code θ ← θ − η·g}
 * @param hasVelocity whether there is a velocity, in the shape of the parameters
 * @param scaling how features are scaled; null where they are used as they are
 * @param ensemble the experts beside the linear ones; null where there are none
 */
public record LinearModel(
        int numFeatures,
        int numOutputs,
        boolean isSigmoid,
        boolean trainsOnReportedLoss,
        List<Double> learningRates,
        @Nullable Mixing mixture,
        boolean hasMiniBatches,
        boolean isPlain,
        boolean hasVelocity,
        @Nullable Scaling scaling,
        @Nullable OtherExperts ensemble) {
    /** Largest number of outputs for which there is a kernel. */
    public static final int MAX_OUTPUTS = 4096;

    /** Largest number of learning rates and baselines in a mixture. */
    public static final int MAX_EXPERTS = 32;

    /** Largest number of switching rates of a mixture. */
    public static final int MAX_SWITCHING_RATES = 8;

    /** Columns of a matrix are a multiple of this. */
    private static final int COLUMN_MULTIPLE = 16;

    /**
     * The mixture of the learning rates, and optionally of two baselines.
     *
     * @param switchingRates at least one
     * @param baselines whether the label's transitions and frequencies are experts, too
     */
    public record Mixing(List<Double> switchingRates, boolean baselines) {
        public Mixing {
            switchingRates = List.copyOf(switchingRates);
        }
    }

    /**
     * The rule by which features are scaled.
     *
     * @param lossPerExample fraction of its weight that an example loses at each later one; 0 for
     *     none
     * @param clip number of standard deviations at which outliers are clipped; 0 for none
     * @param acceptsMissing whether a NaN is a missing value
     */
    public record Scaling(double lossPerExample, double clip, boolean acceptsMissing) {}

    /**
     * The experts of an ensemble beside the linear ones: two of ferns, two of nearest examples, and
     * optionally three of labels. Its models have a mixture without baselines, plain steps, at
     * least two learning rates, and 2 to {@value #MAX_CLASSES} classes.
     *
     * @param labels whether there are experts that see only labels
     */
    public record OtherExperts(boolean labels) {
        /** Largest number of classes of an ensemble. */
        public static final int MAX_CLASSES = 32;

        private static final int OF_FEATURES = 4;
        private static final int OF_LABELS = 3;

        /** Returns the number of these experts. */
        public int count() {
            return OF_FEATURES + (labels ? OF_LABELS : 0);
        }
    }

    public LinearModel {
        learningRates = List.copyOf(learningRates);
        if (ensemble != null) {
            boolean isMixed = mixture != null && !mixture.baselines() && learningRates.size() > 1;
            boolean hasKernels =
                    numOutputs >= 2
                            && numOutputs <= OtherExperts.MAX_CLASSES
                            && learningRates.size() + ensemble.count() <= MAX_EXPERTS;
            if (!isMixed || !hasKernels || !isPlain || isSigmoid) {
                throw new IllegalArgumentException(
                        "an ensemble needs plain steps, softmax, a mixture of at least two"
                                + " learning rates without baselines, and 2 to "
                                + OtherExperts.MAX_CLASSES
                                + " classes");
            }
        }
    }

    /** Creates models without other experts. */
    public LinearModel(
            int numFeatures,
            int numOutputs,
            boolean isSigmoid,
            boolean trainsOnReportedLoss,
            List<Double> learningRates,
            @Nullable Mixing mixture,
            boolean hasMiniBatches,
            boolean isPlain,
            boolean hasVelocity,
            @Nullable Scaling scaling) {
        this(
                numFeatures,
                numOutputs,
                isSigmoid,
                trainsOnReportedLoss,
                learningRates,
                mixture,
                hasMiniBatches,
                isPlain,
                hasVelocity,
                scaling,
                null);
    }

    /** Returns the number of learning rates. */
    public int numRates() {
        return learningRates.size();
    }

    /** Returns the number of learning rates and of baselines or other experts. */
    public int numExperts() {
        return numRates()
                + (mixture != null && mixture.baselines() ? 2 : 0)
                + (ensemble == null ? 0 : ensemble.count());
    }

    /** Returns the number of predictions whose losses are reported. */
    public int numLosses() {
        return numExperts() + (ensemble == null ? 0 : Combination.ANSWERS);
    }

    /** Returns the number of switching rates; 0 without a mixture. */
    public int numSwitchingRates() {
        return mixture == null ? 0 : mixture.switchingRates().size();
    }

    /** Returns the number of classes: outputs, or 2 for a single one. */
    public int numClasses() {
        return Math.max(2, numOutputs);
    }

    /** Returns the columns of the scaled inputs: features, the constant 1, and padding. */
    public int width() {
        return (numFeatures + COLUMN_MULTIPLE) / COLUMN_MULTIPLE * COLUMN_MULTIPLE;
    }

    /** Returns the columns of logits and gradients: outputs of all learning rates. */
    public int numColumns() {
        return numRates() * numOutputs;
    }

    /** Returns whether rows of a block must be taken apart by steps, or weighted by them. */
    boolean couplesRows() {
        return hasMiniBatches || !isPlain;
    }

    /** Returns the number of parameters in the memory of the device, padding included. */
    public int numParameters() {
        return Math.multiplyExact(width(), numColumns());
    }
}
