package io.freshet.learn;

import io.freshet.ingest.ExampleBlock;
import io.freshet.ingest.Origin;
import io.freshet.model.example.Evaluation;
import io.freshet.model.example.Examples;
import java.util.Arrays;

/**
 * Rows of a model that wait for their mini-batch to be full and those of the block at hand, in the
 * order of the stream, and where they come from.
 */
final class PendingExamples {
    private final Examples examples;
    private Origin[] origins = new Origin[0];

    PendingExamples(LearnConfig config) {
        examples = new Examples(config.learner().numFeatures(), config.numTargets());
    }

    int size() {
        return examples.size();
    }

    /** The rows; not a copy. */
    Examples examples() {
        return examples;
    }

    /** Where each row comes from, (at least size); not a copy. */
    Origin[] origins() {
        return origins;
    }

    /**
     * Takes the rows of a block behind those that are there.
     *
     * @param block not modified
     */
    void append(ExampleBlock block) {
        int first = examples.size();
        int numFeatures = examples.numFeatures();
        int numTargets = examples.numTargets();
        if (origins.length < first + block.size()) {
            int before = origins.length;
            origins = Arrays.copyOf(origins, Math.max(first + block.size(), 2 * before));
            for (int i = before; i < origins.length; i++) {
                origins[i] = new Origin();
            }
        }
        for (int row = 0; row < block.size(); row++) {
            if (numTargets == 0 || block.label(row) == ExampleBlock.UNLABELLED) {
                examples.add(
                        block.features(), row * numFeatures, block.label(row), block.weight(row));
            } else {
                examples.add(
                        block.features(),
                        row * numFeatures,
                        block.label(row),
                        block.targets(),
                        row * numTargets,
                        block.weight(row));
            }
            origins[first + row].become(block, row);
        }
    }

    /** Keeps only the rows that an evaluation left open, in their order. */
    void retainOpen(Evaluation evaluation) {
        int open = 0;
        for (int i = 0; i < examples.size(); i++) {
            if (evaluation.outcome(i) == Evaluation.Outcome.OPEN) {
                Origin origin = origins[i];
                origins[i] = origins[open];
                origins[open] = origin;
                open++;
            }
        }
        examples.retainOpen(evaluation);
    }

    /** The rows in a new block. */
    ExampleBlock toBlock(String modelId) {
        int numFeatures = examples.numFeatures();
        int numTargets = examples.numTargets();
        ExampleBlock rows = new ExampleBlock(modelId, numFeatures, numTargets);
        for (int i = 0; i < examples.size(); i++) {
            rows.addLabelled(
                    examples.features(),
                    i * numFeatures,
                    examples.targets(),
                    i * numTargets,
                    examples.labels()[i],
                    examples.weights()[i],
                    origins[i].hash,
                    origins[i].source,
                    origins[i].offset,
                    origins[i].timestamp);
        }
        return rows;
    }
}
