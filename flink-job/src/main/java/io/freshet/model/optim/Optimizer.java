package io.freshet.model.optim;

import io.freshet.model.linalg.Matrix;
import java.io.Serializable;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The rule by which a gradient changes the parameters, immutable. Its state between steps is a
 * number of arrays in the shape of the parameters and a count of steps; both belong to the learner.
 */
public interface Optimizer extends Serializable {
    /** Returns the learning rate by the number of steps taken. */
    LearningRateSchedule learningRate();

    /**
     * Returns the names of the state's arrays, in the order of {@link #step}; empty without state.
     */
    List<String> stateNames();

    /** Returns whether a step is {@code θ ← θ − η·g}. */
    default boolean isPlain() {
        return false;
    }

    /**
     * Returns the rule by which steps are linear in parameters, state and gradients, so that blocks
     * of mini-batches run as matrix products. Null for an optimiser without one, whose mini-batches
     * run one at a time.
     */
    default @Nullable LinearRule linearRule() {
        return null;
    }

    /**
     * Takes one step.
     *
     * @param parameters {@code θ}. Modified.
     * @param gradient {@code g}, of the same shape. Modified: its values are lost.
     * @param state the arrays of the state, of the same shape; undefined before the first step.
     *     Modified.
     * @param stepsBefore steps taken since the state was zero
     * @param learningRate {@code η} of this step
     */
    void step(
            Matrix parameters,
            Matrix gradient,
            Matrix[] state,
            long stepsBefore,
            double learningRate);

    /**
     * Extends bounds over steps to come.
     *
     * @param bounds of parameters and state before the steps. Modified: upper bounds after them.
     * @param steps number of steps
     * @param gradient upper bound of {@code Σ |g|} over the parameters and over all of the steps
     * @param learningRate upper bound of the learning rate of each step; in a mixture the sum of
     *     all
     */
    void extendBounds(StepBounds bounds, int steps, double gradient, double learningRate);
}
