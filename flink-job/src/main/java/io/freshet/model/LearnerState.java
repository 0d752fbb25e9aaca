package io.freshet.model;

/**
 * What a learner remembers: with {@link LearnerSettings} it fixes every number that follows.
 *
 * <p>Immutable by convention: whoever makes one hands its arrays over and never writes to them
 * again. Two states are equal only if their arrays are the same objects.
 *
 * @param modelVersion SGD steps taken, plus one per reset or roll-back
 * @param skippedSteps steps not taken because a number was not finite
 * @param parameters (numFeatures + 1, numClasses) row-major: the weights, the bias in the last row
 * @param velocity the optimiser's, same shape
 * @param scalerCount examples that the scaler has seen
 * @param scalerMean (numFeatures), the mean of each feature; empty without a scaler
 * @param scalerSquaredDeviations (numFeatures), {@code Σ (x − mean)²} of each feature; empty
 *     without a scaler
 */
@SuppressWarnings("ArrayRecordComponent") // a carrier between the learner and whoever stores it
public record LearnerState(
        long modelVersion,
        long skippedSteps,
        float[] parameters,
        float[] velocity,
        long scalerCount,
        double[] scalerMean,
        double[] scalerSquaredDeviations) {

    /** Returns the state before the first example: all zeros. */
    public static LearnerState initial(LearnerSettings settings) {
        int scaled = settings.scaler() == ScalerType.NONE ? 0 : settings.numFeatures();
        return new LearnerState(
                0,
                0,
                new float[settings.numParameters()],
                new float[settings.numParameters()],
                0,
                new double[scaled],
                new double[scaled]);
    }

    /** Throws if this state is not one of a learner with these settings. */
    void requireFits(LearnerSettings settings) {
        int scaled = settings.scaler() == ScalerType.NONE ? 0 : settings.numFeatures();
        requireLength("parameters", settings.numParameters(), parameters.length);
        requireLength("velocity", settings.numParameters(), velocity.length);
        requireLength("scalerMean", scaled, scalerMean.length);
        requireLength("scalerSquaredDeviations", scaled, scalerSquaredDeviations.length);
    }

    private static void requireLength(String name, int expected, int actual) {
        if (actual != expected) {
            throw new IllegalArgumentException(
                    name
                            + " must have "
                            + expected
                            + " values under the learner's settings, but has "
                            + actual);
        }
    }
}
