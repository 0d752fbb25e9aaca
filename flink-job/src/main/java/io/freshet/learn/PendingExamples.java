package io.freshet.learn;

import io.freshet.ingest.ExampleBlock;
import io.freshet.ingest.Origins;
import io.freshet.model.example.Evaluation;
import io.freshet.model.example.Examples;

/**
 * Examples of a model that do not yet fill a mini-batch or, in blocks cut by count, an execution
 * block; with their origins, in stream order.
 */
final class PendingExamples {
    private final Examples examples;
    private final Origins origins = new Origins();

    PendingExamples(LearnConfig config) {
        examples =
                new Examples(
                        config.learner().numFeatures(), config.numTargets(), 0, config.isSparse());
    }

    boolean isEmpty() {
        return examples.size() == 0;
    }

    /** Returns the examples; not a copy. */
    Examples examples() {
        return examples;
    }

    /** Returns the origin of each example; not a copy. */
    Origins origins() {
        return origins;
    }

    /**
     * Appends copies of all examples of a block.
     *
     * @param block not modified
     */
    void append(ExampleBlock block) {
        examples.addAll(block.examples());
        origins.addAll(block.origins());
    }

    /**
     * Appends copies of the examples of a block that are pending after an evaluation.
     *
     * @param block not modified
     * @param evaluation of the block's examples. Not modified.
     */
    void appendPending(ExampleBlock block, Evaluation evaluation) {
        for (int row = 0; row < block.size(); row++) {
            if (evaluation.outcome(row) == Evaluation.Outcome.PENDING) {
                examples.addFrom(block.examples(), row);
                origins.addFrom(block.origins(), row);
            }
        }
    }

    /**
     * Keeps only the examples that are pending after an evaluation, in their order.
     *
     * @param evaluation of these examples. Not modified.
     */
    void retainPending(Evaluation evaluation) {
        origins.retainPending(evaluation);
        examples.retainPending(evaluation);
        if (isEmpty()) {
            origins.clear();
        }
    }

    /** Returns copies of the examples in a new block. */
    ExampleBlock toBlock(String modelId) {
        return new ExampleBlock(modelId, examples.copy(), origins.copy());
    }
}
