package io.freshet.model.optim;

import java.io.Serializable;

/**
 * Stochastic gradient descent, in PyTorch's form.
 *
 * <pre>{@code
 * g ← g + λ·θ
 * v ← g at the first step, else μ·v + (1 − τ)·g
 * θ ← θ − η·v, or with Nesterov's momentum θ ← θ − η·(g + μ·v)
 * }</pre>
 *
 * <p>for the parameters {@code θ}, the velocity {@code v} and the gradient {@code g}, all of one
 * shape; {@code η} is the learning rate, {@code μ} the momentum, {@code τ} the dampening and {@code
 * λ} the weight decay, which falls on the bias too.
 *
 * <p>Source: {@code torch.optim.SGD}; Sutskever et al., <i>On the importance of initialization and
 * momentum in deep learning</i> (2013), of which it differs in that the rate multiplies the whole
 * velocity.
 *
 * @param learningRate {@code η} by steps taken
 * @param momentum {@code μ}: at least 0, less than 1
 * @param dampening {@code τ}: 0 to 1; 0 without momentum and with Nesterov's
 * @param nesterov whether the momentum is Nesterov's
 * @param weightDecay {@code λ}: finite, at least 0
 */
public record Sgd(
        LearningRateSchedule learningRate,
        double momentum,
        double dampening,
        boolean nesterov,
        double weightDecay)
        implements Serializable {
    public Sgd {
        if (!(momentum >= 0 && momentum < 1)) {
            throw new IllegalArgumentException(
                    "momentum must be at least 0 and less than 1, but is " + momentum);
        }
        if (!(dampening >= 0 && dampening <= 1)) {
            throw new IllegalArgumentException(
                    "dampening must be at least 0 and at most 1, but is " + dampening);
        }
        if (dampening > 0 && momentum == 0) {
            throw new IllegalArgumentException(
                    "dampening " + dampening + " has no meaning without momentum");
        }
        if (nesterov && (momentum == 0 || dampening > 0)) {
            throw new IllegalArgumentException(
                    "Nesterov's momentum needs a momentum above 0 and a dampening of 0, but they"
                            + " are "
                            + momentum
                            + " and "
                            + dampening);
        }
        if (!(weightDecay >= 0 && weightDecay <= Float.MAX_VALUE)) {
            throw new IllegalArgumentException(
                    "weightDecay must be finite and at least 0, but is " + weightDecay);
        }
    }

    /** SGD with a constant rate and, unless it is 0, momentum. */
    public Sgd(double learningRate, double momentum) {
        this(LearningRateSchedule.constant(learningRate), momentum, 0, false, 0);
    }

    /** Returns whether a step is {@code θ ← θ − η·g}, so that it remembers nothing. */
    public boolean isPlain() {
        return momentum == 0 && weightDecay == 0;
    }
}
