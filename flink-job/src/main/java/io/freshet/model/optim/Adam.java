package io.freshet.model.optim;

import io.freshet.model.linalg.Matrix;
import java.util.List;

/**
 * Adam, in PyTorch's form.
 *
 * <pre>{@code
 * g ← g + λ·θ
 * m ← β₁·m + (1 − β₁)·g
 * v ← β₂·v + (1 − β₂)·g²
 * θ ← θ − η / (1 − β₁ᵗ) · m / (√v / √(1 − β₂ᵗ) + ε)
 * }</pre>
 *
 * <p>for the parameters {@code θ}, the moments {@code m} and {@code v}, zero at first, and the
 * gradient {@code g}, all of one shape and element by element; {@code t} is the number of the step,
 * from 1 on, since the moments were zero.
 *
 * <p>Source: {@code torch.optim.Adam}; Kingma and Ba, <i>Adam: a method for stochastic
 * optimization</i> (2015).
 *
 * @param learningRate {@code η} by steps taken
 * @param beta1 {@code β₁}: at least 0, less than 1
 * @param beta2 {@code β₂}: at least 0, less than 1
 * @param epsilon {@code ε}: finite, at least {@value #MIN_EPSILON}
 * @param weightDecay {@code λ}: finite, at least 0; applies to the bias too
 */
public record Adam(
        LearningRateSchedule learningRate,
        double beta1,
        double beta2,
        double epsilon,
        double weightDecay)
        implements Optimizer {
    /** Name of the array of the first moments {@code m}. */
    public static final String FIRST_MOMENT = "first-moment";

    /** Name of the array of the second moments {@code v}. */
    public static final String SECOND_MOMENT = "second-moment";

    /** Smallest {@code ε} that is well above the rounding of moments in float. */
    public static final double MIN_EPSILON = 1e-12;

    /** Magnitude up to which a first moment can have a second moment that is 0 in float. */
    private static final double UNDERFLOW = 1e-18;

    public Adam {
        requireBeta("beta1", beta1);
        requireBeta("beta2", beta2);
        if (!(epsilon >= MIN_EPSILON && epsilon <= Float.MAX_VALUE)) {
            throw new IllegalArgumentException(
                    "epsilon must be finite and at least " + MIN_EPSILON + ", but is " + epsilon);
        }
        if (!(weightDecay >= 0 && weightDecay <= Float.MAX_VALUE)) {
            throw new IllegalArgumentException(
                    "weightDecay must be finite and at least 0, but is " + weightDecay);
        }
    }

    private static void requireBeta(String name, double beta) {
        if (!(beta >= 0 && beta < 1)) {
            throw new IllegalArgumentException(
                    name + " must be at least 0 and less than 1, but is " + beta);
        }
    }

    @Override
    public List<String> stateNames() {
        return List.of(FIRST_MOMENT, SECOND_MOMENT);
    }

    @Override
    public void step(
            Matrix parameters,
            Matrix gradient,
            Matrix[] state,
            long stepsBefore,
            double learningRate) {
        Matrix firstMoment = state[0];
        Matrix secondMoment = state[1];
        if (weightDecay > 0) {
            gradient.addScaled(weightDecay, parameters);
        }
        if (stepsBefore == 0) {
            firstMoment.copyFrom(gradient);
            firstMoment.scale(0);
            secondMoment.copyFrom(firstMoment);
        }
        firstMoment.scale(beta1);
        firstMoment.addScaled(1 - beta1, gradient);
        secondMoment.scale(beta2);
        secondMoment.addSquares(1 - beta2, gradient);
        double step = stepsBefore + 1.0;
        parameters.addRatio(
                -learningRate / (1 - Math.pow(beta1, step)),
                firstMoment,
                secondMoment,
                Math.sqrt(1 - Math.pow(beta2, step)),
                epsilon);
    }

    /**
     * {@inheritDoc}
     *
     * <p>By the Cauchy–Schwarz inequality a parameter moves by at most {@code η / √((1 − β₂)(1 −
     * β₁²/β₂))} a step; where {@code β₁² ≥ β₂} there is no such bound, and it is infinite here.
     */
    @Override
    public void extendBounds(StepBounds bounds, int steps, double gradient, double learningRate) {
        double unit = (1 - beta2) * (1 - beta1 * beta1 / beta2);
        double move = (unit > 0 ? 1 / Math.sqrt(unit) : Double.POSITIVE_INFINITY);
        double perParameter = learningRate * (move + UNDERFLOW / epsilon);
        double theta = bounds.parameters();
        double m = bounds.state(0);
        double v = bounds.state(1);
        for (int t = 0; t < steps; t++) {
            double g = gradient + weightDecay * theta;
            m = beta1 * m + (1 - beta1) * g;
            v = beta2 * v + (1 - beta2) * g * g;
            theta += perParameter * bounds.numParameters();
        }
        bounds.parameters(theta);
        bounds.state(0, m);
        bounds.state(1, v);
    }
}
