package io.freshet.model;

/**
 * The examples behind one SGD step, row-major; filled, learnt from, cleared and filled again.
 *
 * <p>The arrays that the accessors return are the mini-batch's own, {@link #capacity()} rows long;
 * only the first {@link #size()} rows have a meaning.
 */
public final class MiniBatch {
    private final int capacity;
    private final int numFeatures;
    private final float[] features;
    private final int[] labels;
    private final float[] weights;
    private int size;

    /**
     * @param capacity the most examples it holds, at least 1
     * @param numFeatures features of each, at least 1
     */
    public MiniBatch(int capacity, int numFeatures) {
        if (capacity < 1 || numFeatures < 1) {
            throw new IllegalArgumentException(
                    "capacity and numFeatures must be at least 1, but are "
                            + capacity
                            + " and "
                            + numFeatures);
        }
        this.capacity = capacity;
        this.numFeatures = numFeatures;
        this.features = new float[Math.multiplyExact(capacity, numFeatures)];
        this.labels = new int[capacity];
        this.weights = new float[capacity];
    }

    /** Returns how many examples it holds. */
    public int size() {
        return size;
    }

    /** Returns how many examples it can hold. */
    public int capacity() {
        return capacity;
    }

    /** Returns how many features each example has. */
    public int numFeatures() {
        return numFeatures;
    }

    /** Returns whether no further example fits. */
    public boolean isFull() {
        return size == capacity;
    }

    /** Forgets the examples. */
    public void clear() {
        size = 0;
    }

    /**
     * Adds one example, copied.
     *
     * @param features its values from {@code offset} on. Not modified.
     * @param offset where they start
     * @param label its class, counted from 0
     * @param weight how much it counts; finite, at least 0
     */
    public void add(float[] features, int offset, int label, float weight) {
        if (isFull()) {
            throw new IllegalStateException("the mini-batch is full with " + size + " examples");
        }
        System.arraycopy(features, offset, this.features, size * numFeatures, numFeatures);
        labels[size] = label;
        weights[size] = weight;
        size++;
    }

    /** Returns the features, (capacity, numFeatures). */
    public float[] features() {
        return features;
    }

    /** Returns the classes, (capacity). */
    public int[] labels() {
        return labels;
    }

    /** Returns the example weights, (capacity). */
    public float[] weights() {
        return weights;
    }
}
