package io.freshet.model.optim;

import io.freshet.model.linalg.Matrix;
import java.util.List;

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
 * λ} the weight decay, which applies to the bias too.
 *
 * <p>Source: {@code torch.optim.SGD}; Sutskever et al., <i>On the importance of initialization and
 * momentum in deep learning</i> (2013), with the difference that here the learning rate multiplies
 * the whole velocity.
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
        implements Optimizer {
    /** Name of the state's array. */
    public static final String VELOCITY = "velocity";

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

    /** Creates SGD with a constant learning rate and, unless it is 0, momentum. */
    public Sgd(double learningRate, double momentum) {
        this(LearningRateSchedule.constant(learningRate), momentum, 0, false, 0);
    }

    @Override
    public List<String> stateNames() {
        return momentum > 0 ? List.of(VELOCITY) : List.of();
    }

    @Override
    public boolean isPlain() {
        return momentum == 0 && weightDecay == 0;
    }

    @Override
    public LinearRule linearRule() {
        return new LinearRule(momentum, dampening, nesterov, weightDecay);
    }

    @Override
    public void step(
            Matrix parameters,
            Matrix gradient,
            Matrix[] state,
            long stepsBefore,
            double learningRate) {
        if (weightDecay > 0) {
            gradient.addScaled(weightDecay, parameters);
        }
        Matrix direction = gradient;
        if (momentum > 0) {
            direction = state[0];
            if (stepsBefore > 0) {
                direction.scale(momentum);
                direction.addScaled(1 - dampening, gradient);
            } else {
                direction.copyFrom(gradient);
            }
        }
        if (nesterov) {
            parameters.addScaled(-learningRate, gradient);
            parameters.addScaled(-learningRate * momentum, direction);
        } else {
            parameters.addScaled(-learningRate, direction);
        }
    }

    @Override
    public void extendBounds(StepBounds bounds, int steps, double gradient, double learningRate) {
        double theta = bounds.parameters();
        if (isPlain()) {
            // The bound of the gradient covers all steps together.
            bounds.parameters(theta + learningRate * gradient);
            return;
        }
        double v = momentum > 0 ? bounds.state(0) : 0;
        for (int t = 0; t < steps; t++) {
            double g = gradient + weightDecay * theta;
            v = momentum * v + g;
            theta += learningRate * (g + v);
        }
        bounds.parameters(theta);
        if (momentum > 0) {
            bounds.state(0, v);
        }
    }
}
