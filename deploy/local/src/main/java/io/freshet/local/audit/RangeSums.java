package io.freshet.local.audit;

import java.util.HashMap;
import java.util.Map;
import org.apache.kafka.common.TopicPartition;

/** Events of one model between two {@link Boundary boundaries}, as the audit finds them. */
final class RangeSums {
    private final Map<TopicPartition, RunningSum> read = new HashMap<>(2);
    private final RunningSum labelled = new RunningSum();
    private final RunningSum unlabelled = new RunningSum();
    private final RunningSum deadLetters = new RunningSum();
    private final RunningSum predictions = new RunningSum();

    /** Events in the input, by partition. */
    RunningSum read(TopicPartition partition) {
        return read.computeIfAbsent(partition, p -> new RunningSum());
    }

    /** Events with a label that are not dead letters. */
    RunningSum labelled() {
        return labelled;
    }

    /** Events without a label that are not dead letters. */
    RunningSum unlabelled() {
        return unlabelled;
    }

    /** Records of the topic of dead letters. */
    RunningSum deadLetters() {
        return deadLetters;
    }

    /** Records of the topic of predictions. */
    RunningSum predictions() {
        return predictions;
    }
}
