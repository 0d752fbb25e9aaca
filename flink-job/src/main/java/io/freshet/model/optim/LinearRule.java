package io.freshet.model.optim;

/**
 * The coefficients of an optimiser whose steps are linear in parameters, velocity and gradient: SGD
 * in PyTorch's form, see {@link Sgd}.
 *
 * @param momentum {@code μ}; 0 for an optimiser without velocity
 * @param dampening {@code τ}
 * @param nesterov whether the momentum is Nesterov's
 * @param weightDecay {@code λ}
 */
public record LinearRule(double momentum, double dampening, boolean nesterov, double weightDecay) {
    /** Returns whether there is a velocity. */
    public boolean hasVelocity() {
        return momentum > 0;
    }
}
