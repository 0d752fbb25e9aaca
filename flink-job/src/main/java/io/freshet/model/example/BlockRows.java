package io.freshet.model.example;

/**
 * The rows of an execution block in the order of execution: whole mini-batches, and between them
 * examples without a label, which are answered by what was learnt before them.
 */
public final class BlockRows {
    private final int[] examples;
    private final int[] steps;
    private final boolean[] learnt;
    private int size;
    private int numSteps;

    /**
     * @param capacity the most rows
     */
    public BlockRows(int capacity) {
        this.examples = new int[capacity];
        this.steps = new int[capacity];
        this.learnt = new boolean[capacity];
    }

    /** Returns how many rows there are. */
    public int size() {
        return size;
    }

    /** Returns how many mini-batches there are. */
    public int numSteps() {
        return numSteps;
    }

    /** Returns whether so many more rows fit. */
    public boolean hasRoomFor(int rows) {
        return size + rows <= examples.length;
    }

    /** Forgets all rows. */
    public void clear() {
        size = 0;
        numSteps = 0;
    }

    /** Adds an example without a label. */
    public void addUnlabelled(int example) {
        add(example, false);
    }

    /**
     * Adds a mini-batch.
     *
     * @param rows its examples, of which the first {@code count} count. Not modified.
     */
    public void addMiniBatch(int[] rows, int count) {
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
    public int[] examples() {
        return examples;
    }

    /** Returns which example a row is. */
    public int example(int row) {
        return examples[row];
    }

    /** Returns how many mini-batches come before a row's; of all, if it is after the last row. */
    public int step(int row) {
        return row < size ? steps[row] : numSteps;
    }

    /** Returns whether a row belongs to a mini-batch. */
    public boolean isLearnt(int row) {
        return learnt[row];
    }

    /** Returns where the mini-batch that begins at a row ends; the row itself if none begins. */
    public int endOfMiniBatch(int row, int to) {
        int end = row;
        while (end < to && learnt[end] && steps[end] == steps[row]) {
            end++;
        }
        return end;
    }
}
