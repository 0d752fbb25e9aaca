package io.freshet.model.ensemble;

import java.util.Arrays;
import java.util.Random;
import java.util.function.IntConsumer;

/**
 * Blocks of random rows of two models, as kernels take them: rows without a label, ignored rows,
 * mini-batches, weights and soft targets, if they are wanted.
 */
final class RandomBlocks {
    static final int MODELS = 2;

    /** Places of the models' states among three. */
    static final int[] SLOTS = {2, 0};

    static final int NUM_SLOTS = 3;

    /** Capacity of a block. */
    static final int ROWS = 96;

    final int numFeatures;
    final int width;
    final int numClasses;
    final boolean isPlain;
    final int[] counts = new int[MODELS];
    final int[] ends = new int[MODELS * ROWS];
    final int[] classes = new int[MODELS * ROWS];

    /** Labels that are reported: those of ignored rows, too. */
    final int[] labels = new int[MODELS * ROWS];

    final float[] weights = new float[MODELS * ROWS];
    final float[] targets;
    final float[] scaled;
    private final Random random = new Random(7);

    /**
     * @param isPlain whether each row is a mini-batch of one, with a label and the weight 1
     */
    RandomBlocks(int numFeatures, int numClasses, boolean isPlain) {
        this.numFeatures = numFeatures;
        this.width = (numFeatures + 16) / 16 * 16;
        this.numClasses = numClasses;
        this.isPlain = isPlain;
        targets = new float[MODELS * ROWS * numClasses];
        scaled = new float[MODELS * ROWS * width];
    }

    /** Draws the next block of each model. */
    void next() {
        Arrays.fill(ends, -1);
        Arrays.fill(classes, -1);
        Arrays.fill(labels, -1);
        Arrays.fill(weights, -1);
        Arrays.fill(targets, 0);
        Arrays.fill(scaled, 0);
        for (int model = 0; model < MODELS; model++) {
            counts[model] = random.nextInt(8) == 0 ? ROWS : 1 + random.nextInt(ROWS);
            int t = 0;
            while (t < counts[model]) {
                boolean isLabelled = isPlain || random.nextInt(6) > 0;
                boolean isSingle = isPlain || random.nextBoolean();
                int size = !isLabelled || isSingle ? 1 : 1 + random.nextInt(9);
                int end = Math.min(t + size, counts[model]);
                for (; t < end; t++) {
                    fill(model * ROWS + t, isLabelled ? end : -1);
                }
            }
        }
    }

    private void fill(int row, int end) {
        int label = random.nextInt(numClasses);
        for (int f = 0; f < numFeatures; f++) {
            double shift = (f % numClasses == label ? 1 : 0) + (f == 1 ? label * 0.3 : 0);
            scaled[row * width + f] = (float) (random.nextGaussian() + shift);
        }
        scaled[row * width + numFeatures] = 1;
        ends[row] = end;
        if (end < 0) {
            return;
        }
        labels[row] = label;
        if (!isPlain && random.nextInt(10) == 0) {
            return;
        }
        classes[row] = label;
        weights[row] = isPlain ? 1 : 0.1f + 3 * random.nextFloat();
        if (!isPlain && random.nextInt(20) == 0) {
            weights[row] = 50;
        }
        boolean isSoft = !isPlain && random.nextInt(3) > 0;
        for (int c = 0; c < numClasses; c++) {
            float own = c == label ? 1 : 0;
            targets[row * numClasses + c] = isSoft ? 0.8f * own + 0.2f / numClasses : own;
        }
    }

    /**
     * Goes through the rows of a model in the order of prediction and learning.
     *
     * @param beginBatch receives the first row of each mini-batch, or a row of none
     * @param predict receives each row of it
     * @param learn then receives each row that is learnt
     * @param endBatch receives the first row again
     */
    void forEach(
            int model,
            IntConsumer beginBatch,
            IntConsumer predict,
            IntConsumer learn,
            IntConsumer endBatch) {
        int first = model * ROWS;
        int t = 0;
        while (t < counts[model]) {
            int next = Math.max(ends[first + t], t + 1);
            beginBatch.accept(first + t);
            for (int row = t; row < next; row++) {
                predict.accept(first + row);
            }
            for (int row = t; row < next; row++) {
                if (classes[first + row] >= 0) {
                    learn.accept(first + row);
                }
            }
            endBatch.accept(first + t);
            t = next;
        }
    }

    void forEach(int model, IntConsumer predict, IntConsumer learn) {
        forEach(model, row -> {}, predict, learn, row -> {});
    }

    /** Returns the targets of a row. */
    double[] targets(int row) {
        double[] of = new double[numClasses];
        for (int c = 0; c < numClasses; c++) {
            of[c] = targets[row * numClasses + c];
        }
        return of;
    }
}
