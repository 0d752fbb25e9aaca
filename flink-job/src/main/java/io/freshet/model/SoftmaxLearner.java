package io.freshet.model;

import org.jspecify.annotations.Nullable;

/**
 * Softmax regression that learns from a stream, test-then-train: the live form of a {@link
 * LearnerState}.
 *
 * <p>A mini-batch's features first move the scaler's moments, then the whole mini-batch is scored
 * by the parameters before it, then one step of SGD is taken. Parameters start at zero. The same
 * state and the same mini-batches give the same bits, whether or not the state went through {@link
 * #state()} and a new learner in between; no clock and no chance is involved.
 *
 * <p>Where a loss, the gradient, or what the step would make of parameters and velocity is not
 * finite, the step is skipped as a whole: parameters, velocity and scaler are what they were before
 * the mini-batch, and {@link #skippedSteps()} counts one more.
 *
 * <p>The parameters live in native memory until {@link #close()}. For one thread at a time.
 */
public final class SoftmaxLearner implements AutoCloseable {
    private final LearnerSettings settings;
    private final int numFeatures;
    private final Parameters parameters;
    private final DirectPath path;
    private final @Nullable StandardScaler scaler;

    /** One example's features, scaled. */
    private final float[] scaled;

    private long modelVersion;
    private long skippedSteps;

    /**
     * @param settings the rule
     * @param state what it remembers; copied. Not modified.
     */
    public SoftmaxLearner(LearnerSettings settings, LearnerState state) {
        state.requireFits(settings);
        this.settings = settings;
        this.numFeatures = settings.numFeatures();
        this.scaler =
                switch (settings.scaler()) {
                    case NONE -> null;
                    case WELFORD ->
                            new StandardScaler(
                                    state.scalerCount(),
                                    state.scalerMean(),
                                    state.scalerSquaredDeviations());
                };
        this.scaled = new float[numFeatures];
        this.modelVersion = state.modelVersion();
        this.skippedSteps = state.skippedSteps();
        this.parameters = new Parameters(settings, state.parameters(), state.velocity());
        this.path = new DirectPath(settings, parameters);
    }

    /** Returns the rule. */
    public LearnerSettings settings() {
        return settings;
    }

    /** Returns the changes of the parameters: SGD steps taken, plus one per reset or roll-back. */
    public long modelVersion() {
        return modelVersion;
    }

    /** Returns how many steps were skipped because a number was not finite. */
    public long skippedSteps() {
        return skippedSteps;
    }

    /**
     * Tests on a mini-batch, then trains on it.
     *
     * @param batch 1 to miniBatchSize examples. Not modified.
     * @param evaluation what the test found. Modified.
     */
    public void step(MiniBatch batch, Evaluation evaluation) {
        requireFits(batch);
        int size = batch.size();
        evaluation.begin(size);
        if (scaler != null) {
            scaler.observe(batch.features(), size);
        }
        setInputs(batch.features(), 0, size);
        boolean taken = path.step(size, batch.labels(), batch.weights(), evaluation);
        evaluation.end(taken);
        if (taken) {
            modelVersion++;
        } else {
            skippedSteps++;
            if (scaler != null) {
                scaler.undo();
            }
        }
    }

    /**
     * Computes probabilities by the parameters and the scaler in force. Changes nothing.
     *
     * @param features (rows, numFeatures) row-major. Not modified.
     * @param rows any number
     * @param probabilities (rows, numClasses) row-major, each row summing to 1. Modified.
     */
    public void predict(float[] features, int rows, float[] probabilities) {
        for (int from = 0; from < rows; from += settings.miniBatchSize()) {
            int size = Math.min(settings.miniBatchSize(), rows - from);
            setInputs(features, from, size);
            path.predict(size, probabilities, from * settings.numClasses());
        }
    }

    /** Returns what this learner remembers, in arrays of its own that nothing writes to again. */
    public LearnerState state() {
        return new LearnerState(
                modelVersion,
                skippedSteps,
                parameters.values().toArray(),
                parameters.velocity().toArray(),
                scaler == null ? 0 : scaler.count(),
                scaler == null ? new double[0] : scaler.mean(),
                scaler == null ? new double[0] : scaler.squaredDeviations());
    }

    /** Frees the native memory. A second call does nothing. */
    @Override
    public void close() {
        path.close();
        parameters.close();
    }

    private void setInputs(float[] features, int from, int size) {
        for (int i = 0; i < size; i++) {
            int offset = (from + i) * numFeatures;
            if (scaler == null) {
                path.setInput(i, features, offset);
            } else {
                scaler.transform(features, offset, scaled);
                path.setInput(i, scaled, 0);
            }
        }
    }

    private void requireFits(MiniBatch batch) {
        int size = batch.size();
        if (size < 1 || size > settings.miniBatchSize()) {
            throw new IllegalArgumentException(
                    "a mini-batch must have 1 to "
                            + settings.miniBatchSize()
                            + " examples, but has "
                            + size);
        }
        if (batch.numFeatures() != numFeatures) {
            throw new IllegalArgumentException(
                    "the model has "
                            + numFeatures
                            + " features, but the mini-batch has "
                            + batch.numFeatures());
        }
        for (int i = 0; i < size; i++) {
            int label = batch.labels()[i];
            if (label < 0 || label >= settings.numClasses()) {
                throw new IllegalArgumentException(
                        "a label must be 0 to "
                                + (settings.numClasses() - 1)
                                + ", but is "
                                + label);
            }
        }
    }
}
