package io.freshet.ensemble;

import io.freshet.maths.Exponential;
import java.util.Arrays;
import java.util.List;

/**
 * Combination of the predictions of several experts to one answer, by weights that someone else
 * learns.
 *
 * <p>With the probabilities {@code p_e} of the experts, and {@code L_e = max(ln p_e, −9)}:
 *
 * <pre>{@code
 * (a) the mixture     a = Σ_e v_e p_e
 * (b) the stack       b = softmax(Σ_e w_e L_e)
 * (c) the correction  c = softmax(max(ln a, −12) + Σ_e u_e L_e)
 * the answer          z_a a + z_b b + z_c c
 * }</pre>
 *
 * <p>Thread-safe while the weights do not change.
 */
public final class Combination {
    /** Names of the combinations that the answer is made of. */
    public static final List<String> NAMES = List.of("mixture", "stack", "correction");

    /** Number of combinations that the answer is made of. */
    public static final int ANSWERS = 3;

    /** Smallest log-probability of an expert that the stacks see. */
    public static final double MIN_LOG = -9;

    /** Smallest log-probability of the mixture under the correction. */
    public static final double MIN_BASE = -12;

    /** Smallest probability that the mixture gives a class. */
    private static final double MIN_PROBABILITY = 1e-300;

    private final int numExperts;
    private final int numClasses;

    /** {@code v}, (numExperts). */
    public final double[] mixture;

    /** {@code w}, (numExperts). */
    public final double[] stack;

    /** {@code u}, (numExperts). */
    public final double[] correction;

    /** {@code z}, (ANSWERS). */
    public final double[] answers = new double[ANSWERS];

    public Combination(int numExperts, int numClasses) {
        this.numExperts = numExperts;
        this.numClasses = numClasses;
        mixture = new double[numExperts];
        stack = new double[numExperts];
        correction = new double[numExperts];
    }

    /**
     * Combines predictions.
     *
     * @param probabilities {@code p}, (numExperts, numClasses). Not modified.
     * @param logs {@code ln p}, (numExperts, numClasses). Not modified.
     * @param bounded {@code L}, (numClasses, numExperts). Modified.
     * @param combined {@code a}, {@code b} and {@code c}, (ANSWERS, numClasses). Modified.
     * @param answer (numClasses). Modified.
     */
    public void combine(
            double[] probabilities,
            double[] logs,
            double[] bounded,
            double[][] combined,
            double[] answer) {
        double[] mixed = combined[0];
        Arrays.fill(mixed, 0);
        for (int e = 0; e < numExperts; e++) {
            double weight = mixture[e];
            for (int c = 0; c < numClasses; c++) {
                int from = e * numClasses + c;
                mixed[c] += weight * probabilities[from];
                bounded[c * numExperts + e] = Math.max(logs[from], MIN_LOG);
            }
        }
        double[] stacked = combined[1];
        double[] corrected = combined[2];
        for (int c = 0; c < numClasses; c++) {
            mixed[c] = Math.max(mixed[c], MIN_PROBABILITY);
            stacked[c] = 0;
            corrected[c] = Math.max(Math.log(mixed[c]), MIN_BASE);
        }
        addAndNormalise(stack, bounded, stacked);
        addAndNormalise(correction, bounded, corrected);
        for (int c = 0; c < numClasses; c++) {
            answer[c] = answers[0] * mixed[c] + answers[1] * stacked[c] + answers[2] * corrected[c];
        }
    }

    /** Adds the weighted log-probabilities to a base, and takes the softmax. */
    private void addAndNormalise(double[] weights, double[] bounded, double[] values) {
        double max = Double.NEGATIVE_INFINITY;
        for (int c = 0; c < numClasses; c++) {
            double sum = values[c];
            for (int e = 0; e < numExperts; e++) {
                sum += weights[e] * bounded[c * numExperts + e];
            }
            values[c] = sum;
            max = Math.max(max, sum);
        }
        double sum = 0;
        for (int c = 0; c < numClasses; c++) {
            double power = Exponential.exp(values[c] - max);
            values[c] = power;
            sum += power;
        }
        double inverse = 1 / sum;
        for (int c = 0; c < numClasses; c++) {
            values[c] *= inverse;
        }
    }
}
