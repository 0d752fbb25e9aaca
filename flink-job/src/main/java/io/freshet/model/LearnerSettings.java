package io.freshet.model;

import java.io.Serializable;

/**
 * The rule of a learner: everything that fixes what it does with the examples it gets.
 *
 * @param numFeatures features of an example, at least 1
 * @param numClasses classes, at least 2
 * @param miniBatchSize the most examples behind one SGD step, at least 1
 * @param sgd the optimiser
 * @param reduction how a mini-batch's gradients become one
 * @param scaler what happens to the features first
 */
public record LearnerSettings(
        int numFeatures,
        int numClasses,
        int miniBatchSize,
        Sgd sgd,
        Reduction reduction,
        ScalerType scaler)
        implements Serializable {

    /** Floats in 2 GiB, the most that one array in native memory takes. */
    private static final long MOST_VALUES = Integer.MAX_VALUE / Float.BYTES;

    public LearnerSettings {
        requireAtLeast(1, "numFeatures", numFeatures);
        requireAtLeast(2, "numClasses", numClasses);
        requireAtLeast(1, "miniBatchSize", miniBatchSize);
        requireArray("(numFeatures + 1) × numClasses", numFeatures + 1L, numClasses);
        requireArray("miniBatchSize × (numFeatures + 1)", miniBatchSize, numFeatures + 1L);
        requireArray("miniBatchSize × numClasses", miniBatchSize, numClasses);
    }

    /**
     * Returns how many parameters the model has: a weight per feature and class, a bias per class.
     */
    public int numParameters() {
        return (numFeatures + 1) * numClasses;
    }

    private static void requireAtLeast(int least, String name, int value) {
        if (value < least) {
            throw new IllegalArgumentException(
                    name + " must be at least " + least + ", but is " + value);
        }
    }

    private static void requireArray(String name, long rows, long columns) {
        if (rows * columns > MOST_VALUES) {
            throw new IllegalArgumentException(
                    name + " must be at most " + MOST_VALUES + ", but is " + rows * columns);
        }
    }
}
