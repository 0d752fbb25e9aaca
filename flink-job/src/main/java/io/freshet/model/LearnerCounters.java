package io.freshet.model;

import io.freshet.model.optim.Optimizer;

/**
 * Counters of a learner: steps, skipped steps, roll-backs and a temporary boost of the learning
 * rate. Immutable; each method returns the counters after a change.
 *
 * @param modelVersion number of SGD steps taken, plus one for each roll-back or other change
 * @param steps number of SGD steps taken
 * @param skippedSteps number of steps not taken because a value was not finite
 * @param skippedInARow number of steps skipped since the last step taken or the last roll-back
 * @param rollBacks number of times that the parameters were rolled back to the last good copy
 * @param stepsSinceRollBack number of steps taken since the last roll-back, or since the start
 * @param stepsSinceCopy number of steps taken since the last good parameters were copied
 * @param boost factor of the learning rate in the next {@code boostedSteps} steps; 1 without a
 *     boost
 * @param boostedSteps number of steps for which the boost still applies
 */
public record LearnerCounters(
        long modelVersion,
        long steps,
        long skippedSteps,
        int skippedInARow,
        long rollBacks,
        long stepsSinceRollBack,
        long stepsSinceCopy,
        double boost,
        long boostedSteps) {
    /** Counters before the first example. */
    public static final LearnerCounters NONE = new LearnerCounters(0, 0, 0, 0, 0, 0, 0, 1, 0);

    /**
     * Counters before the first example of a model that begins with given parameters. These count
     * as a step, so that the first roll-back returns to them and not to zeros.
     */
    static final LearnerCounters STARTED = new LearnerCounters(0, 0, 0, 0, 0, 1, 0, 1, 0);

    /** Returns the counters after {@code count} more steps; the boost is reset when it ends. */
    LearnerCounters taken(int count) {
        long remainingBoostedSteps = Math.max(0, boostedSteps - count);
        return new LearnerCounters(
                modelVersion + count,
                steps + count,
                skippedSteps,
                0,
                rollBacks,
                stepsSinceRollBack + count,
                stepsSinceCopy + count,
                remainingBoostedSteps > 0 ? boost : 1,
                remainingBoostedSteps);
    }

    /** Returns the counters after a skipped step. */
    LearnerCounters skipped() {
        return new LearnerCounters(
                modelVersion,
                steps,
                skippedSteps + 1,
                skippedInARow + 1,
                rollBacks,
                stepsSinceRollBack,
                stepsSinceCopy,
                boost,
                boostedSteps);
    }

    /** Returns the counters after a roll-back. */
    LearnerCounters rolledBack() {
        return new LearnerCounters(
                modelVersion + 1, steps, skippedSteps, 0, rollBacks + 1, 0, 0, boost, boostedSteps);
    }

    /** Returns the counters after a change of the model other than a step or a roll-back. */
    LearnerCounters changed() {
        return new LearnerCounters(
                modelVersion + 1,
                steps,
                skippedSteps,
                skippedInARow,
                rollBacks,
                stepsSinceRollBack,
                stepsSinceCopy,
                boost,
                boostedSteps);
    }

    /** Returns the counters with a boost of the learning rate for {@code count} steps. */
    LearnerCounters boosted(double factor, long count) {
        return new LearnerCounters(
                modelVersion,
                steps,
                skippedSteps,
                skippedInARow,
                rollBacks,
                stepsSinceRollBack,
                stepsSinceCopy,
                count > 0 ? factor : 1,
                count);
    }

    /** Returns the learning rate of the step that is {@code ahead} steps after the next step. */
    double learningRate(Optimizer optimizer, long ahead) {
        double rate = optimizer.learningRate().at(steps + ahead);
        return ahead < boostedSteps ? boost * rate : rate;
    }

    /** Returns the counters after the parameters were copied. */
    LearnerCounters copied() {
        return new LearnerCounters(
                modelVersion,
                steps,
                skippedSteps,
                skippedInARow,
                rollBacks,
                stepsSinceRollBack,
                0,
                boost,
                boostedSteps);
    }
}
