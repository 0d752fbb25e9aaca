package io.freshet.local.audit;

import io.freshet.publish.Topic;
import io.freshet.schemas.DeadLetterEvent;
import io.freshet.schemas.PredictionEvent;
import java.util.function.Function;

/**
 * State of the topics of dead letters and predictions while they were read.
 *
 * @param isOpen whether transactions were open that may contain further answers
 * @param deadLettersRemoved whether retention has removed dead letters
 * @param predictionsRemoved whether retention has removed predictions
 */
record AnswerTopics(boolean isOpen, boolean deadLettersRemoved, boolean predictionsRemoved) {
    /** Receiver of the records of a topic. */
    @FunctionalInterface
    interface Receiver<T> {
        /**
         * Receives a record.
         *
         * @param advances whether all records are passed on, sooner or later, that were published
         *     in the same transaction or an earlier one, unless the topics are open
         */
        void accept(T record, boolean advances);
    }

    /**
     * Reads both topics, and then what has become visible in the first meanwhile. A transaction
     * with records in both is thus read whole if any of its records was visible when the reading of
     * their topic began: all of its records had been written by then.
     *
     * @param open opens a topic
     * @param again whether to read on in the first topic after the second
     */
    static AnswerTopics read(
            Function<Topic, ResultTopic> open,
            boolean again,
            Receiver<DeadLetterEvent> deadLetters,
            Receiver<PredictionEvent> predictions) {
        try (ResultTopic letters = open.apply(Topic.DEAD_LETTERS);
                ResultTopic predicted = open.apply(Topic.PREDICTIONS)) {
            letters.read(
                    record ->
                            deadLetters.accept(
                                    AuditReader.read(AuditReader.DEAD_LETTERS, record),
                                    letters.wasVisible(record)));
            predicted.read(
                    record ->
                            predictions.accept(
                                    AuditReader.read(AuditReader.PREDICTIONS, record),
                                    predicted.wasVisible(record)));
            if (again) {
                letters.read(
                        record ->
                                deadLetters.accept(
                                        AuditReader.read(AuditReader.DEAD_LETTERS, record), false));
            }
            return new AnswerTopics(
                    letters.isOpen() || predicted.isOpen(),
                    letters.isRemoved(),
                    predicted.isRemoved());
        }
    }

    /** Returns whether retention has removed answers. */
    boolean isRemoved() {
        return deadLettersRemoved || predictionsRemoved;
    }
}
