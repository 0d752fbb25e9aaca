package io.freshet.model.optim;

import java.util.Arrays;

/**
 * Steps of a {@link LinearRule} in which a parameter has no gradient, so that weight decay and
 * momentum alone change it: {@code θ ← a·θ + b·v} and {@code v ← p·θ + q·v}.
 *
 * <p>The matrices {@code (a, b; p, q)} of any range of steps up to the newest one are multiplied
 * from products over ranges of 1, 2, 4, … steps, in a time that is logarithmic in their number.
 */
public final class ZeroGradientSteps {
    /** Maximum number of steps. */
    public static final int CAPACITY = 1 << 12;

    private static final int LEVELS = 13;

    private final LinearRule rule;
    private double[] rates = new double[16];
    private int count;

    /** Products over aligned ranges of {@code 2^level} steps, (levels, CAPACITY / 2^level, 4). */
    private final double[][] products = new double[LEVELS][];

    private final double[] scratch = new double[4];

    /** Creates an empty sequence of steps. */
    public ZeroGradientSteps(LinearRule rule) {
        this.rule = rule;
        for (int level = 0; level < LEVELS; level++) {
            products[level] = new double[4 * (CAPACITY >> level)];
        }
    }

    /** Returns the number of steps. */
    public int count() {
        return count;
    }

    /** Returns whether there is room for no more steps. */
    public boolean isFull() {
        return count == CAPACITY;
    }

    /** Removes all steps. */
    public void clear() {
        count = 0;
    }

    /** Returns the learning rates of the steps, in a new array. */
    public double[] rates() {
        return Arrays.copyOf(rates, count);
    }

    /**
     * Adds a step.
     *
     * @param hasVelocity whether a step was taken before it, so that there is a velocity
     */
    public void add(double learningRate, boolean hasVelocity) {
        double decay = rule.weightDecay();
        double q = hasVelocity ? rule.momentum() : 0;
        double p = (hasVelocity ? 1 - rule.dampening() : 1) * decay;
        boolean nesterov = rule.nesterov();
        double[] steps = products[0];
        int at = 4 * count;
        steps[at] = 1 - learningRate * (nesterov ? decay + rule.momentum() * p : p);
        steps[at + 1] = -learningRate * (nesterov ? rule.momentum() * q : q);
        steps[at + 2] = p;
        steps[at + 3] = q;
        if (count == rates.length) {
            rates = Arrays.copyOf(rates, 2 * count);
        }
        rates[count] = learningRate;
        count++;
        for (int level = 1; level < LEVELS && count % (1 << level) == 0; level++) {
            int product = (count >> level) - 1;
            double[] halves = products[level - 1];
            multiply(halves, 8 * product + 4, halves, 8 * product, products[level], 4 * product);
        }
    }

    /**
     * Writes the matrix {@code (a, b, p, q)} of the steps from one of them up to the newest.
     *
     * @param from index of the first step, counted from 0
     * @param out (4). Modified.
     */
    public void product(int from, double[] out) {
        out[0] = 1;
        out[1] = 0;
        out[2] = 0;
        out[3] = 1;
        int step = from;
        while (step < count) {
            int level = step == 0 ? LEVELS - 1 : Integer.numberOfTrailingZeros(step);
            while (step + (1 << level) > count) {
                level--;
            }
            multiply(products[level], 4 * (step >> level), out, 0, scratch, 0);
            System.arraycopy(scratch, 0, out, 0, 4);
            step += 1 << level;
        }
    }

    /** Multiplies two matrices: {@code out = later·earlier}. */
    private static void multiply(
            double[] later, int l, double[] earlier, int e, double[] out, int o) {
        out[o] = later[l] * earlier[e] + later[l + 1] * earlier[e + 2];
        out[o + 1] = later[l] * earlier[e + 1] + later[l + 1] * earlier[e + 3];
        out[o + 2] = later[l + 2] * earlier[e] + later[l + 3] * earlier[e + 2];
        out[o + 3] = later[l + 2] * earlier[e + 1] + later[l + 3] * earlier[e + 3];
    }
}
