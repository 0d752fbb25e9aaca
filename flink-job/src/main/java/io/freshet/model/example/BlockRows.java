package io.freshet.model.example;

/**
 * Rows of an execution block in the order of execution: whole mini-batches and, between them,
 * unlabelled examples, which are predicted with the parameters after the mini-batches before them.
 */
public final class BlockRows {
    private final int[] examples;
    private final int[] steps;
    private final boolean[] labelled;
    private int size;
    private int numSteps;

    /**
     * Creates an empty block.
     *
     * @param capacity maximum number of rows
     */
    public BlockRows(int capacity) {
        this.examples = new int[capacity];
        this.steps = new int[capacity];
        this.labelled = new boolean[capacity];
    }

    /** Returns the number of rows. */
    public int size() {
        return size;
    }

    /** Returns the number of mini-batches. */
    public int numSteps() {
        return numSteps;
    }

    /** Returns whether this number of rows can still be added. */
    public boolean hasRoomFor(int rows) {
        return size + rows <= examples.length;
    }

    /** Removes all rows. */
    public void clear() {
        size = 0;
        numSteps = 0;
    }

    /** Adds an unlabelled example. */
    public void addUnlabelled(int example) {
        add(example, false);
    }

    /**
     * Adds a mini-batch.
     *
     * @param miniBatch indices of its examples, of which the first {@code count} are used. Not
     *     modified.
     */
    public void addMiniBatch(int[] miniBatch, int count) {
        for (int i = 0; i < count; i++) {
            add(miniBatch[i], true);
        }
        numSteps++;
    }

    private void add(int example, boolean isLabelled) {
        examples[size] = example;
        steps[size] = numSteps;
        labelled[size] = isLabelled;
        size++;
    }

    /** Returns the indices of the examples of all rows, (at least size). Not a copy. */
    public int[] examples() {
        return examples;
    }

    /** Returns the index of the example of a row. */
    public int example(int row) {
        return examples[row];
    }

    /** Returns the number of mini-batches before a row; after the last row, of all mini-batches. */
    public int step(int row) {
        return row < size ? steps[row] : numSteps;
    }

    /** Returns whether a row belongs to a mini-batch. */
    public boolean isLabelled(int row) {
        return labelled[row];
    }

    /**
     * Returns the end (exclusive) of the mini-batch that begins at a row, at most {@code to}; the
     * row itself if it is unlabelled.
     */
    public int endOfMiniBatch(int row, int to) {
        int end = row;
        while (end < to && labelled[end] && steps[end] == steps[row]) {
            end++;
        }
        return end;
    }
}
