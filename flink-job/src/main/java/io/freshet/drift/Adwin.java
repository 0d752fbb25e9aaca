package io.freshet.drift;

/**
 * ADWIN, the adaptive window: an alarm when the window can be split into two parts whose means
 * differ significantly. The older part is then dropped.
 *
 * <p>A window of {@code n} values with variance {@code σ²} is cut where the means of its {@code n₀}
 * older and {@code n₁} newer values differ by more than
 *
 * <pre>{@code
 * ε = √(2 m σ² d) + ⅔ m d,   m = 1/(n₀ − 4) + 1/(n₁ − 4),   d = ln(2 ln n / δ)
 * }</pre>
 *
 * <p>for {@code δ = delta}. Both parts must have more than 6 values and the window more than 10.
 * The window is checked for cuts at every {@code checkInterval}-th value. Buckets of 1, 2, 4, …
 * values, at most {@value AdwinWindow#MAX_BUCKETS} per size, hold sums and squared deviations in
 * {@code O(log n)} memory. The window is split between buckets only, and the oldest bucket is
 * dropped repeatedly while there is a cut.
 *
 * <p>The window is cut at increases and at decreases. With {@code increasesOnly} a cut is an alarm
 * only if the mean of the remaining window is above the mean before; a cut at a decrease only drops
 * the older values. After an alarm the detector continues with the remaining window. The term
 * {@code ⅔ m d} is meant for values between 0 and 1; with larger values alarms are more frequent
 * than {@code δ}.
 *
 * <p>The estimated start of the change is the split at which the difference exceeds its bound most.
 * Source: Bifet and Gavaldà, <i>Learning from time-changing data with adaptive windowing</i>, SIAM
 * International Conference on Data Mining (2007), whose {@code d} is {@code ln(2 n / δ)}. This
 * class computes the same as MOA's {@code ADWINChangeDetector}, which has {@code increasesOnly} and
 * {@code clock = 32} (here {@code checkInterval}), except that sizes are long: MOA multiplies them
 * as int, which overflows for windows of more than 10⁵ values.
 *
 * @param delta {@code δ}, upper bound of the probability of a false cut: greater than 0, less than
 *     1
 * @param checkInterval number of values from one check for cuts to the next, at least 1
 * @param increasesOnly whether only increases are alarms
 */
public record Adwin(double delta, int checkInterval, boolean increasesOnly)
        implements DriftDetector {
    /** MOA's parameters. */
    public static final Adwin MOA = new Adwin(0.002, 32, true);

    public Adwin {
        ParameterChecks.requireProbability("delta", delta);
        ParameterChecks.requireAtLeast(1, "checkInterval", checkInterval);
    }

    @Override
    public Domain domain() {
        return Domain.NUMBERS;
    }

    @Override
    public RunningDetector start() {
        return new AdwinWindow(delta, checkInterval, increasesOnly);
    }

    @Override
    public RunningDetector restore(double[] state) {
        return new AdwinWindow(delta, checkInterval, increasesOnly, state);
    }
}
