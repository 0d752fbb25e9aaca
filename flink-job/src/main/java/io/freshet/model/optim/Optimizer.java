package io.freshet.model.optim;

import io.freshet.model.linalg.Matrix;
import java.io.Serializable;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * An optimiser: the immutable rule by which a gradient changes the parameters. Its state between
 * steps consists of arrays in the shape of the parameters and a count of steps, which are kept by
 * the learner.
 */
public interface Optimizer extends Serializable {
    /** Returns the learning rate as a function of the number of steps taken. */
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
     * Returns the coefficients of an optimiser whose steps are linear in parameters, state and
     * gradient, which allow a block of mini-batches to run as matrix products. Returns null for any
     * other optimiser, whose mini-batches run one at a time.
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
     * @param stepsBefore number of steps taken since the state was zero
     * @param learningRate {@code η} of this step
     */
    void step(
            Matrix parameters,
            Matrix gradient,
            Matrix[] state,
            long stepsBefore,
            double learningRate);

    /**
     * Extends bounds over the next steps.
     *
     * @param bounds upper bounds before the steps on entry, after them on return. Modified.
     * @param steps number of steps
     * @param gradient upper bound of {@code Σ |g|} over the parameters and over all of the steps
     * @param learningRate upper bound of the learning rate of each step; in a mixture, the sum of
     *     all learning rates
     */
    void extendBounds(StepBounds bounds, int steps, double gradient, double learningRate);
}
