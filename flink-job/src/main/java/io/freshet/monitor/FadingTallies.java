package io.freshet.monitor;

/**
 * Tallies with exponential forgetting: the newest example has multiplicity 1, the i-th before it
 * {@code factor}ⁱ.
 *
 * <p>Instead of scaling the tallies at every example, each example is added with 1/factor times the
 * multiplicity of the previous one. The tallies are scaled down when the multiplicity becomes
 * large. Reading them changes nothing, so that their bits do not depend on when they are read.
 *
 * <p>Source: J. Gama, R. Sebastião and P. P. Rodrigues, <i>On evaluating stream learning
 * algorithms</i> (2013), §3.2.
 */
final class FadingTallies {
    private static final double MAX_MULTIPLICITY = 1e100;

    private final MonitorConfig config;
    private final double factor;
    private final Tallies tallies;

    /** Multiplicity of the newest example in {@link #tallies}. */
    private double multiplicity = 1;

    FadingTallies(MonitorConfig config) {
        this.config = config;
        factor = config.fadingFactor();
        tallies = new Tallies(config);
    }

    /** Adds an example. */
    void add(ScoredExample example) {
        multiplicity /= factor;
        if (multiplicity > MAX_MULTIPLICITY) {
            tallies.scale(1 / multiplicity);
            multiplicity = 1;
        }
        tallies.add(example, multiplicity);
    }

    /** Returns new tallies, in which the newest example has multiplicity 1. */
    Tallies tallies() {
        Tallies scaled = new Tallies(config);
        scaled.add(tallies);
        scaled.scale(1 / multiplicity);
        return scaled;
    }

    /**
     * Returns the tallies in a new array that {@link #restore} accepts, together with the {@link
     * #multiplicity()}.
     */
    double[] state() {
        return tallies.state();
    }

    /** Returns the multiplicity of the newest example in {@link #state()}. */
    double multiplicity() {
        return multiplicity;
    }

    /**
     * Restores saved tallies.
     *
     * @param state as returned by {@link #state()}. Not modified.
     * @param savedMultiplicity as returned by {@link #multiplicity()}
     */
    void restore(double[] state, double savedMultiplicity) {
        tallies.restore(state);
        multiplicity = savedMultiplicity;
    }
}
