package io.freshet.model.ensemble;

import java.util.Arrays;

/**
 * Weights of an online softmax over the log-probabilities of experts, {@code q = softmax(base_c +
 * Σ_e w_e L_e(c))}, which {@link io.freshet.ensemble.Combination} computes.
 *
 * <p>The weights are learnt by an extended Kalman filter for weights that wander and return to
 * {@code w₀} (an Ornstein–Uhlenbeck process of rate {@code κ}). With the targets {@code t}, and
 * {@code a = 1 − κ}:
 *
 * <pre>{@code
 * P ← a² P + (1 − a²) 0.1 I;   w ← w₀ + a (w − w₀)
 * m = Σ_c q_c L(·,c);   g = m − Σ_c t_c L(·,c)
 * h_c = (q_c > 0.01 ? q_c / 2 : 0) + t_c / 4
 * for each class with h_c > 0:  u = L(·,c) − m;  k = P u;  P ← P − h_c / (1 + h_c u·k) k kᵀ
 * w ← w − P g
 * }</pre>
 *
 * <p>So the information of an example is half of the Fisher information at {@code q}, and the rest
 * that of {@code (q + t) / 2} along {@code g}: a confident error does not take a step too long. An
 * example's weight multiplies its information, up to {@value #MAX_WEIGHT} times, and its gradient
 * as much.
 *
 * <p>Not thread-safe.
 */
final class ExpertStack {
    private static final double INITIAL_VARIANCE = 0.1;
    private static final double MIN_PROBABILITY = 0.01;
    private static final int MAX_WEIGHT = 10;

    private final int numExperts;
    private final int numClasses;
    private final double initialWeight;

    /** {@code 1 − κ}. */
    private final double retention;

    private final double[] weights;

    /** {@code P}, (numExperts, numExperts). */
    private final double[] covariance;

    // Scratch.
    private final double[] mean;
    private final double[] gradient;
    private final double[] direction;
    private final double[] gain;

    /**
     * @param relaxation {@code κ}, at least 0
     * @param initialWeight {@code w₀}
     */
    ExpertStack(int numExperts, int numClasses, double relaxation, double initialWeight) {
        this.numExperts = numExperts;
        this.numClasses = numClasses;
        this.initialWeight = initialWeight;
        this.retention = 1 - relaxation;
        this.weights = new double[numExperts];
        this.covariance = new double[numExperts * numExperts];
        this.mean = new double[numExperts];
        this.gradient = new double[numExperts];
        this.direction = new double[numExperts];
        this.gain = new double[numExperts];
        reset();
    }

    /** Returns the weights, (numExperts); not a copy. */
    double[] weights() {
        return weights;
    }

    private void reset() {
        Arrays.fill(weights, initialWeight);
        Arrays.fill(covariance, 0);
        for (int e = 0; e < numExperts; e++) {
            covariance[e * numExperts + e] = INITIAL_VARIANCE;
        }
    }

    /**
     * Learns from an example.
     *
     * @param logs {@code L}, (numClasses, numExperts). Not modified.
     * @param probabilities {@code q}, (numClasses). Not modified.
     * @param targets {@code t}, (numClasses). Not modified.
     * @param weight weight of the example, at least 0
     * @return whether the weights are finite; if they were not, the stack begins anew
     */
    boolean learn(double[] logs, double[] probabilities, double[] targets, double weight) {
        relax();
        Arrays.fill(mean, 0);
        for (int c = 0; c < numClasses; c++) {
            for (int e = 0; e < numExperts; e++) {
                mean[e] += probabilities[c] * logs[c * numExperts + e];
            }
        }
        System.arraycopy(mean, 0, gradient, 0, numExperts);
        double factor = Math.min(weight, MAX_WEIGHT);
        for (int c = 0; c < numClasses; c++) {
            double target = targets[c];
            if (target != 0) {
                for (int e = 0; e < numExperts; e++) {
                    gradient[e] -= target * logs[c * numExperts + e];
                }
            }
            double probability = probabilities[c];
            double information = (probability > MIN_PROBABILITY ? probability / 2 : 0) + target / 4;
            if (information > 0) {
                addInformation(logs, c, factor * information);
            }
        }
        return takeStep(factor);
    }

    private void relax() {
        if (retention == 1) {
            return;
        }
        double kept = retention * retention;
        for (int i = 0; i < covariance.length; i++) {
            covariance[i] *= kept;
        }
        for (int e = 0; e < numExperts; e++) {
            covariance[e * numExperts + e] += (1 - kept) * INITIAL_VARIANCE;
            weights[e] = initialWeight + retention * (weights[e] - initialWeight);
        }
    }

    /** Adds information along the direction of a class, which reduces the covariance. */
    private void addInformation(double[] logs, int c, double information) {
        for (int e = 0; e < numExperts; e++) {
            direction[e] = logs[c * numExperts + e] - mean[e];
        }
        double variance = 0;
        for (int i = 0; i < numExperts; i++) {
            double sum = 0;
            for (int j = 0; j < numExperts; j++) {
                sum += covariance[i * numExperts + j] * direction[j];
            }
            gain[i] = sum;
            variance += sum * direction[i];
        }
        double factor = information / (1 + information * variance);
        for (int i = 0; i < numExperts; i++) {
            double scaled = factor * gain[i];
            for (int j = 0; j < numExperts; j++) {
                covariance[i * numExperts + j] -= scaled * gain[j];
            }
        }
    }

    private boolean takeStep(double factor) {
        boolean finite = true;
        for (int i = 0; i < numExperts; i++) {
            double sum = 0;
            for (int j = 0; j < numExperts; j++) {
                sum += covariance[i * numExperts + j] * gradient[j];
            }
            weights[i] -= factor * sum;
            finite &= Math.abs(weights[i]) <= Double.MAX_VALUE;
        }
        if (!finite) {
            reset();
        }
        return finite;
    }

    /** Returns the weights, then the covariance, in a new array. */
    double[] state() {
        double[] state = Arrays.copyOf(weights, numExperts + covariance.length);
        System.arraycopy(covariance, 0, state, numExperts, covariance.length);
        return state;
    }

    /** Replaces weights and covariance by a value of {@link #state()}, which is not modified. */
    void set(double[] state) {
        System.arraycopy(state, 0, weights, 0, numExperts);
        System.arraycopy(state, numExperts, covariance, 0, covariance.length);
    }
}
