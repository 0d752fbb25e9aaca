package io.freshet.model;

import io.freshet.model.optim.Optimizer;

/**
 * What a learner counted.
 *
 * @param modelVersion SGD steps taken, plus one per roll-back and other change
 * @param steps SGD steps taken
 * @param skippedSteps steps not taken because a number was not finite
 * @param skippedInARow of them, those since the last step that was taken or rolled back
 * @param rollBacks times that the parameters went back to the last good ones
 * @param stepsSinceRollBack steps taken since the last roll-back, or since the start
 * @param stepsSinceCopy steps taken since the last good parameters were copied
 * @param boost by what the learning rate of the next steps is multiplied; 1 where it is not
 * @param boostedSteps of how many
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
    /** Before the first example. */
    public static final LearnerCounters NONE = new LearnerCounters(0, 0, 0, 0, 0, 0, 0, 1, 0);

    /** Counts steps that were taken; a boost that is over is forgotten. */
    LearnerCounters taken(int count) {
        long stillBoosted = Math.max(0, boostedSteps - count);
        return new LearnerCounters(
                modelVersion + count,
                steps + count,
                skippedSteps,
                0,
                rollBacks,
                stepsSinceRollBack + count,
                stepsSinceCopy + count,
                stillBoosted > 0 ? boost : 1,
                stillBoosted);
    }

    /** Counts a step that was not taken. */
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

    /** Counts a roll-back. */
    LearnerCounters rolledBack() {
        return new LearnerCounters(
                modelVersion + 1, steps, skippedSteps, 0, rollBacks + 1, 0, 0, boost, boostedSteps);
    }

    /** Counts a change of what is learnt that is no step. */
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

    /** Notes that the learning rate of the next steps is multiplied. */
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

    /** The learning rate of a step to come, {@code ahead} steps after the next. */
    double learningRate(Optimizer optimizer, long ahead) {
        double rate = optimizer.learningRate().at(steps + ahead);
        return ahead < boostedSteps ? boost * rate : rate;
    }

    /** Notes that the parameters were copied. */
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
