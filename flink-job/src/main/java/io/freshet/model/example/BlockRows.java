package io.freshet.model;

/**
 * The rows of an execution block in the order of execution: whole mini-batches, and between them
 * examples without a label, which are answered by what was learnt before them.
 */
final class BlockRows {
    private final int[] examples;
    private final int[] steps;
    private final boolean[] learnt;
    private int size;
    private int numSteps;

    /**
     * @param capacity the most rows
     */
    BlockRows(int capacity) {
        this.examples = new int[capacity];
        this.steps = new int[capacity];
        this.learnt = new boolean[capacity];
    }

    /** Returns how many rows there are. */
    int size() {
        return size;
    }

    /** Returns how many mini-batches there are. */
    int numSteps() {
        return numSteps;
    }

    /** Returns whether so many more rows fit. */
    boolean hasRoomFor(int rows) {
        return size + rows <= examples.length;
    }

    /** Forgets all rows. */
    void clear() {
        size = 0;
        numSteps = 0;
    }

    /** Adds an example without a label. */
    void addUnlabelled(int example) {
        add(example, false);
    }

    /**
     * Adds a mini-batch.
     *
     * @param rows its examples, of which the first {@code count} count. Not modified.
     */
    void addMiniBatch(int[] rows, int count) {
        for (int i = 0; i < count; i++) {
            add(rows[i], true);
        }
        numSteps++;
    }

    private void add(int example, boolean isLearnt) {
        examples[size] = example;
        steps[size] = numSteps;
        learnt[size] = isLearnt;
        size++;
    }

    /** Returns the examples of all rows, (at least size); not a copy. */
    int[] examples() {
        return examples;
    }

    /** Returns which example a row is. */
    int example(int row) {
        return examples[row];
    }

    /** Returns how many mini-batches come before a row's; of all, if it is after the last row. */
    int step(int row) {
        return row < size ? steps[row] : numSteps;
    }

    /** Returns whether a row belongs to a mini-batch. */
    boolean isLearnt(int row) {
        return learnt[row];
    }

    /** Returns where the mini-batch that begins at a row ends; the row itself if none begins. */
    int endOfMiniBatch(int row, int to) {
        int end = row;
        while (end < to && learnt[end] && steps[end] == steps[row]) {
            end++;
        }
        return end;
    }
}
