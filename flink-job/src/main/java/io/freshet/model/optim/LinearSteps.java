package io.freshet.model.optim;

/**
 * Steps of {@link Sgd} as scalars, before any gradient is known.
 *
 * <p>Every rule of SGD is linear, so that after {@code t} steps from {@code θ₀} and {@code v₀}
 * along the gradients {@code g₀ … g₍ₜ₋₁₎}
 *
 * <pre>{@code
 * θ = a·θ₀ + b·v₀ + Σ cₛ·gₛ        v = p·θ₀ + q·v₀ + Σ eₛ·gₛ
 * }</pre>
 *
 * with scalars that follow from running the rule on them. For a constant rate and momentum alone
 * {@code cₛ = −η (1 − μ^(t−s)) / (1 − μ)} and {@code b = −η μ (1 − μᵗ) / (1 − μ)}.
 */
public final class LinearSteps {
    /** Places of θ₀ and v₀ in the coefficients; those of the gradients follow. */
    private static final int PARAMETERS = 0;

    private static final int VELOCITY = 1;
    private static final int GRADIENTS = 2;

    private final Sgd sgd;
    private final double[] parameters;
    private final double[] velocity;
    private final double[] gradient;
    private int steps;
    private boolean hasVelocity;

    /**
     * @param capacity the most steps between two beginnings
     */
    public LinearSteps(Sgd sgd, int capacity) {
        this.sgd = sgd;
        this.parameters = new double[GRADIENTS + capacity];
        this.velocity = new double[GRADIENTS + capacity];
        this.gradient = new double[GRADIENTS + capacity];
    }

    /** Starts anew from parameters and, if any step was taken before, a velocity. */
    public void begin(boolean hasVelocity) {
        this.steps = 0;
        this.hasVelocity = hasVelocity;
        parameters[PARAMETERS] = 1;
        parameters[VELOCITY] = 0;
        velocity[PARAMETERS] = 0;
        velocity[VELOCITY] = hasVelocity ? 1 : 0;
    }

    /** Takes a step. */
    public void step(double learningRate) {
        int used = GRADIENTS + steps;
        parameters[used] = 0;
        velocity[used] = 0;
        for (int i = 0; i < used; i++) {
            gradient[i] = sgd.weightDecay() * parameters[i];
        }
        gradient[used] = 1;
        double kept = hasVelocity ? sgd.momentum() : 0;
        double taken = hasVelocity ? 1 - sgd.dampening() : 1;
        for (int i = 0; i <= used; i++) {
            velocity[i] = kept * velocity[i] + taken * gradient[i];
            double direction =
                    sgd.nesterov() ? gradient[i] + sgd.momentum() * velocity[i] : velocity[i];
            parameters[i] -= learningRate * direction;
        }
        hasVelocity = sgd.momentum() > 0;
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
