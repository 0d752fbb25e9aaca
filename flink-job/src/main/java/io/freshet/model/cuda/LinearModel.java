package io.freshet.model.cuda;

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
        @Nullable Scaling scaling) {
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

    public LinearModel {
        learningRates = List.copyOf(learningRates);
    }

    /** Returns the number of learning rates. */
    public int numRates() {
        return learningRates.size();
    }

    /** Returns the number of learning rates and baselines. */
    public int numExperts() {
        return numRates() + (mixture != null && mixture.baselines() ? 2 : 0);
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
