package io.freshet.local.driftbench;

import java.util.Random;

/**
 * Losses and errors that are drawn, without a model: independent of each other, around a level that
 * rises at each drift. A level that falls again is no drift.
 */
final class DriftingLevels {
    private static final double LN_2 = Math.log(2);

    private DriftingLevels() {}

    /**
     * Errors at a rate of 0.02 to 0.3 that rises by 0.15 to 0.5, or partially by 0.05 to 0.15. The
     * losses are those of a model that gives the class of its choice what it deserves before the
     * rise.
     */
    static LossStream errors(DriftKind kind, long seed) {
        Random random = new Random(seed);
        DriftPlan plan = DriftPlan.draw(kind, random);
        double low = between(0.02, 0.3, random);
        double rise =
                kind == DriftKind.PARTIAL
                        ? between(0.05, 0.15, random)
                        : between(0.15, 0.5, random);
        float[] losses = new float[plan.length()];
        boolean[] errors = new boolean[plan.length()];
        for (int i = 0; i < plan.length(); i++) {
            errors[i] = random.nextDouble() < low + plan.share(i, random) * rise;
            losses[i] = (float) -Math.log(errors[i] ? low : 1 - low);
        }
        return new LossStream("errors", kind, losses, errors, plan.forward());
    }

    /**
     * Losses around a mean of 0.1 to 0.6 that becomes two to four times as large, or partially 1.3
     * to two times: exponentially distributed, or log-normally with {@code σ = 1}. A loss above ln
     * 2 counts as an error, which it is where there are two classes.
     */
    static LossStream losses(DriftKind kind, long seed) {
        Random random = new Random(seed);
        DriftPlan plan = DriftPlan.draw(kind, random);
        double low = between(0.1, 0.6, random);
        double high =
                low * (kind == DriftKind.PARTIAL ? between(1.3, 2, random) : between(2, 4, random));
        boolean logNormal = random.nextBoolean();
        float[] losses = new float[plan.length()];
        boolean[] errors = new boolean[plan.length()];
        for (int i = 0; i < plan.length(); i++) {
            double mean = low + plan.share(i, random) * (high - low);
            double noise =
                    logNormal
                            ? Math.exp(random.nextGaussian() - 0.5)
                            : -Math.log1p(-random.nextDouble());
            losses[i] = (float) (mean * noise);
            errors[i] = losses[i] > LN_2;
        }
        return new LossStream("losses", kind, losses, errors, plan.forward());
    }

    private static double between(double low, double high, Random random) {
        return low + random.nextDouble() * (high - low);
    }
}
