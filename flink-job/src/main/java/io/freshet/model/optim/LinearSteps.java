package io.freshet.model.optim;

/**
 * Coefficients that combine several steps of a {@link LinearRule} into one. They do not depend on
 * the gradients.
 *
 * <p>A step is linear in parameters, velocity and gradient, so that after {@code t} steps from
 * {@code θ₀} and {@code v₀} along the gradients {@code g₀ … g₍ₜ₋₁₎}
 *
 * <pre>{@code
 * θ = a·θ₀ + b·v₀ + Σ cₛ·gₛ        v = p·θ₀ + q·v₀ + Σ eₛ·gₛ
 * }</pre>
 *
 * with coefficients that follow from applying the rule {@code t} times. For a constant rate and
 * momentum alone {@code cₛ = −η (1 − μ^(t−s)) / (1 − μ)} and {@code b = −η μ (1 − μᵗ) / (1 − μ)}.
 */
public final class LinearSteps {
    /** Indices of the coefficients of θ₀ and v₀; those of the gradients follow. */
    private static final int PARAMETERS = 0;

    private static final int VELOCITY = 1;
    private static final int GRADIENTS = 2;

    private final LinearRule rule;
    private final double[] parameters;
    private final double[] velocity;
    private final double[] gradient;
    private int steps;
    private boolean hasVelocity;

    /**
     * @param capacity maximum number of steps after {@link #begin}
     */
    public LinearSteps(LinearRule rule, int capacity) {
        this.rule = rule;
        this.parameters = new double[GRADIENTS + capacity];
        this.velocity = new double[GRADIENTS + capacity];
        this.gradient = new double[GRADIENTS + capacity];
    }

    /**
     * Begins a sequence of steps.
     *
     * @param hasVelocity whether a step was taken before, so that there is a velocity
     */
    public void begin(boolean hasVelocity) {
        this.steps = 0;
        this.hasVelocity = hasVelocity;
        parameters[PARAMETERS] = 1;
        parameters[VELOCITY] = 0;
        velocity[PARAMETERS] = 0;
        velocity[VELOCITY] = hasVelocity ? 1 : 0;
    }

    /** Adds a step. */
    public void step(double learningRate) {
        int used = GRADIENTS + steps;
        parameters[used] = 0;
        velocity[used] = 0;
        for (int i = 0; i < used; i++) {
            gradient[i] = rule.weightDecay() * parameters[i];
        }
        gradient[used] = 1;
        double kept = hasVelocity ? rule.momentum() : 0;
        double taken = hasVelocity ? 1 - rule.dampening() : 1;
        for (int i = 0; i <= used; i++) {
            velocity[i] = kept * velocity[i] + taken * gradient[i];
            double direction =
                    rule.nesterov() ? gradient[i] + rule.momentum() * velocity[i] : velocity[i];
            parameters[i] -= learningRate * direction;
        }
        hasVelocity = rule.momentum() > 0;
        steps++;
    }

    /** Returns {@code a}. */
    public double parametersOfParameters() {
        return parameters[PARAMETERS];
    }

    /** Returns {@code b}. */
    public double parametersOfVelocity() {
        return parameters[VELOCITY];
    }

    /** Returns {@code cₛ}. */
    public double parametersOfGradient(int step) {
        return parameters[GRADIENTS + step];
    }

    /** Returns {@code p}. */
    public double velocityOfParameters() {
        return velocity[PARAMETERS];
    }

    /** Returns {@code q}. */
    public double velocityOfVelocity() {
        return velocity[VELOCITY];
    }

    /** Returns {@code eₛ}. */
    public double velocityOfGradient(int step) {
        return velocity[GRADIENTS + step];
    }
}
