package io.freshet.model.mixture;

import java.util.Arrays;

/**
 * Mean losses of several predictors of the same examples, with exponential forgetting.
 *
 * <p>With the example's weight {@code w}, and {@code γ = (span − 1) / (span + 1)}:
 *
 * <pre>{@code
 * s_k ← γ s_k + w loss_k;   v_k ← γ v_k + w;   mean_k = s_k / v_k
 * }</pre>
 *
 * <p>The examples of such a mean are as old on average as those of a window of the last {@code
 * span} examples, and for independent losses its variance is that of the window's mean. It needs
 * two numbers for each predictor, however long the span is. It is the same however the examples are
 * divided into calls.
 *
 * <p>A loss that is not finite as a float is left out.
 */
public final class FadingLosses {
    /** {@code γ}. */
    private final double retention;

    /** {@code s}, (predictors). */
    private final double[] sums;

    /** {@code v}, (predictors). */
    private final double[] weights;

    /**
     * Creates means of no losses.
     *
     * @param span number of examples that a window of the same length would have, at least 1
     */
    public FadingLosses(int numPredictors, int span) {
        retention = (span - 1.0) / (span + 1.0);
        sums = new double[numPredictors];
        weights = new double[numPredictors];
    }

    /** Returns the number of values of {@link #state()} for a number of predictors. */
    public static int stateLength(int numPredictors) {
        return 2 * numPredictors;
    }

    /** Returns the number of predictors. */
    public int size() {
        return sums.length;
    }

    /**
     * Adds the losses of an example.
     *
     * @param losses (predictors) losses in nats. Not modified.
     * @param weight weight of the example, at least 0
     */
    public void add(double[] losses, double weight) {
        for (int k = 0; k < sums.length; k++) {
            double loss = losses[k];
            boolean isFinite = loss <= Float.MAX_VALUE;
            sums[k] = retention * sums[k] + (isFinite ? weight * loss : 0);
            weights[k] = retention * weights[k] + (isFinite ? weight : 0);
        }
    }

    /** Returns the mean loss of a predictor, at least 0; NaN before the first. */
    public double mean(int predictor) {
        return Math.max(0, sums[predictor] / weights[predictor]);
    }

    /** Forgets the losses of a predictor. */
    public void restart(int predictor) {
        sums[predictor] = 0;
        weights[predictor] = 0;
    }

    /** Forgets the losses of all predictors. */
    public void restart() {
        Arrays.fill(sums, 0);
        Arrays.fill(weights, 0);
    }

    /** Returns the sums, then the weights, in a new array. */
    public double[] state() {
        double[] state = Arrays.copyOf(sums, stateLength(sums.length));
        System.arraycopy(weights, 0, state, sums.length, weights.length);
        return state;
    }

    /**
     * Continues from a state.
     *
     * @param state a value of {@link #state()}, or an empty array for no losses. Not modified.
     */
    public void set(double[] state) {
        if (state.length == 0) {
            restart();
            return;
        }
        System.arraycopy(state, 0, sums, 0, sums.length);
        System.arraycopy(state, sums.length, weights, 0, weights.length);
    }
}
