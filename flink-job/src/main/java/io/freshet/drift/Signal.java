package io.freshet.drift;

import java.util.Arrays;
import java.util.List;

/**
 * Quantities of a test-then-train evaluation that a detector can monitor, one value per example.
 * All are small where predictions are good.
 */
public enum Signal {
    /**
     * The loss in nats. Its scale depends on the stream; confident mistakes have a large effect.
     */
    LOSS(Domain.NUMBERS),

    /** 1 for a wrong prediction, 0 for a right one. */
    ERROR(Domain.ERRORS),

    /**
     * {@code 1 − exp(−loss)}: for the cross-entropy of a class, the probability that the model gave
     * to the other classes. It ranges from 0 to 1 like the error, but is smoother: a change affects
     * every example, not only those that are now predicted wrongly.
     */
    MISSED_PROBABILITY(Domain.UNIT_INTERVAL);

    private final Domain domain;

    Signal(Domain domain) {
        this.domain = domain;
    }

    /** Returns the domain of the values; detectors of this domain or a wider one accept them. */
    public Domain domain() {
        return domain;
    }

    /** Returns the signals whose values are all in a domain. */
    public static List<Signal> within(Domain domain) {
        return Arrays.stream(values()).filter(signal -> domain.includes(signal.domain)).toList();
    }

    /**
     * Returns the value of the signal at an example.
     *
     * @param loss finite, at least 0
     * @param isError whether the prediction was wrong
     */
    public double of(double loss, boolean isError) {
        return switch (this) {
            case LOSS -> loss;
            case ERROR -> isError ? 1 : 0;
            case MISSED_PROBABILITY -> -Math.expm1(-loss);
        };
    }
}
