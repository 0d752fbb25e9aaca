package io.freshet.model;

/**
 * Outcome of a run over rows of a {@link Trainer}'s block.
 *
 * @param end index after the last row of the run: at most the end of the block, and at most the end
 *     of the mini-batch after which the observer asked to react
 * @param skipped whether the step of the run's only mini-batch was skipped
 * @param reactionDue whether the observer asked to react
 */
record RunResult(int end, boolean skipped, boolean reactionDue) {}
