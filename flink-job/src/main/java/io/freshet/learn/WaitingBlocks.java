package io.freshet.learn;

import io.freshet.ingest.ExampleBlock;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Queue;

/**
 * Blocks that wait until those of other models can run in one launch with them on a device, in the
 * order in which they came.
 */
final class WaitingBlocks {
    /** Values of features at which the blocks are full: 64 MiB. */
    private static final long MAX_VALUES = 1L << 24;

    private final int maxModels;
    private final Map<String, Queue<ExampleBlock>> blocks = new LinkedHashMap<>();
    private long numValues;

    /**
     * @param maxModels number of models at which the blocks are full
     */
    WaitingBlocks(int maxModels) {
        this.maxModels = maxModels;
    }

    /** Adds a block, which is kept. */
    void add(ExampleBlock block) {
        blocks.computeIfAbsent(block.modelId(), key -> new ArrayDeque<>()).add(block);
        numValues += values(block);
    }

    private static long values(ExampleBlock block) {
        return (long) block.size() * block.examples().numFeatures();
    }

    /** Returns the number of models of which a block waits. */
    int numModels() {
        return blocks.size();
    }

    boolean isEmpty() {
        return blocks.isEmpty();
    }

    /** Returns whether the blocks should run before more are added. */
    boolean isFull() {
        return blocks.size() >= maxModels || numValues >= MAX_VALUES;
    }

    /** Removes the oldest block of each model, and returns them. */
    List<ExampleBlock> takeOldest() {
        List<ExampleBlock> oldest = new ArrayList<>();
        Iterator<Queue<ExampleBlock>> models = blocks.values().iterator();
        while (models.hasNext()) {
            Queue<ExampleBlock> ofModel = models.next();
            ExampleBlock block = ofModel.remove();
            oldest.add(block);
            numValues -= values(block);
            if (ofModel.isEmpty()) {
                models.remove();
            }
        }
        return oldest;
    }
}
