package io.freshet.model;

/**
 * What a learner counted.
 *
 * @param modelVersion SGD steps taken, plus one per roll-back
 * @param steps SGD steps taken
 * @param skippedSteps steps not taken because a number was not finite
 * @param skippedInARow of them, those since the last step that was taken or rolled back
 * @param rollBacks times that the parameters went back to the last good ones
 * @param stepsSinceRollBack steps taken since the last roll-back, or since the start
 * @param stepsSinceCopy steps taken since the last good parameters were copied
 */
public record LearnerCounters(
        long modelVersion,
        long steps,
        long skippedSteps,
        int skippedInARow,
        long rollBacks,
        long stepsSinceRollBack,
        long stepsSinceCopy) {
    /** Before the first example. */
    public static final LearnerCounters NONE = new LearnerCounters(0, 0, 0, 0, 0, 0, 0);

    /** Counts steps that were taken. */
    LearnerCounters taken(int count) {
        return new LearnerCounters(
                modelVersion + count,
                steps + count,
                skippedSteps,
                0,
                rollBacks,
                stepsSinceRollBack + count,
                stepsSinceCopy + count);
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
                stepsSinceCopy);
    }

    /** Counts a roll-back. */
    LearnerCounters rolledBack() {
        return new LearnerCounters(modelVersion + 1, steps, skippedSteps, 0, rollBacks + 1, 0, 0);
    }

    /** Notes that the parameters were copied. */
    LearnerCounters copied() {
        return new LearnerCounters(
                modelVersion, steps, skippedSteps, skippedInARow, rollBacks, stepsSinceRollBack, 0);
    }
}
