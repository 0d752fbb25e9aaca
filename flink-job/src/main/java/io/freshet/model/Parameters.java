package io.freshet.model;

import io.freshet.model.linalg.Matrix;
import io.freshet.model.linalg.MatrixFactory;
import io.freshet.model.linalg.Precision;
import io.freshet.model.optim.LinearSteps;
import io.freshet.model.optim.NamedArray;
import io.freshet.model.optim.Optimizer;
import io.freshet.model.optim.OptimizerState;
import io.freshet.model.optim.StepBounds;
import io.freshet.model.optim.StepGuard;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The live parameters of all learning rates, the optimiser's state, and upper bounds of both.
 *
 * <p>A matrix has a row for each learning rate and output, in this order, and a column for each
 * input: the features, the constant 1 of the bias, and the padding of {@link Matrix#columnsFor},
 * which is always 0. So all rows of one rate are adjacent, and a block's products run over whole
 * rows. In arrays that leave this class, a rate's parameters are (numFeatures + 1, numOutputs).
 */
final class Parameters implements AutoCloseable {
    private final Optimizer optimizer;
    private final int numRates;
    private final int numOutputs;
    private final int numInputs;
    private final Precision precision;
    private final Matrix values;

    /** The arrays of the optimiser's state; undefined while {@code stateSteps} is 0. */
    private final Matrix[] state;

    /** Steps taken since the optimiser's state was zero. */
    private long stateSteps;

    private @Nullable Matrix gradient;
    private @Nullable Matrix good;

    /** The last good parameters as {@link #goodToArray} returned them; null if they changed. */
    private float @Nullable [] goodArray;

    private @Nullable Matrix backup;
    private final @Nullable Matrix[] stateBackup;
    private long stateStepsBackup;

    private final StepGuard guard;

    /**
     * @param initial initial parameters and optimiser state. Not modified.
     */
    Parameters(LearnerSettings settings, Precision precision, LearnerState initial) {
        this.optimizer = settings.optimizer();
        this.numRates = settings.numRates();
        this.numOutputs = settings.numOutputs();
        this.numInputs = settings.numFeatures() + 1;
        this.precision = precision;
        this.values = zeros();
        int numArrays = optimizer.stateNames().size();
        this.state = new Matrix[numArrays];
        for (int i = 0; i < numArrays; i++) {
            state[i] = zeros();
        }
        this.stateBackup = new @Nullable Matrix[numArrays];
        this.guard = new StepGuard(optimizer, settings.numParameters());
        set(initial.parameters(), initial.optimizer());
    }

    private Matrix zeros() {
        return MatrixFactory.zerosWithSmallBuffer(
                precision, numRates * numOutputs, Matrix.columnsFor(numInputs));
    }

    /** Returns {@code θ}, (learning rates · numOutputs, inputs). */
    Matrix values() {
        return values;
    }

    /** Returns an upper bound of {@code Σ |θ|} over all learning rates. */
    double bound() {
        return guard.bounds().parameters();
    }

    /**
     * Returns the velocity of an optimiser with a linear rule, in the shape of {@link #values};
     * null if there is none or it is zero.
     */
    @Nullable Matrix velocity() {
        return state.length == 0 || stateSteps == 0 ? null : state[0];
    }

    /**
     * Sets parameters and optimiser state.
     *
     * @param newState state of the optimiser. If it lacks an array of this optimiser, because
     *     another one wrote it, it is not used, and the optimiser's state begins at zero.
     */
    void set(float[] parameters, OptimizerState newState) {
        put(parameters, values);
        stateSteps = 0;
        List<String> names = optimizer.stateNames();
        if (!names.isEmpty()
                && newState.steps() > 0
                && names.stream().allMatch(name -> newState.array(name).length > 0)) {
            for (int i = 0; i < state.length; i++) {
                put(newState.array(names.get(i)), state[i]);
            }
            stateSteps = newState.steps();
        }
        refreshBounds();
    }

    /** Sets the parameters, and the optimiser's state to zero. */
    void set(float[] parameters) {
        put(parameters, values);
        stateSteps = 0;
        refreshBounds();
    }

    /** Returns a new array of the parameters, (learning rates, numFeatures + 1, numOutputs). */
    float[] toArray() {
        return toArray(values);
    }

    /** Returns the optimiser's state in new arrays. */
    OptimizerState optimizerState() {
        if (stateSteps == 0) {
            return OptimizerState.INITIAL;
        }
        NamedArray[] arrays = new NamedArray[state.length];
        for (int i = 0; i < arrays.length; i++) {
            arrays[i] = new NamedArray(optimizer.stateNames().get(i), toArray(state[i]));
        }
        return new OptimizerState(stateSteps, arrays);
    }

    /**
     * Extends the bounds over the next steps, provided that no value in these steps can come near
     * the limits of a float. Returns whether the bounds were extended.
     *
     * @param steps number of steps
     * @param inputs upper bound of {@code Σ |x|} over the block
     * @param gradients upper bound of {@code Σ |∂loss/∂z|} over the block, reduction and weights
     *     included
     * @param learningRate upper bound of the learning rate; in a mixture, the sum of all learning
     *     rates
     */
    boolean tryExtendBounds(int steps, double inputs, double gradients, double learningRate) {
        return guard.tryExtend(steps, inputs, gradients, learningRate, this::writeBounds);
    }

    /**
     * Takes the plain steps of a block together: {@code θ ← θ + Gᵀ·X}.
     *
     * @param gradients (at least rows, learning rates · numOutputs), each multiplied by minus its
     *     learning rate. Not modified.
     * @param inputs (at least rows, inputs). Not modified.
     */
    void add(Matrix gradients, Matrix inputs, int rows) {
        values.addTransposedProduct(1, gradients, rows, inputs);
    }

    /**
     * Adds rows to the gradient of one step.
     *
     * @param first whether they are the first rows of the step
     * @param gradients (at least rows, learning rates · numOutputs). Not modified.
     * @param inputs (at least rows, inputs). Not modified.
     */
    void accumulate(boolean first, Matrix gradients, Matrix inputs, int rows) {
        gradient().addTransposedProduct(first ? 0 : 1, gradients, rows, inputs);
    }

    /**
     * Takes one step with the accumulated gradient. For plain SGD, the gradient must have been
     * multiplied by minus the learning rate, and is not modified. Other optimisers overwrite it.
     */
    void step(double learningRate) {
        if (optimizer.isPlain()) {
            values.addScaled(1, gradient());
            return;
        }
        optimizer.step(values, gradient(), state, stateSteps, learningRate);
        countSteps(1);
    }

    private void countSteps(int steps) {
        if (state.length > 0) {
            stateSteps += steps;
        }
    }

    /**
     * Takes the steps of a block together.
     *
     * @param steps coefficients of the steps
     * @param count number of steps
     * @param toParameters gradients, each row multiplied by the coefficient {@code c} of its step.
     *     Not modified.
     * @param toVelocity gradients, each row multiplied by the coefficient {@code e} of its step.
     *     Not modified.
     * @param inputs (at least rows, inputs). Not modified.
     */
    void add(
            LinearSteps steps,
            int count,
            Matrix toParameters,
            Matrix toVelocity,
            Matrix inputs,
            int rows) {
        Matrix velocity = state.length == 0 ? null : state[0];
        // The velocity depends on the parameters before the block only with weight decay.
        Matrix before = null;
        if (velocity != null && steps.velocityOfParameters() != 0) {
            before = gradient();
            before.copyFrom(values);
        }
        values.addTransposedProduct(steps.parametersOfParameters(), toParameters, rows, inputs);
        if (velocity != null) {
            if (stateSteps > 0) {
                values.addScaled(steps.parametersOfVelocity(), velocity);
            }
            velocity.addTransposedProduct(
                    stateSteps > 0 ? steps.velocityOfVelocity() : 0, toVelocity, rows, inputs);
            if (before != null) {
                velocity.addScaled(steps.velocityOfParameters(), before);
            }
        }
        countSteps(count);
    }

    /** Copies parameters and optimiser state, for {@link #restore}. */
    void backUp() {
        backup = madeOnce(backup);
        backup.copyFrom(values);
        stateStepsBackup = stateSteps;
        for (int i = 0; i < state.length && stateSteps > 0; i++) {
            Matrix copy = madeOnce(stateBackup[i]);
            copy.copyFrom(state[i]);
            stateBackup[i] = copy;
        }
    }

    /** Restores the copy of {@link #backUp}. */
    void restore() {
        if (backup == null) {
            throw new IllegalStateException("nothing was backed up");
        }
        values.copyFrom(backup);
        stateSteps = stateStepsBackup;
        for (int i = 0; i < state.length && stateSteps > 0; i++) {
            Matrix copy = stateBackup[i];
            if (copy != null) {
                state[i].copyFrom(copy);
            }
        }
        refreshBounds();
    }

    /** Copies the current parameters as the last good ones, for {@link #returnToGood}. */
    void keepGood() {
        good = madeOnce(good);
        good.copyFrom(values);
        goodArray = null;
    }

    /** Sets the last good parameters, for {@link #returnToGood}. */
    void keepGood(float[] parameters) {
        good = madeOnce(good);
        put(parameters, good);
        goodArray = parameters;
    }

    /** Returns an array of the last good parameters, the same until they change; empty if none. */
    float[] goodToArray() {
        float[] array = goodArray;
        if (array == null) {
            array = good == null ? new float[0] : toArray(good);
            goodArray = array;
        }
        return array;
    }

    /** Returns to the last good parameters, and sets the optimiser's state to zero. */
    void returnToGood() {
        if (good == null) {
            throw new IllegalStateException("there are no last good parameters");
        }
        values.copyFrom(good);
        stateSteps = 0;
        refreshBounds();
    }

    /** Removes the last good parameters, and sets parameters and optimiser state to zero. */
    void returnToStart() {
        if (good != null) {
            good.close();
            good = null;
        }
        goodArray = null;
        set(new float[numRates * numOutputs * numInputs]);
    }

    /** Computes the bounds from parameters and state. */
    void refreshBounds() {
        writeBounds(guard.bounds());
    }

    private void writeBounds(StepBounds bounds) {
        bounds.parameters(sum(values));
        for (int i = 0; i < state.length; i++) {
            bounds.state(i, stateSteps == 0 ? 0 : sum(state[i]));
        }
    }

    /** Returns the Euclidean norm of a rate's parameters. */
    double norm(int rate) {
        return values.norm(rate * numOutputs, numOutputs);
    }

    /** Returns the Euclidean norm of a rate's part of the accumulated gradient. */
    double gradientNorm(int rate) {
        return gradient().norm(rate * numOutputs, numOutputs);
    }

    /** Sets the optimiser's state to zero. */
    void resetOptimizer() {
        stateSteps = 0;
        for (int i = 0; i < state.length; i++) {
            guard.bounds().state(i, 0);
        }
    }

    /** Returns whether a rate's parameters and optimiser state are finite in single precision. */
    boolean isFinite(int rate) {
        int from = rate * numOutputs;
        boolean finite = values.sumOfMagnitudes(from, numOutputs) <= Float.MAX_VALUE;
        for (int i = 0; i < state.length && stateSteps > 0; i++) {
            finite &= state[i].sumOfMagnitudes(from, numOutputs) <= Float.MAX_VALUE;
        }
        return finite;
    }

    /** Copies the parameters of one rate to another. */
    void copyRate(int from, int to) {
        values.copyRows(values, from * numOutputs, numOutputs, to * numOutputs);
    }

    /** Returns the matrix of a step's gradient, which also serves as a temporary copy. */
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

    /** Writes an array of (learning rates, numFeatures + 1, numOutputs) to a matrix. */
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
        for (Matrix matrix : state) {
            matrix.close();
        }
        for (Matrix matrix : stateBackup) {
            closeIfMade(matrix);
        }
        closeIfMade(gradient);
        closeIfMade(backup);
        closeIfMade(good);
    }

    private static void closeIfMade(@Nullable Matrix matrix) {
        if (matrix != null) {
            matrix.close();
        }
    }
}
