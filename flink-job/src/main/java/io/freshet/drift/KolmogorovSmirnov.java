package io.freshet.drift;

/**
 * Exact distribution of the two-sample Kolmogorov–Smirnov statistic.
 *
 * <p>Let {@code i} of {@code r} recent and {@code j} of {@code m} older values be at most {@code
 * x}. The statistic is {@code D = max |i/r − j/m|} over all {@code x}, and for the one-sided test
 * {@code max (j/m − i/r)}, which is large if the recent values are larger. It is a multiple of
 * {@code 1 / (r m)}, so this class represents it by its number of such steps.
 *
 * <p>If all values are drawn from one continuous distribution, all their orders are equally likely.
 * An order is a path through the lattice of {@code (i, j)}, and the p-value is the probability that
 * a path reaches the statistic, which is computed backwards from the end:
 *
 * <pre>{@code
 * h(i, j) = 1 if it is reached, else ((r − i) h(i + 1, j) + (m − j) h(i, j + 1)) / (r − i + m − j)
 * }</pre>
 *
 * <p>All terms are positive, so small p-values are as accurate as large ones. With ties among the
 * values the p-value is conservative: too large rather than too small.
 *
 * <p>Source: Hodges, <i>The significance probability of the Smirnov two-sample test</i>, Arkiv för
 * Matematik 3 (1958); Viehmann, <i>Numerically more stable computation of the p-values for the
 * two-sample Kolmogorov–Smirnov test</i> (2021).
 */
final class KolmogorovSmirnov {
    private KolmogorovSmirnov() {}

    /**
     * Returns the probability of a statistic of at least {@code steps / (recent · older)}.
     *
     * @param recent {@code r}, at least 1
     * @param older {@code m}, at least 1
     * @param steps at least 1
     */
    static double pValue(int recent, int older, long steps, boolean oneSided) {
        double[] reached = new double[older + 1];
        for (int i = recent; i >= 0; i--) {
            for (int j = older; j >= 0; j--) {
                long difference = (long) j * recent - (long) i * older;
                int recentLeft = recent - i;
                int olderLeft = older - j;
                if (difference >= steps || (!oneSided && -difference >= steps)) {
                    reached[j] = 1;
                } else if (recentLeft + olderLeft == 0) {
                    reached[j] = 0;
                } else {
                    double next = olderLeft == 0 ? 0 : olderLeft * reached[j + 1];
                    reached[j] = (recentLeft * reached[j] + next) / (recentLeft + olderLeft);
                }
            }
        }
        return reached[0];
    }

    /**
     * Returns the smallest number of steps whose p-value is at most {@code alpha}; if there is
     * none, one more than the largest possible number.
     */
    static long criticalSteps(int recent, int older, double alpha, boolean oneSided) {
        long tooFew = 0;
        long enough = (long) recent * older + 1;
        while (enough - tooFew > 1) {
            long middle = (tooFew + enough) >>> 1;
            if (pValue(recent, older, middle, oneSided) <= alpha) {
                enough = middle;
            } else {
                tooFew = middle;
            }
        }
        return enough;
    }

    /** Returns the smallest possible p-value: that of samples that do not overlap. */
    static double smallestPValue(int recent, int older, boolean oneSided) {
        double orders = 1;
        for (int k = 1; k <= Math.min(recent, older); k++) {
            orders = orders * (recent + older - k + 1) / k;
        }
        return (oneSided ? 1 : 2) / orders;
    }
}
