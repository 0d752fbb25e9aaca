package io.freshet.local.audit;

import java.util.HashMap;
import java.util.Map;
import org.apache.kafka.common.TopicPartition;

/** Predictions and dead letters of a job, in one epoch, for the events of one partition. */
final class PartitionAnswers {
    private final OffsetSet answered = new OffsetSet();
    private final FoundOffsets repeated;
    private final Map<String, Long> lastPredicted = new HashMap<>();
    private long predictions;
    private long deadLetters;
    private long frontier = -1;

    PartitionAnswers(TopicPartition partition) {
        repeated = new FoundOffsets(partition);
    }

    /**
     * Adds a prediction.
     *
     * @param advances whether all answers are in the topics that were published before this one
     */
    void addPrediction(long offset, String modelId, boolean advances) {
        predictions++;
        add(offset, advances);
        if (advances) {
            lastPredicted.merge(modelId, offset, Math::max);
        }
    }

    /** Adds a dead letter like {@link #addPrediction}. */
    void addDeadLetter(long offset, boolean advances) {
        deadLetters++;
        add(offset, advances);
    }

    private void add(long offset, boolean advances) {
        if (!answered.add(offset)) {
            repeated.add(offset);
        }
        if (advances) {
            frontier = Math.max(frontier, offset);
        }
    }

    /** Returns the offsets that have an answer. */
    OffsetSet answered() {
        return answered;
    }

    /** Returns the offsets of answers that are not the first ones. */
    FoundOffsets repeated() {
        return repeated;
    }

    /**
     * Returns the last offset whose answer {@link #addPrediction advances}; -1 if there is none.
     */
    long frontier() {
        return frontier;
    }

    /** Returns whether an event after an offset has a prediction by a model. */
    boolean isPredictedAfter(long offset, String modelId) {
        return lastPredicted.getOrDefault(modelId, -1L) > offset;
    }

    long predictions() {
        return predictions;
    }

    long deadLetters() {
        return deadLetters;
    }
}
