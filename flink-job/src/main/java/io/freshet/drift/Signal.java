package io.freshet.drift;

/** What of a test-then-train evaluation a detector looks at. All are small where things go well. */
public enum Signal {
    /** The loss in nats. Its scale is the stream's, and a single confident mistake weighs much. */
    LOSS(Domain.NUMBERS),

    /** 1 for a wrong prediction, 0 for a right one. */
    ERROR(Domain.ERRORS),

    /**
     * {@code 1 − exp(−loss)}: for the cross-entropy of a class, the probability that the model did
     * not give it. From 0 to 1 as the error is, with the same meaning, and smoother: a change shows
     * in every example instead of in those that it makes wrong.
     */
    MISSED_PROBABILITY(Domain.UNIT_INTERVAL);

    private final Domain domain;

    Signal(Domain domain) {
        this.domain = domain;
    }

    /** Returns what its values are; a detector of that domain, or a wider one, takes it. */
    public Domain domain() {
        return domain;
    }

    /**
     * Returns its value at an example.
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
