package io.freshet.learn.drift;

import org.jspecify.annotations.Nullable;

/**
 * Recall and loss of a class before and after a change. Values that are undefined without examples
 * are null.
 *
 * @param classIndex index of the class
 * @param className name of the class
 * @param labelsBefore number of examples before the change with this label
 * @param labelsAfter number of examples after the change with this label
 * @param recallBefore fraction of the examples before that were predicted correctly
 * @param recallAfter fraction of the examples after that were predicted correctly
 * @param lossBefore mean loss of the examples before, in nats
 * @param lossAfter mean loss of the examples after, in nats
 */
public record ClassChange(
        int classIndex,
        String className,
        int labelsBefore,
        int labelsAfter,
        @Nullable Double recallBefore,
        @Nullable Double recallAfter,
        @Nullable Double lossBefore,
        @Nullable Double lossAfter) {
    /** Returns by how much the recall fell; 0 if it is undefined before or after the change. */
    double recallDrop() {
        return recallBefore == null || recallAfter == null ? 0 : recallBefore - recallAfter;
    }
}
