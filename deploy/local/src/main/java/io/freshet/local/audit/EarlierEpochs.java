package io.freshet.local.audit;

import java.util.HashMap;
import java.util.Map;
import java.util.TreeMap;

/**
 * Numbers of records of each model in each epoch of a job. An epoch that continues the state of an
 * earlier one, because the job was rolled back, continues its sequence numbers too.
 */
final class EarlierEpochs {
    private final Map<String, TreeMap<Long, Long>> next = new HashMap<>();

    /**
     * Adds a record.
     *
     * @return whether it continues the sequence of an earlier epoch
     */
    boolean add(String modelId, long epoch, long sequence) {
        next.computeIfAbsent(modelId, id -> new TreeMap<>()).merge(epoch, sequence + 1, Math::max);
        return sequence > 0 && before(modelId, epoch) >= sequence;
    }

    /** Returns the number of records of a model in the epochs before a given one. */
    long before(String modelId, long epoch) {
        return next.getOrDefault(modelId, new TreeMap<>()).headMap(epoch).values().stream()
                .mapToLong(Long::longValue)
                .max()
                .orElse(0);
    }
}
