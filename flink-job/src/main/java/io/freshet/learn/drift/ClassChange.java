package io.freshet.learn.drift;

import org.jspecify.annotations.Nullable;

/**
 * How a class fared before and after a change. What is not defined without examples is null.
 *
 * @param classIndex the class
 * @param labelsBefore examples before whose label it was
 * @param labelsAfter examples after whose label it was
 * @param recallBefore share of those before that were predicted right
 * @param recallAfter share of those after
 * @param lossBefore their mean loss before, nats
 * @param lossAfter their mean loss after, nats
 */
public record ClassChange(
        int classIndex,
        int labelsBefore,
        int labelsAfter,
        @Nullable Double recallBefore,
        @Nullable Double recallAfter,
        @Nullable Double lossBefore,
        @Nullable Double lossAfter) {
    /** How much the recall fell, 0 where it is not defined on both sides. */
    double fallOfRecall() {
        return recallBefore == null || recallAfter == null ? 0 : recallBefore - recallAfter;
    }
}
