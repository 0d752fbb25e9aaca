package io.freshet.model;

import io.freshet.model.example.BlockRows;
import io.freshet.model.example.Examples;
import io.freshet.model.example.SparseRows;
import io.freshet.model.sparse.SparseTable;
import java.util.Arrays;

/**
 * Inputs of one mini-batch, or of one example that is predicted: the entries of each example, and
 * the rows of the parameters, numbered by <i>place</i>, that they refer to.
 *
 * <p>The first place is that of the bias, which every example has with the input 1. An example has
 * each column in one entry only; the values of a column that occurs more than once in it add up.
 */
final class SparseBatch {
    static final int BIAS = 0;

    private static final int FIRST_CAPACITY = 64;

    /** Largest array of gradients that is kept for the next mini-batch: 8 MiB. */
    private static final int MAX_KEPT_GRADIENTS = 1 << 20;

    // The entries, example after example.
    private int[] ends = new int[FIRST_CAPACITY];
    private int numExamples;
    private int[] entryPlace = new int[FIRST_CAPACITY];
    private double[] input = new double[FIRST_CAPACITY];
    private int numEntries;

    // The places.
    private int[] row = new int[FIRST_CAPACITY];
    private int[] lastExample = new int[FIRST_CAPACITY];
    private int[] lastEntry = new int[FIRST_CAPACITY];
    private float[][] values = new float[FIRST_CAPACITY][];
    private int[] offset = new int[FIRST_CAPACITY];
    private int numPlaces;

    /** Some floats of each row as they were before the mini-batch. */
    private float[] backup = new float[0];

    // The gradients: of one example those of its logits, (columns), which the inputs multiply; of
    // more examples the sums of the products, (numPlaces, columns).
    private double[] gradients = new double[0];
    private int columns;
    private int stride;

    /** Takes the entries of a mini-batch; columns that the table does not have are added to it. */
    void gather(BlockRows rows, int begin, int end, Examples examples, SparseTable table) {
        clear(table);
        for (int r = begin; r < end; r++) {
            gather(examples, rows.example(r), table, true);
        }
        resolve(table, true);
    }

    /** Takes the entries of one example; columns that the table does not have are left out. */
    void gatherKnown(Examples examples, int example, SparseTable table) {
        clear(table);
        gather(examples, example, table, false);
        resolve(table, false);
    }

    private void clear(SparseTable table) {
        table.clearMarks();
        numExamples = 0;
        numEntries = 0;
        numPlaces = 0;
    }

    private void gather(Examples examples, int example, SparseTable table, boolean add) {
        SparseRows features = examples.requireSparse();
        int[] columns = features.columns();
        float[] featureValues = features.values();
        add(examples.numFeatures(), 1, table, add);
        for (int i = features.start(example); i < features.end(example); i++) {
            add(columns[i], featureValues[i], table, add);
        }
        if (numExamples == ends.length) {
            ends = Arrays.copyOf(ends, 2 * numExamples);
        }
        ends[numExamples] = numEntries;
        numExamples++;
    }

    private void add(int column, double value, SparseTable table, boolean addRow) {
        int at = addRow ? table.findOrAdd(column) : table.find(column);
        if (at < 0) {
            return;
        }
        int place;
        if (table.isMarked(at)) {
            place = table.place(at);
            if (lastExample[place] == numExamples) {
                input[lastEntry[place]] += value;
                return;
            }
        } else {
            place = numPlaces++;
            if (place == row.length) {
                row = Arrays.copyOf(row, 2 * place);
                lastExample = Arrays.copyOf(lastExample, 2 * place);
                lastEntry = Arrays.copyOf(lastEntry, 2 * place);
                values = Arrays.copyOf(values, 2 * place);
                offset = Arrays.copyOf(offset, 2 * place);
            }
            row[place] = table.row(at);
            table.mark(at, place);
        }
        if (numEntries == input.length) {
            entryPlace = Arrays.copyOf(entryPlace, 2 * numEntries);
            input = Arrays.copyOf(input, 2 * numEntries);
        }
        lastExample[place] = numExamples;
        lastEntry[place] = numEntries;
        entryPlace[numEntries] = place;
        input[numEntries] = value;
        numEntries++;
    }

    /** Finds the arrays of all rows, once no more rows are added. */
    private void resolve(SparseTable table, boolean writable) {
        for (int place = 0; place < numPlaces; place++) {
            values[place] = writable ? table.writable(row[place]) : table.readable(row[place]);
            offset[place] = table.offset(row[place]);
        }
    }

    /** Lets go of the rows' arrays. */
    void release() {
        Arrays.fill(values, 0, numPlaces, null);
        if (gradients.length > MAX_KEPT_GRADIENTS) {
            gradients = new double[0];
        }
    }

    int numPlaces() {
        return numPlaces;
    }

    /** Returns the array that has the row of a place. */
    float[] values(int place) {
        return values[place];
    }

    /** Returns the index of the first float of the row of a place. */
    int offset(int place) {
        return offset[place];
    }

    /** Returns the index of the first entry of an example, counted from 0 in the mini-batch. */
    int start(int example) {
        return example == 0 ? 0 : ends[example - 1];
    }

    /** Returns the index after the last entry of an example. */
    int end(int example) {
        return ends[example];
    }

    /** Returns the number of entries. */
    int numEntries() {
        return numEntries;
    }

    int place(int entry) {
        return entryPlace[entry];
    }

    double input(int entry) {
        return input[entry];
    }

    void input(int entry, double newInput) {
        input[entry] = newInput;
    }

    /** Begins the gradients of a mini-batch. */
    void beginGradients(int numColumns) {
        columns = numColumns;
        stride = numExamples == 1 ? 0 : numColumns;
        int length = Math.max(numColumns, Math.multiplyExact(numPlaces, stride));
        if (gradients.length < length) {
            gradients = new double[Math.max(length, 2 * gradients.length)];
        } else {
            Arrays.fill(gradients, 0, length, 0);
        }
    }

    /**
     * Adds the gradients of an example.
     *
     * @param ofLogits gradients of the loss at its logits, (columns). Not modified.
     */
    void addGradient(int example, double[] ofLogits) {
        if (stride == 0) {
            System.arraycopy(ofLogits, 0, gradients, 0, columns);
            return;
        }
        for (int entry = start(example); entry < end(example); entry++) {
            double factor = input[entry];
            int at = entryPlace[entry] * stride;
            for (int c = 0; c < columns; c++) {
                gradients[at + c] += factor * ofLogits[c];
            }
        }
    }

    /**
     * Returns the gradients: those of a place begin at {@link #gradientStart} and have the factor
     * {@link #inputOf}.
     */
    double[] gradients() {
        return gradients;
    }

    int gradientStart(int place) {
        return place * stride;
    }

    double inputOf(int place) {
        return stride == 0 ? input[place] : 1;
    }

    /** Returns the sum of the squares of some columns of the gradients, over all places. */
    double sumOfSquaredGradients(int firstColumn, int numColumns) {
        double sum = 0;
        for (int place = 0; place < numPlaces; place++) {
            double factor = inputOf(place);
            int from = gradientStart(place);
            for (int c = firstColumn; c < firstColumn + numColumns; c++) {
                double gradient = factor * gradients[from + c];
                sum += gradient * gradient;
            }
        }
        return sum;
    }

    /** Returns {@code Σ |x|} over all entries. */
    double sumOfMagnitudes() {
        double sum = 0;
        for (int entry = 0; entry < numEntries; entry++) {
            sum += Math.abs(input[entry]);
        }
        return sum;
    }

    /** Returns the sum of the squares of an example's inputs, the bias included. */
    double squaredNorm(int example) {
        double sum = 0;
        for (int entry = start(example); entry < end(example); entry++) {
            sum += input[entry] * input[entry];
        }
        return sum;
    }

    /** Copies some floats of each row, for {@link #restore}. */
    void backUp(int from, int count) {
        int length = Math.multiplyExact(numPlaces, count);
        if (backup.length < length) {
            backup = new float[Math.max(length, 2 * backup.length)];
        }
        for (int place = 0; place < numPlaces; place++) {
            System.arraycopy(values[place], offset[place] + from, backup, place * count, count);
        }
    }

    /** Restores what {@link #backUp} copied. */
    void restore(int from, int count) {
        for (int place = 0; place < numPlaces; place++) {
            System.arraycopy(backup, place * count, values[place], offset[place] + from, count);
        }
    }
}
