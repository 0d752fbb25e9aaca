package io.freshet.monitor;

/**
 * Tallies with exponential forgetting: the newest example has multiplicity 1, the i-th before it
 * {@code factor}ⁱ.
 *
 * <p>Instead of scaling the tallies at every example, each example is added with 1/factor times the
 * multiplicity of the previous one. The tallies are scaled down when they are read, or when the
 * multiplicity becomes large.
 *
 * <p>Source: J. Gama, R. Sebastião and P. P. Rodrigues, <i>On evaluating stream learning
 * algorithms</i> (2013), §3.2.
 */
final class FadingTallies {
    private static final double MAX_MULTIPLICITY = 1e100;

    private final double factor;
    private final Tallies tallies;

    /** Multiplicity of the newest example in {@link #tallies}. */
    private double multiplicity = 1;

    FadingTallies(MonitorConfig config) {
        factor = config.fadingFactor();
        tallies = new Tallies(config);
    }

    /** Adds an example. */
    void add(ScoredExample example) {
        multiplicity /= factor;
        if (multiplicity > MAX_MULTIPLICITY) {
            normalize();
        }
        tallies.add(example, multiplicity);
    }

    /** Scales the tallies so that the newest example has multiplicity 1. */
    private void normalize() {
        tallies.scale(1 / multiplicity);
        multiplicity = 1;
    }

    /**
     * Returns the tallies, in which the newest example has multiplicity 1. Valid until the next
     * example is added.
     */
    Tallies tallies() {
        normalize();
        return tallies;
    }

    /** Returns the state of the tallies in a new array that {@link #restore} accepts. */
    double[] state() {
        return tallies().state();
    }

    /**
     * Restores saved tallies.
     *
     * @param state as returned by {@link #state()}. Not modified.
     */
    void restore(double[] state) {
        tallies.restore(state);
    }
}
