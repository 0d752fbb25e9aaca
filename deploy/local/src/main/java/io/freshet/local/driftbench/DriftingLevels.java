package io.freshet.local.driftbench;

import java.util.Random;

/**
 * Generators of independent random losses and errors, without a model, whose mean rises at each
 * drift. A mean that falls again is not counted as a drift.
 */
final class DriftingLevels {
    private static final double LN_2 = Math.log(2);

    private DriftingLevels() {}

    /**
     * Generates errors with a rate of 0.02 to 0.3 that rises by 0.15 to 0.5, or by 0.05 to 0.15 in
     * a partial drift. In a brief drift a rate of 0.001 to 0.02 rises by 0.6 to 0.95 and falls back
     * exponentially, with a time constant of 8 to 20 examples. The losses are those of a model that
     * is calibrated before the drift.
     */
    static LossStream errors(DriftKind kind, long seed) {
        Random random = new Random(seed);
        DriftPlan plan = DriftPlan.draw(kind, random);
        double low =
                kind == DriftKind.BRIEF ? between(0.001, 0.02, random) : between(0.02, 0.3, random);
        double rise =
                switch (kind) {
                    case PARTIAL -> between(0.05, 0.15, random);
                    case BRIEF -> between(0.6, 0.95, random);
                    default -> between(0.15, 0.5, random);
                };
        double recovery = recovery(kind, random);
        float[] losses = new float[plan.length()];
        boolean[] errors = new boolean[plan.length()];
        for (int i = 0; i < plan.length(); i++) {
            double fraction = fraction(plan, recovery, i, random);
            errors[i] = random.nextDouble() < low + fraction * rise;
            losses[i] = (float) -Math.log(errors[i] ? low : 1 - low);
        }
        return new LossStream("errors", kind, losses, errors, plan.forward());
    }

    /**
     * Generates losses with a mean of 0.1 to 0.6 that is multiplied by 2 to 4, or by 1.3 to 2 in a
     * partial drift. In a brief drift a mean of 0.01 to 0.1 rises to 2 to 4 and falls back as that
     * of {@link #errors}. Losses are distributed exponentially, or log-normally with {@code σ = 1}.
     * A loss above ln 2 counts as an error, as with two classes.
     */
    static LossStream losses(DriftKind kind, long seed) {
        Random random = new Random(seed);
        DriftPlan plan = DriftPlan.draw(kind, random);
        double low =
                kind == DriftKind.BRIEF ? between(0.01, 0.1, random) : between(0.1, 0.6, random);
        double high =
                switch (kind) {
                    case PARTIAL -> low * between(1.3, 2, random);
                    case BRIEF -> between(2, 4, random);
                    default -> low * between(2, 4, random);
                };
        double recovery = recovery(kind, random);
        boolean logNormal = random.nextBoolean();
        float[] losses = new float[plan.length()];
        boolean[] errors = new boolean[plan.length()];
        for (int i = 0; i < plan.length(); i++) {
            double mean = low + fraction(plan, recovery, i, random) * (high - low);
            double noise =
                    logNormal
                            ? Math.exp(random.nextGaussian() - 0.5)
                            : -Math.log1p(-random.nextDouble());
            losses[i] = (float) (mean * noise);
            errors[i] = losses[i] > LN_2;
        }
        return new LossStream("losses", kind, losses, errors, plan.forward());
    }

    /** Draws the time constant of the recovery after a brief drift; infinite for other kinds. */
    private static double recovery(DriftKind kind, Random random) {
        return kind == DriftKind.BRIEF ? between(8, 20, random) : Double.POSITIVE_INFINITY;
    }

    /** Returns the fraction of the rise that is left at an example. */
    private static double fraction(DriftPlan plan, double recovery, int example, Random random) {
        double fraction = plan.secondRegimeFraction(example, random);
        return fraction == 0 || plan.changes().isEmpty()
                ? fraction
                : fraction * Math.exp(-(example - plan.changes().get(0).at()) / recovery);
    }

    private static double between(double low, double high, Random random) {
        return low + random.nextDouble() * (high - low);
    }
}
