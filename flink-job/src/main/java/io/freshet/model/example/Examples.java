package io.freshet.model.example;

import java.util.Arrays;

/**
 * Examples in the order of the stream, row-major: filled, learnt from, and filled again behind
 * those that wait for their mini-batch to be full.
 *
 * <p>The arrays that the accessors return are the examples' own; only the first {@link #size()}
 * rows have a meaning.
 */
public final class Examples {
    /** The label of an example that has none: it is answered, and not learnt from. */
    public static final int UNLABELLED = -1;

    private static final int FIRST_CAPACITY = 16;

    private final int numFeatures;
    private final int numTargets;
    private float[] features;
    private int[] labels;
    private float[] targets;
    private float[] weights;
    private int size;

    /** Examples whose labels are classes. */
    public Examples(int numFeatures) {
        this(numFeatures, 0);
    }

    /**
     * @param numFeatures features of each, at least 1
     * @param numTargets values of each label; 0 where labels are classes
     */
    public Examples(int numFeatures, int numTargets) {
        if (numFeatures < 1 || numTargets < 0) {
            throw new IllegalArgumentException(
                    "numFeatures must be at least 1 and numTargets at least 0, but are "
                            + numFeatures
                            + " and "
                            + numTargets);
        }
        this.numFeatures = numFeatures;
        this.numTargets = numTargets;
        this.features = new float[0];
        this.labels = new int[0];
        this.targets = new float[0];
        this.weights = new float[0];
    }

    /** Returns how many there are. */
    public int size() {
        return size;
    }

    /** Returns how many features each has. */
    public int numFeatures() {
        return numFeatures;
    }

    /** Returns how many values each label has; 0 where labels are classes. */
    public int numTargets() {
        return numTargets;
    }

    /** Forgets all. */
    public void clear() {
        size = 0;
    }

    /**
     * Adds one whose label is a class, or that has none.
     *
     * @param from its features, from {@code offset} on. Copied, not modified.
     * @param offset where they start
     * @param label its class, counted from 0, or {@link #UNLABELLED}
     * @param weight how much it counts; finite, at least 0
     */
    public void add(float[] from, int offset, int label, float weight) {
        if (size == labels.length) {
            grow();
        }
        System.arraycopy(from, offset, features, size * numFeatures, numFeatures);
        labels[size] = label;
        weights[size] = weight;
        size++;
    }

    /**
     * Adds one whose label is a value per class.
     *
     * @param label the class that counts as its label where only one can
     * @param values its targets, from {@code valuesOffset} on. Copied, not modified.
     */
    public void add(
            float[] from, int offset, int label, float[] values, int valuesOffset, float weight) {
        add(from, offset, label, weight);
        System.arraycopy(values, valuesOffset, targets, (size - 1) * numTargets, numTargets);
    }

    /**
     * Adds one of others.
     *
     * @param others of as many features and targets. Not modified.
     */
    public void addFrom(Examples others, int row) {
        add(
                others.features,
                row * numFeatures,
                others.labels[row],
                others.targets,
                row * numTargets,
                others.weights[row]);
    }

    /** Keeps only the rows that an evaluation left open, in their order. */
    public void retainOpen(Evaluation evaluation) {
        int kept = 0;
        for (int i = 0; i < size; i++) {
            if (evaluation.outcome(i) == Evaluation.Outcome.OPEN) {
                copyRow(i, kept++);
            }
        }
        size = kept;
    }

    private void copyRow(int from, int to) {
        if (from != to) {
            System.arraycopy(features, from * numFeatures, features, to * numFeatures, numFeatures);
            System.arraycopy(targets, from * numTargets, targets, to * numTargets, numTargets);
            labels[to] = labels[from];
            weights[to] = weights[from];
        }
    }

    private void grow() {
        int capacity = Math.max(FIRST_CAPACITY, Math.multiplyExact(2, labels.length));
        features = Arrays.copyOf(features, Math.multiplyExact(capacity, numFeatures));
        labels = Arrays.copyOf(labels, capacity);
        targets = Arrays.copyOf(targets, Math.multiplyExact(capacity, numTargets));
        weights = Arrays.copyOf(weights, capacity);
    }

    /** Returns the features, (at least size, numFeatures). */
    public float[] features() {
        return features;
    }

    /** Returns the classes, (at least size); {@link #UNLABELLED} where there is none. */
    public int[] labels() {
        return labels;
    }

    /** Returns the targets, (at least size, numTargets). */
    public float[] targets() {
        return targets;
    }

    /** Returns the example weights, (at least size). */
    public float[] weights() {
        return weights;
    }
}
