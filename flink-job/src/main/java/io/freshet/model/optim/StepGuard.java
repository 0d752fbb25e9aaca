package io.freshet.model.optim;

/**
 * Upper bounds of parameters and optimiser state that are extended from block to block, and show
 * that no value in a block can come near the limits of a float.
 */
public final class StepGuard {
    /**
     * Upper limit of each bound, and of its product with the bound of the inputs. It is far below
     * the largest float, so that no result overflows.
     */
    public static final double SAFE = 1e30;

    /** Factor by which bounds are enlarged, because rounded values may exceed them slightly. */
    public static final double SLACK = 1 + 1e-4;

    private final Optimizer optimizer;
    private final StepBounds bounds;
    private final StepBounds extended;

    /** Computes the bounds anew. */
    @FunctionalInterface
    public interface Refresh {
        /**
         * Writes the sums of magnitudes of the parameters and of the optimiser's state.
         *
         * @param bounds Modified.
         */
        void write(StepBounds bounds);
    }

    /**
     * @param numParameters number of parameters of all learning rates
     */
    public StepGuard(Optimizer optimizer, int numParameters) {
        this.optimizer = optimizer;
        int numArrays = optimizer.stateNames().size();
        this.bounds = new StepBounds(numParameters, numArrays);
        this.extended = new StepBounds(numParameters, numArrays);
    }

    /** Returns the current bounds; not a copy. */
    public StepBounds bounds() {
        return bounds;
    }

    /**
     * Extends the bounds over the next steps, provided that no value in these steps can come near
     * the limits of a float. Returns whether the bounds were extended.
     *
     * @param steps number of steps
     * @param inputs upper bound of {@code Σ |x|} over the block
     * @param gradients upper bound of {@code Σ |∂loss/∂z|} over the block, reduction and weights
     *     included
     * @param learningRate upper bound of the learning rate; in a mixture, the sum of all learning
     *     rates
     * @param refresh called if the bounds are too large, as they only grow
     */
    public boolean tryExtend(
            int steps, double inputs, double gradients, double learningRate, Refresh refresh) {
        if (tryExtend(steps, inputs, gradients, learningRate)) {
            return true;
        }
        refresh.write(bounds);
        return tryExtend(steps, inputs, gradients, learningRate);
    }

    private boolean tryExtend(int steps, double inputs, double gradients, double learningRate) {
        extended.copyFrom(bounds);
        optimizer.extendBounds(extended, steps, inputs * gradients, learningRate);
        double size = Math.max(1, inputs);
        if (!(extended.areWithin(SAFE, size) && size * size <= SAFE)) {
            return false;
        }
        extended.scale(SLACK);
        bounds.copyFrom(extended);
        return true;
    }
}
