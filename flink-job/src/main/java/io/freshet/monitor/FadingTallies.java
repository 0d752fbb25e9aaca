package io.freshet.monitor;

/**
 * Tallies in which every example counts {@code factor} times as much at each example after it: the
 * newest once, the i-th before it factorⁱ times.
 *
 * <p>Nothing fades in place: each example is added 1/factor times as often as the one before, and
 * all are scaled down when asked, or when the numbers have grown large.
 *
 * <p>Source: J. Gama, R. Sebastião and P. P. Rodrigues, <i>On evaluating stream learning
 * algorithms</i> (2013), §3.2.
 */
final class FadingTallies {
    private static final double LARGE = 1e100;

    private final double factor;
    private final Tallies tallies;
    private double times = 1;

    FadingTallies(MonitorConfig config) {
        factor = config.fadingFactor();
        tallies = new Tallies(config);
    }

    /** Adds an example; those before it fade. */
    void add(ScoredExample example) {
        times /= factor;
        if (times > LARGE) {
            settle();
        }
        tallies.add(example, times);
    }

    /** Makes the newest example count once again. */
    private void settle() {
        tallies.scale(1 / times);
        times = 1;
    }

    /** The tallies now, the newest example counting once. Valid until the next example. */
    Tallies now() {
        settle();
        return tallies;
    }

    /** Everything, in a new array, to go on from. */
    double[] memory() {
        return now().memory();
    }

    /**
     * Goes on from where others were saved.
     *
     * @param memory as {@link #memory()} gave it. Not modified.
     */
    void restore(double[] memory) {
        tallies.restore(memory);
    }
}
