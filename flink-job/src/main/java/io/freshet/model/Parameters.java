package io.freshet.model;

import io.freshet.model.linalg.Matrix;
import io.freshet.model.linalg.MatrixFactory;
import io.freshet.model.linalg.Precision;
import io.freshet.model.optim.LinearSteps;
import io.freshet.model.optim.Sgd;
import org.jspecify.annotations.Nullable;

/**
 * The live parameters of all learning rates and the optimiser's velocity.
 *
 * <p>A row per learning rate and output, in this order, and a column per input: the features, then
 * the constant one, then what {@link Matrix#columnsFor} adds, which is always 0. So everything of
 * one rate lies together, and a block's products run over whole rows. Outside, a rate's parameters
 * are (numFeatures + 1, numOutputs).
 */
final class Parameters implements AutoCloseable {
    /**
     * Far enough below the largest float that no product or sum of such numbers leaves its range.
     */
    static final double SAFE = 1e30;

    /** What rounding may add to a bound. */
    private static final double SLACK = 1 + 1e-4;

    private final int numRates;
    private final int numOutputs;
    private final int numInputs;
    private final Precision precision;
    private final Matrix values;
    private final @Nullable Matrix velocity;
    private boolean hasVelocity;
    private @Nullable Matrix gradient;
    private @Nullable Matrix backup;
    private @Nullable Matrix good;
    private @Nullable Matrix velocityBackup;

    /** At least {@code Σ |θ|} and {@code Σ |v|}. */
    private double bound;

    private double velocityBound;

    /**
     * @param state what the parameters and the velocity are. Not modified.
     */
    Parameters(LearnerSettings settings, Precision precision, LearnerState state) {
        this.numRates = settings.numRates();
        this.numOutputs = settings.numOutputs();
        this.numInputs = settings.numFeatures() + 1;
        this.precision = precision;
        this.values = zeros();
        this.velocity = settings.sgd().momentum() > 0 ? zeros() : null;
        set(state.parameters(), state.velocity());
    }

    private Matrix zeros() {
        return MatrixFactory.zerosWithSmallBuffer(
                precision, numRates * numOutputs, Matrix.columnsFor(numInputs));
    }

    /** Returns {@code θ}, (learning rates · numOutputs, inputs). */
    Matrix values() {
        return values;
    }

    /** Returns at least {@code Σ |θ|}, of all learning rates together. */
    double bound() {
        return bound;
    }

    /** Returns {@code v}, same shape; null if there is none, or if it is still zero. */
    @Nullable Matrix velocity() {
        return hasVelocity ? velocity : null;
    }

    /**
     * Becomes parameters from outside.
     *
     * @param ofVelocity likewise; empty for none
     */
    void set(float[] parameters, float[] ofVelocity) {
        set(parameters);
        if (velocity != null && ofVelocity.length > 0) {
            put(ofVelocity, velocity);
            hasVelocity = true;
            velocityBound = sum(velocity);
        }
    }

    /** Becomes parameters from outside, without velocity. */
    void set(float[] parameters) {
        put(parameters, values);
        hasVelocity = false;
        bound = sum(values);
        velocityBound = 0;
    }

    /**
     * Returns the parameters for the outside: new, (learning rates, numFeatures + 1, numOutputs).
     */
    float[] toArray() {
        return toArray(values);
    }

    /** Returns the velocity for the outside; empty if there is none. */
    float[] velocityToArray() {
        return velocity == null || !hasVelocity ? new float[0] : toArray(velocity);
    }

    /**
     * Returns whether steps along gradients of this size, by inputs of this size, keep every number
     * within a float's range, with room to spare; if so, counts them into the bounds.
     *
     * @param inputs at least {@code Σ |x|} of the block
     * @param gradients at least {@code Σ |∂loss/∂z|} of the block, reduction and weights included
     * @param learningRate the largest of the block; of a mixture, the sum of its rates
     */
    boolean tryExtendBounds(
            Sgd sgd, int steps, double inputs, double gradients, double learningRate) {
        if (tryExtendWith(sgd, steps, inputs, gradients, learningRate)) {
            return true;
        }
        bound = sum(values);
        velocityBound = velocity == null || !hasVelocity ? 0 : sum(velocity);
        return tryExtendWith(sgd, steps, inputs, gradients, learningRate);
    }

    private boolean tryExtendWith(
            Sgd sgd, int steps, double inputs, double gradients, double learningRate) {
        double theta = bound;
        double v = velocityBound;
        if (sgd.isPlain()) {
            theta += learningRate * inputs * gradients;
        } else {
            for (int t = 0; t < steps; t++) {
                double g = inputs * gradients + sgd.weightDecay() * theta;
                v = sgd.momentum() * v + g;
                theta += learningRate * (g + v);
            }
        }
        double size = Math.max(1, inputs);
        if (!(theta * size <= SAFE && v * size <= SAFE && size * size <= SAFE)) {
            return false;
        }
        bound = theta * SLACK;
        velocityBound = v * SLACK;
        return true;
    }

    /**
     * Takes the plain steps of a block at once: {@code θ ← θ + Gᵀ·X}.
     *
     * @param gradients (at least rows, learning rates · numOutputs), times minus the learning rate.
     *     Not modified.
     * @param inputs (at least rows, inputs). Not modified.
     */
    void add(Matrix gradients, Matrix inputs, int rows) {
        values.addTransposedProduct(1, gradients, rows, inputs);
    }

    /**
     * Adds rows to the gradient of one step.
     *
     * @param first whether they are its first
     * @param gradients (at least rows, learning rates · numOutputs). Not modified.
     * @param inputs (at least rows, inputs). Not modified.
     */
    void accumulate(boolean first, Matrix gradients, Matrix inputs, int rows) {
        gradient().addTransposedProduct(first ? 0 : 1, gradients, rows, inputs);
    }

    /**
     * Takes one step along the gradient that was accumulated. A plain one is added as it is: it has
     * been multiplied by minus the learning rate. Any other is lost.
     */
    void step(Sgd sgd, double learningRate) {
        Matrix gradient = gradient();
        if (sgd.isPlain()) {
            values.addScaled(1, gradient);
            return;
        }
        if (sgd.weightDecay() > 0) {
            gradient.addScaled(sgd.weightDecay(), values);
        }
        Matrix direction = gradient;
        if (velocity != null) {
            if (hasVelocity) {
                velocity.scale(sgd.momentum());
                velocity.addScaled(1 - sgd.dampening(), gradient);
            } else {
                velocity.copyFrom(gradient);
            }
            hasVelocity = true;
            direction = velocity;
        }
        if (sgd.nesterov()) {
            values.addScaled(-learningRate, gradient);
            values.addScaled(-learningRate * sgd.momentum(), direction);
        } else {
            values.addScaled(-learningRate, direction);
        }
    }

    /**
     * Takes the steps of a block at once.
     *
     * @param steps the scalars of the steps
     * @param toParameters the gradients, each row times its {@code c}. Not modified.
     * @param toVelocity the gradients, each row times its {@code e}. Not modified.
     * @param inputs (at least rows, inputs). Not modified.
     */
    void add(LinearSteps steps, Matrix toParameters, Matrix toVelocity, Matrix inputs, int rows) {
        // Only under weight decay does the velocity need the parameters from before the block.
        Matrix before = null;
        if (velocity != null && steps.velocityOfParameters() != 0) {
            before = gradient();
            before.copyFrom(values);
        }
        values.addTransposedProduct(steps.parametersOfParameters(), toParameters, rows, inputs);
        if (velocity != null) {
            if (hasVelocity) {
                values.addScaled(steps.parametersOfVelocity(), velocity);
            }
            velocity.addTransposedProduct(
                    hasVelocity ? steps.velocityOfVelocity() : 0, toVelocity, rows, inputs);
            if (before != null) {
                velocity.addScaled(steps.velocityOfParameters(), before);
            }
            hasVelocity = true;
        }
    }

    /** Keeps parameters and velocity for {@link #restore}. */
    void backUp() {
        backup().copyFrom(values);
        if (velocity != null && hasVelocity) {
            velocityBackup().copyFrom(velocity);
        }
    }

    /**
     * Puts back what {@link #backUp} kept.
     *
     * @param hadVelocity whether there was a velocity then
     */
    void restore(boolean hadVelocity) {
        values.copyFrom(backup());
        hasVelocity = hadVelocity;
        if (velocity != null && hadVelocity) {
            velocity.copyFrom(velocityBackup());
        }
        refreshBounds();
    }

    /** Keeps a copy of the parameters, for {@link #returnToGood}. */
    void keepGood() {
        good = madeOnce(good);
        good.copyFrom(values);
    }

    /** Keeps parameters from outside, for {@link #returnToGood}. */
    void keepGood(float[] parameters) {
        good = madeOnce(good);
        put(parameters, good);
    }

    /** Returns what {@link #keepGood()} kept, for the outside; empty if nothing was. */
    float[] goodToArray() {
        return good == null ? new float[0] : toArray(good);
    }

    /** Becomes what {@link #keepGood()} kept, without velocity. */
    void returnToGood() {
        if (good == null) {
            throw new IllegalStateException("no good parameters were kept");
        }
        values.copyFrom(good);
        hasVelocity = false;
        refreshBounds();
    }

    /** Forgets what {@link #keepGood()} kept, and becomes zero, without velocity. */
    void returnToStart() {
        if (good != null) {
            good.close();
            good = null;
        }
        set(new float[numRates * numOutputs * numInputs]);
    }

    /** Computes the bounds anew. */
    void refreshBounds() {
        bound = sum(values);
        velocityBound = velocity == null || !hasVelocity ? 0 : sum(velocity);
    }

    /** Returns the Euclidean norm of a rate's parameters. */
    double norm(int rate) {
        return values.norm(rate * numOutputs, numOutputs);
    }

    /** Returns the Euclidean norm of a rate's part of the gradient that was accumulated. */
    double gradientNorm(int rate) {
        return gradient().norm(rate * numOutputs, numOutputs);
    }

    /** Forgets the velocity. */
    void forgetVelocity() {
        hasVelocity = false;
        velocityBound = 0;
    }

    /** Returns whether a rate's parameters, and its velocity, are finite in single precision. */
    boolean isFinite(int rate) {
        int from = rate * numOutputs;
        return values.sumOfMagnitudes(from, numOutputs) <= Float.MAX_VALUE
                && (velocity == null
                        || !hasVelocity
                        || velocity.sumOfMagnitudes(from, numOutputs) <= Float.MAX_VALUE);
    }

    /** Gives a rate the parameters of another. */
    void copyRate(int from, int to) {
        values.copyRows(values, from * numOutputs, numOutputs, to * numOutputs);
    }

    private Matrix backup() {
        backup = madeOnce(backup);
        return backup;
    }

    private Matrix velocityBackup() {
        velocityBackup = madeOnce(velocityBackup);
        return velocityBackup;
    }

    /** Where a step's gradient is added up, and where parameters are kept for a moment. */
    private Matrix gradient() {
        gradient = madeOnce(gradient);
        return gradient;
    }

    private Matrix madeOnce(@Nullable Matrix matrix) {
        return matrix == null ? zeros() : matrix;
    }

    private double sum(Matrix matrix) {
        return matrix.sumOfMagnitudes(0, numRates * numOutputs);
    }

    /** Writes rates of (numFeatures + 1, numOutputs) to rows of outputs. */
    private void put(float[] from, Matrix to) {
        float[] row = new float[to.columns()];
        for (int rate = 0; rate < numRates; rate++) {
            int begin = rate * numInputs * numOutputs;
            for (int c = 0; c < numOutputs; c++) {
                for (int f = 0; f < numInputs; f++) {
                    row[f] = from[begin + f * numOutputs + c];
                }
                to.putRow(rate * numOutputs + c, row, 0, row.length);
            }
        }
    }

    private float[] toArray(Matrix from) {
        float[] values = new float[numRates * numOutputs * numInputs];
        float[] row = new float[from.columns()];
        for (int rate = 0; rate < numRates; rate++) {
            int begin = rate * numInputs * numOutputs;
            for (int c = 0; c < numOutputs; c++) {
                from.getRow(rate * numOutputs + c, row);
                for (int f = 0; f < numInputs; f++) {
                    values[begin + f * numOutputs + c] = row[f];
                }
            }
        }
        return values;
    }

    @Override
    public void close() {
        values.close();
        for (Matrix matrix :
                new @Nullable Matrix[] {velocity, gradient, backup, velocityBackup, good}) {
            if (matrix != null) {
                matrix.close();
            }
        }
    }
}
