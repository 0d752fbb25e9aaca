package io.freshet.local.audit;

/**
 * Numbers of answers for the events that a job only predicts.
 *
 * @param predictions number of predictions
 * @param deadLetters number of dead letters
 */
record AnswerCounts(long predictions, long deadLetters) {
    @Override
    public String toString() {
        return AuditText.format("%,d predictions, %,d dead letters", predictions, deadLetters);
    }
}
