package io.freshet.drift;

/**
 * KSWIN, Kolmogorov–Smirnov windowing: an alarm when the latest values of a window are distributed
 * otherwise than those before them.
 *
 * <p>The window holds the last {@code windowSize} values. Once it is full, the latest {@code
 * recentSize} are compared with all others at every value, and the window has changed where the
 * two-sample Kolmogorov–Smirnov test has a p-value of at most {@code alpha}, by the exact
 * distribution of {@code D}. After an alarm the recent ones are the beginning of the next window.
 *
 * <p>Any change of the distribution is found, a wider spread of losses as well as a higher mean.
 * With {@code increasesOnly} the one-sided statistic is compared, which is large where the recent
 * values are the larger ones; a change that only moves the smaller ones up is one, too. A value is
 * compared many times, and the chance of a false alarm at each is {@code alpha}: take it small.
 *
 * <p>The change is taken to have begun with the recent values. Source: Raab, Heusinger and Schleif,
 * <i>Reactive soft prototype computing for concept drift streams</i>, Neurocomputing 416 (2020).
 * The paper and River compare the recent values with a random sample of as many others. Here all
 * others are compared: it takes no random numbers, finds smaller changes and costs no more, since
 * {@code D} is computed anew only when the values since the last time could have brought it to its
 * threshold. The paper's threshold, {@code √(−ln α / r)}, is the asymptotic one at {@code 2α};
 * River's is the p-value at most {@code alpha}, as here, and {@code D > 0.1}.
 *
 * @param windowSize values of the window, at most {@value #MOST_VALUES}
 * @param recentSize the latest of them that are compared with the others, at least 1 and less than
 *     windowSize
 * @param alpha the p-value at which there is a drift: greater than 0, less than 1, and not below
 *     the smallest one that windows of these sizes can have
 * @param increasesOnly whether the test is one-sided
 */
public record Kswin(int windowSize, int recentSize, double alpha, boolean increasesOnly)
        implements DriftDetector {
    /** The parameters of the paper. */
    public static final Kswin DEFAULT = new Kswin(100, 30, 0.005, false);

    static final int MOST_VALUES = 2_000;

    public Kswin {
        ParameterChecks.requireAtLeast(2, "windowSize", windowSize);
        ParameterChecks.requireAtMost(MOST_VALUES, "windowSize", windowSize);
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
                            + ", the smallest p-value of "
                            + recentSize
                            + " values among "
                            + windowSize
                            + ", but is "
                            + alpha);
        }
    }

    /** Returns the values before the recent ones. */
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
