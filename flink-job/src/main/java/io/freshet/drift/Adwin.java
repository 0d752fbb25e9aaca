package io.freshet.drift;

/**
 * ADWIN, the adaptive window: an alarm when some split of the window has means that differ
 * significantly; what is older than the split is then dropped.
 *
 * <p>A window of {@code n} values with variance {@code σ²} is cut where its {@code n₀} older and
 * {@code n₁} newer values have means that differ by more than
 *
 * <pre>{@code
 * ε = √(2 m σ² d) + ⅔ m d,   m = 1/(n₀ − 4) + 1/(n₁ − 4),   d = ln(2 ln n / δ)
 * }</pre>
 *
 * <p>for {@code δ = delta}. Both parts have more than 6 values, the window more than 10, and cuts
 * are looked for at every {@code clock}-th value. Buckets of 1, 2, 4, … values, at most {@value
 * AdwinWindow#MOST_BUCKETS} of a size, keep sums and squared deviations in {@code O(log n)}; splits
 * are between buckets, and one bucket after the other is dropped while there is a cut.
 *
 * <p>The window is cut at increases and decreases alike. With {@code increasesOnly} an alarm is
 * only where the mean of what is left is above the mean before, and decreases are forgotten without
 * a word. After an alarm the test goes on with what is left of the window. {@code ⅔ m d} is meant
 * for values between 0 and 1; larger ones make alarms more frequent than {@code δ}.
 *
 * <p>The change is taken to have begun at the split where the difference exceeds its bound most.
 * Source: Bifet and Gavaldà, <i>Learning from time-changing data with adaptive windowing</i>, SIAM
 * International Conference on Data Mining (2007), whose {@code d} is {@code ln(2 n / δ)}. What is
 * computed here is MOA's {@code ADWINChangeDetector}, which has {@code increasesOnly} and {@code
 * clock = 32}, except that sizes are long: MOA multiplies them as int, which overflows in windows
 * beyond 10⁵ values.
 *
 * @param delta {@code δ}, the chance of a false cut, by the bound: greater than 0, less than 1
 * @param clock values from one look for cuts to the next, at least 1
 * @param increasesOnly whether only increases are alarms
 */
public record Adwin(double delta, int clock, boolean increasesOnly) implements DriftDetector {
    /** The parameters of MOA. */
    public static final Adwin DEFAULT = new Adwin(0.002, 32, true);

    public Adwin {
        ParameterChecks.requireProbability("delta", delta);
        ParameterChecks.requireAtLeast(1, "clock", clock);
    }

    @Override
    public Domain domain() {
        return Domain.NUMBERS;
    }

    @Override
    public RunningDetector start() {
        return new AdwinWindow(delta, clock, increasesOnly);
    }

    @Override
    public RunningDetector restore(double[] state) {
        return new AdwinWindow(delta, clock, increasesOnly, state);
    }
}
