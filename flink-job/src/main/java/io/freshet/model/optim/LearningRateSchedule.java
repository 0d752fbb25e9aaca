package io.freshet.model.optim;

import java.io.Serializable;

/**
 * The schedule of a learning rate: its value as a function of the number of steps taken.
 *
 * <p>Source: PyTorch's {@code torch.optim.lr_scheduler}; inverse time: Bottou, <i>Stochastic
 * gradient descent tricks</i> (2012).
 *
 * @param kind the form of the schedule
 * @param initial the rate of the first step: finite, greater than 0
 * @param decay {@code γ}; 1 for a constant rate
 * @param every number of steps between two decays of {@link Kind#STEP}, at least 1
 */
public record LearningRateSchedule(Kind kind, double initial, double decay, int every)
        implements Serializable {
    /** The form of a schedule, with {@code η₀} the initial rate and {@code t} steps taken. */
    public enum Kind {
        /** {@code η₀}. */
        CONSTANT,

        /** {@code η₀ γ^⌊t / every⌋}, as PyTorch's {@code StepLR}. */
        STEP,

        /** {@code η₀ γᵗ}, as PyTorch's {@code ExponentialLR}. */
        EXPONENTIAL,

        /** {@code η₀ / (1 + γ t)}. */
        INVERSE_TIME
    }

    public LearningRateSchedule {
        if (!(initial > 0 && initial <= Float.MAX_VALUE)) {
            throw new IllegalArgumentException(
                    "the initial learning rate must be finite and greater than 0, but is "
                            + initial);
        }
        if (!(decay >= 0 && decay <= Float.MAX_VALUE)
                || (decay > 1 && (kind == Kind.STEP || kind == Kind.EXPONENTIAL))) {
            throw new IllegalArgumentException(
                    "the decay of a "
                            + kind
                            + " schedule must be at least 0"
                            + (kind == Kind.INVERSE_TIME ? "" : " and at most 1")
                            + ", but is "
                            + decay);
        }
        if (every < 1) {
            throw new IllegalArgumentException("every must be at least 1, but is " + every);
        }
    }

    /** Returns a constant schedule. */
    public static LearningRateSchedule constant(double learningRate) {
        return new LearningRateSchedule(Kind.CONSTANT, learningRate, 1, 1);
    }

    /**
     * Returns the learning rate of a step.
     *
     * @param step number of steps taken before it
     */
    public double at(long step) {
        return switch (kind) {
            case CONSTANT -> initial;
            case STEP -> {
                long falls = step / every;
                yield initial * Math.pow(decay, (double) falls);
            }
            case EXPONENTIAL -> initial * Math.pow(decay, (double) step);
            case INVERSE_TIME -> initial / (1 + decay * step);
        };
    }
}
