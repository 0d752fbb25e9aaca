package io.freshet.drift;

/**
 * Kolmogorov–Smirnov windowing (KSWIN): an alarm when the newest values of a window have another
 * distribution than the older ones.
 *
 * <p>The window holds the last {@code windowSize} values. Once it is full, the newest {@code
 * recentSize} are compared with all older ones at every value, and there is an alarm where the
 * two-sample Kolmogorov–Smirnov test has a p-value of at most {@code alpha}, by the exact
 * distribution of {@code D}. After an alarm the next window starts with the recent values.
 *
 * <p>Any change of the distribution is detected, a wider spread of losses as well as a higher mean.
 * With {@code increasesOnly} the test is one-sided: its statistic is large if the recent values are
 * larger, also if only the smaller ones among them increased. The test is repeated at every value,
 * with a probability {@code alpha} of a false alarm each time, so {@code alpha} should be small.
 *
 * <p>The estimated start of the change is the first of the recent values. Source: Raab, Heusinger
 * and Schleif, <i>Reactive soft prototype computing for concept drift streams</i>, Neurocomputing
 * 416 (2020). The paper and River compare the recent values with a random sample of as many others.
 * Here they are compared with all others: this needs no random numbers, detects smaller changes and
 * costs no more, since {@code D} is recomputed only when the values since its last computation may
 * have moved it to its threshold. The paper's threshold, {@code √(−ln α / r)}, is the asymptotic
 * one at {@code 2α}; River requires a p-value of at most {@code alpha}, as here, and also {@code D
 * > 0.1}.
 *
 * @param windowSize number of values in the window, at most {@value #MAX_VALUES}
 * @param recentSize number of the newest values that are compared with the others, at least 1 and
 *     less than windowSize
 * @param alpha largest p-value that is a drift: greater than 0, less than 1, and not below the
 *     smallest p-value that is possible with these sizes
 * @param increasesOnly whether the test is one-sided
 */
public record Kswin(int windowSize, int recentSize, double alpha, boolean increasesOnly)
        implements DriftDetector {
    /** The parameters of the paper. */
    public static final Kswin PAPER = new Kswin(100, 30, 0.005, false);

    /** Maximum number of values in the window. */
    public static final int MAX_VALUES = 2_000;

    public Kswin {
        ParameterChecks.requireAtLeast(2, "windowSize", windowSize);
        ParameterChecks.requireAtMost(MAX_VALUES, "windowSize", windowSize);
        ParameterChecks.requireAtLeast(1, "recentSize", recentSize);
        ParameterChecks.requireAtMost(windowSize - 1, "recentSize", recentSize);
        ParameterChecks.requireProbability("alpha", alpha);
        double smallest =
                KolmogorovSmirnov.smallestPValue(
                        recentSize, windowSize - recentSize, increasesOnly);
        if (alpha < smallest) {
            throw new IllegalArgumentException(
                    "alpha must be at least "
                            + smallest
                            + ", the smallest possible p-value of "
                            + recentSize
                            + " values among "
                            + windowSize
                            + ", but is "
                            + alpha);
        }
    }

    /** Returns the number of values before the recent ones. */
    int olderSize() {
        return windowSize - recentSize;
    }

    @Override
    public Domain domain() {
        return Domain.NUMBERS;
    }

    @Override
    public RunningDetector start() {
        return new KswinWindow(windowSize, recentSize, alpha, increasesOnly);
    }

    @Override
    public RunningDetector restore(double[] state) {
        return new KswinWindow(windowSize, recentSize, alpha, increasesOnly, state);
    }
}
