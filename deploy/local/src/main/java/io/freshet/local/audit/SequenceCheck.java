package io.freshet.local.audit;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * Check that the records of each model are numbered 0, 1, 2, … without gap or repetition.
 *
 * <p>Under at-least-once delivery, records may be repeated with a higher attempt number.
 */
final class SequenceCheck {
    private static final int MAX_PROBLEMS = 20;

    private record Last(long next, long attempt) {}

    private final AuditCheck check;
    private final Map<String, Last> models = new HashMap<>();
    private final List<Finding> findings = new ArrayList<>();
    private long records;
    private long fromLater;

    SequenceCheck(AuditCheck check) {
        this.check = check;
    }

    /**
     * Adds a record. Those of one model must be added in the order of the topic.
     *
     * @param attempt attempt number; 0 under exactly-once delivery
     * @param elsewhere whether earlier records of the model may be missing: because retention has
     *     removed them, or because they are of an earlier epoch
     * @return whether the record replaces those from its sequence number on
     */
    boolean add(String modelId, long sequence, long attempt, boolean elsewhere) {
        records++;
        Last last = models.get(modelId);
        boolean again = last != null && sequence < last.next() && attempt > last.attempt();
        boolean first = last == null && elsewhere;
        long expected = last == null ? 0 : last.next();
        if (first && sequence > 0) {
            fromLater++;
        } else if (sequence != expected && !again && findings.size() < MAX_PROBLEMS) {
            findings.add(
                    Finding.mismatch(
                            check, modelId, "record " + sequence + " follows " + before(expected)));
        }
        models.put(modelId, new Last(sequence + 1, attempt));
        return again;
    }

    private static String before(long expected) {
        return expected == 0 ? "no other" : "record " + (expected - 1);
    }

    /** Returns the number of records of a model that should be there. */
    long next(String modelId) {
        Last last = models.get(modelId);
        return last == null ? 0 : last.next();
    }

    List<Finding> findings() {
        return findings;
    }

    /** Returns the numbers of records, for people. */
    String detail() {
        String text = AuditText.format("%,d records of %,d models", records, models.size());
        return fromLater == 0
                ? text
                : text + AuditText.format("; of %,d models the first are not here", fromLater);
    }
}
