package io.freshet.sql;

import java.util.ArrayList;
import java.util.List;
import org.apache.flink.table.api.ValidationException;

/** Collector of everything that is wrong with a model's definition, so that it is told at once. */
final class Problems {
    private final String subject;
    private final List<String> problems = new ArrayList<>();

    /**
     * @param subject thing that has the problems, for the message
     */
    Problems(String subject) {
        this.subject = subject;
    }

    void add(String problem) {
        problems.add(problem);
    }

    /**
     * Does nothing without problems.
     *
     * @throws ValidationException if there are problems; the message lists all of them
     */
    void throwIfAny() {
        if (!problems.isEmpty()) {
            throw new ValidationException(
                    subject + " cannot be used:\n  - " + String.join("\n  - ", problems));
        }
    }
}
