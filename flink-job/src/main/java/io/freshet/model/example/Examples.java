package io.freshet.model.example;

import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * Labelled and unlabelled examples of one model in the order of the stream, stored column by
 * column: features, labels, targets and example weights. Features are dense, in one array, or
 * {@linkplain #sparse() sparse}.
 *
 * <p>The arrays that the accessors return are the examples' own, not copies. They may be longer
 * than {@link #size()} rows, and only the first {@link #size()} rows have a meaning. A later call
 * that adds rows may replace the arrays.
 */
public final class Examples {
    /** The label of an example that has none: it is predicted, and not trained on. */
    public static final int UNLABELLED = -1;

    private static final int FIRST_CAPACITY = 16;

    private final int numFeatures;
    private final int numTargets;
    private @Nullable SparseRows sparse;

    /** Number of features of a row in the array: none where they are sparse. */
    private final int stride;

    private float[] features;
    private int[] labels;
    private float[] targets;
    private float[] weights;
    private int size;

    /** Creates an empty set of examples whose labels are classes. */
    public Examples(int numFeatures) {
        this(numFeatures, 0);
    }

    /**
     * Creates an empty set of examples.
     *
     * @param numFeatures number of features of each example, at least 1
     * @param numTargets number of target values of each label; 0 where labels are classes
     */
    public Examples(int numFeatures, int numTargets) {
        this(numFeatures, numTargets, 0);
    }

    /**
     * Creates an empty set of examples with a capacity.
     *
     * @param numFeatures number of features of each example, at least 1
     * @param numTargets number of target values of each label; 0 where labels are classes
     * @param capacity number of rows that fit before the arrays have to grow
     */
    public Examples(int numFeatures, int numTargets, int capacity) {
        this(numFeatures, numTargets, capacity, false);
    }

    /**
     * Creates an empty set of examples with a capacity.
     *
     * @param numFeatures number of features of each example, at least 1
     * @param numTargets number of target values of each label; 0 where labels are classes
     * @param capacity number of rows that fit before the arrays have to grow
     * @param isSparse whether features are kept as sparse rows
     */
    public Examples(int numFeatures, int numTargets, int capacity, boolean isSparse) {
        if (numFeatures < 1 || numTargets < 0) {
            throw new IllegalArgumentException(
                    "numFeatures must be at least 1 and numTargets at least 0, but are "
                            + numFeatures
                            + " and "
                            + numTargets);
        }
        this.numFeatures = numFeatures;
        this.numTargets = numTargets;
        this.sparse = isSparse ? new SparseRows(capacity) : null;
        this.stride = isSparse ? 0 : numFeatures;
        this.features = new float[Math.multiplyExact(capacity, stride)];
        this.labels = new int[capacity];
        this.targets = new float[Math.multiplyExact(capacity, numTargets)];
        this.weights = new float[capacity];
    }

    /** Returns the number of examples. */
    public int size() {
        return size;
    }

    /** Returns the number of features of each example. */
    public int numFeatures() {
        return numFeatures;
    }

    /** Returns the number of target values of each label; 0 where labels are classes. */
    public int numTargets() {
        return numTargets;
    }

    /** Returns the features as sparse rows; null where they are dense. */
    public @Nullable SparseRows sparse() {
        return sparse;
    }

    /** Returns the features as sparse rows, where it is known that they are sparse. */
    public SparseRows requireSparse() {
        if (sparse == null) {
            throw new IllegalStateException("the features of these examples are dense");
        }
        return sparse;
    }

    /** Removes all examples; keeps the arrays. */
    public void clear() {
        size = 0;
        if (sparse != null) {
            sparse.clear();
        }
    }

    /**
     * Makes room for one more example, whose features and targets the caller may then write to
     * {@link #features()} and {@link #targets()} behind the last row; sparse features go to the
     * open row, which is emptied. {@link #addReserved} adds the example.
     */
    public void reserve() {
        growTo(size + 1);
        if (sparse != null) {
            sparse.clearOpen();
        }
    }

    /**
     * Adds an example whose features and targets the caller has written behind the last row, after
     * {@link #reserve()}.
     *
     * @param label its class, counted from 0, or {@link #UNLABELLED}
     * @param weight its example weight; finite, at least 0
     */
    public void addReserved(int label, float weight) {
        labels[size] = label;
        weights[size] = weight;
        size++;
        if (sparse != null) {
            sparse.endRow();
        }
    }

    /**
     * Adds an example with dense features whose label is a class, or that has no label.
     *
     * @param from array that holds its features from {@code offset} on. Copied, not modified.
     * @param label its class, counted from 0, or {@link #UNLABELLED}
     * @param weight its example weight; finite, at least 0
     */
    public void add(float[] from, int offset, int label, float weight) {
        reserve();
        System.arraycopy(from, offset, features, size * numFeatures, numFeatures);
        addReserved(label, weight);
    }

    /**
     * Adds an example with dense features whose label has a value per class.
     *
     * @param from array that holds its features from {@code offset} on. Copied, not modified.
     * @param label the class that stands for the label where a single class is needed
     * @param values array that holds its targets from {@code valuesOffset} on. Copied, not
     *     modified.
     * @param weight its example weight; finite, at least 0
     */
    public void add(
            float[] from, int offset, int label, float[] values, int valuesOffset, float weight) {
        add(from, offset, label, weight);
        System.arraycopy(values, valuesOffset, targets, (size - 1) * numTargets, numTargets);
    }

    /**
     * Adds a copy of one example of another set.
     *
     * @param others examples with the same numbers of features and targets, dense or sparse as
     *     these are. Not modified.
     */
    public void addFrom(Examples others, int row) {
        growTo(size + 1);
        System.arraycopy(others.features, row * stride, features, size * stride, stride);
        System.arraycopy(others.targets, row * numTargets, targets, size * numTargets, numTargets);
        labels[size] = others.labels[row];
        weights[size] = others.weights[row];
        size++;
        if (sparse != null) {
            sparse.addFrom(others.requireSparse(), row);
        }
    }

    /**
     * Adds copies of all examples of another set.
     *
     * @param others examples with the same numbers of features and targets, dense or sparse as
     *     these are. Not modified.
     */
    public void addAll(Examples others) {
        int first = size;
        int count = others.size;
        growTo(first + count);
        size = first + count;
        System.arraycopy(others.features, 0, features, first * stride, count * stride);
        System.arraycopy(others.targets, 0, targets, first * numTargets, count * numTargets);
        System.arraycopy(others.labels, 0, labels, first, count);
        System.arraycopy(others.weights, 0, weights, first, count);
        if (sparse != null) {
            sparse.addAll(others.requireSparse());
        }
    }

    /**
     * Sets the number of examples with dense features. The contents of rows that are new are
     * undefined until they are written to the arrays.
     */
    public void resize(int rows) {
        if (sparse != null) {
            throw new IllegalStateException("sparse rows are added one by one");
        }
        growTo(rows);
        size = rows;
    }

    /**
     * Keeps only the examples whose outcome is {@link Evaluation.Outcome#PENDING}, in their order.
     */
    public void retainPending(Evaluation evaluation) {
        if (sparse != null) {
            sparse.retain(row -> evaluation.outcome(row) == Evaluation.Outcome.PENDING);
        }
        int kept = 0;
        for (int i = 0; i < size; i++) {
            if (evaluation.outcome(i) == Evaluation.Outcome.PENDING) {
                copyRow(i, kept++);
            }
        }
        size = kept;
    }

    private void copyRow(int from, int to) {
        if (from != to) {
            System.arraycopy(features, from * stride, features, to * stride, stride);
            System.arraycopy(targets, from * numTargets, targets, to * numTargets, numTargets);
            labels[to] = labels[from];
            weights[to] = weights[from];
        }
    }

    /**
     * Returns the same examples with other labels. Shares all other arrays with this set.
     *
     * @param newLabels (at least size). Kept, not copied.
     */
    public Examples withLabels(int[] newLabels) {
        Examples relabelled = new Examples(numFeatures, numTargets, 0, sparse != null);
        relabelled.sparse = sparse;
        relabelled.features = features;
        relabelled.targets = targets;
        relabelled.weights = weights;
        relabelled.labels = newLabels;
        relabelled.size = size;
        return relabelled;
    }

    /** Sets the features to 0 that are NaN. Sparse examples do not have them. */
    public void setMissingToZero() {
        for (int i = 0; i < size * numFeatures && sparse == null; i++) {
            features[i] = Float.isNaN(features[i]) ? 0 : features[i];
        }
    }

    /** Returns a copy that shares no array with this set; its arrays have {@link #size()} rows. */
    public Examples copy() {
        Examples copy = new Examples(numFeatures, numTargets, size, sparse != null);
        copy.addAll(this);
        return copy;
    }

    /**
     * Returns a copy with features and target values added at the end of each row.
     *
     * @param newNumFeatures number of features, at least as many as these examples have
     * @param newNumTargets number of target values, at least as many as these examples have; those
     *     that are added are 0
     * @param feature value of the features that are added
     */
    public Examples extended(int newNumFeatures, int newNumTargets, float feature) {
        Examples extended = new Examples(newNumFeatures, newNumTargets, size, sparse != null);
        extended.size = size;
        if (extended.sparse != null) {
            extended.sparse.addAll(requireSparse());
        }
        Arrays.fill(extended.features, feature);
        for (int row = 0; row < size; row++) {
            System.arraycopy(
                    features, row * stride, extended.features, row * extended.stride, stride);
            System.arraycopy(
                    targets, row * numTargets, extended.targets, row * newNumTargets, numTargets);
        }
        System.arraycopy(labels, 0, extended.labels, 0, size);
        System.arraycopy(weights, 0, extended.weights, 0, size);
        return extended;
    }

    private void growTo(int rows) {
        if (rows <= labels.length) {
            return;
        }
        int twice = Math.max(FIRST_CAPACITY, Math.multiplyExact(2, labels.length));
        int capacity = Math.max(rows, twice);
        features = Arrays.copyOf(features, Math.multiplyExact(capacity, stride));
        labels = Arrays.copyOf(labels, capacity);
        targets = Arrays.copyOf(targets, Math.multiplyExact(capacity, numTargets));
        weights = Arrays.copyOf(weights, capacity);
    }

    /** Returns dense features, (at least size, numFeatures) row-major; empty where sparse. */
    public float[] features() {
        return features;
    }

    /** Returns the classes, (at least size); {@link #UNLABELLED} where there is none. */
    public int[] labels() {
        return labels;
    }

    /**
     * Returns the targets, (at least size, numTargets) row-major: the value of each class in each
     * label, 0 to 1. Those of an example without a label have no meaning.
     */
    public float[] targets() {
        return targets;
    }

    /** Returns the example weights, (at least size). */
    public float[] weights() {
        return weights;
    }
}
