package io.freshet.model;

import io.freshet.model.optim.LinearRule;
import io.freshet.model.optim.Optimizer;
import io.freshet.model.optim.StepGuard;
import io.freshet.model.optim.ZeroGradientSteps;
import io.freshet.model.sparse.RowLayout;
import io.freshet.model.sparse.SparseChunk;
import io.freshet.model.sparse.SparseState;
import io.freshet.model.sparse.SparseTable;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * The live parameters of a sparse model for all learning rates, the optimiser's state, and upper
 * bounds and norms of both.
 *
 * <p>The parameters of a column lie side by side in a row of a {@link SparseTable}. Weight decay
 * and momentum change parameters without a gradient, too. A row keeps the step up to which that was
 * applied. What it missed is applied when a mini-batch has its column again, as the product of the
 * steps' matrices ({@link ZeroGradientSteps}), and every {@value ZeroGradientSteps#CAPACITY} steps
 * for all rows.
 */
final class SparseWeights {
    private final Optimizer optimizer;
    private final int numOutputs;
    private final int columns;
    private final RowLayout layout;
    private final SparseTable table;

    /** Rule of decay and momentum; null for plain SGD. */
    private final @Nullable LinearRule rule;

    /** Steps that rows have not caught up with; null for plain SGD. */
    private final @Nullable ZeroGradientSteps steps;

    private long velocitySteps;

    /** Sums as in {@link SparseState#norms}. */
    private final double[] norms;

    private final StepGuard guard;
    private SparseChunk @Nullable [] good;

    private final double[] matrix = new double[4];

    // Result of computeLinearStep.
    private double newParameter;
    private double newVelocity;

    /**
     * @param state initial state. Not modified.
     */
    SparseWeights(LearnerSettings settings, SparseState state) {
        this.optimizer = settings.optimizer();
        this.numOutputs = settings.numOutputs();
        this.columns = settings.numColumns();
        this.layout = settings.rowLayout();
        this.table = new SparseTable(layout);
        this.rule = settings.lazyRule();
        this.steps = rule == null ? null : new ZeroGradientSteps(rule);
        this.guard = new StepGuard(optimizer, columns);
        this.norms = new double[rule == null ? columns : 3];
        set(state);
        this.good = good(state);
    }

    /** Returns the last good rows of a state, in this learner's layout; null if there are none. */
    private SparseChunk @Nullable [] good(SparseState state) {
        SparseChunk[] saved = state.goodChunks();
        if (saved == null || state.layout().equals(layout)) {
            return saved;
        }
        SparseTable converted = new SparseTable(layout);
        converted.set(saved, state.layout());
        return converted.freeze();
    }

    /** Sets all but the good parameters. */
    void set(SparseState state) {
        if (steps != null) {
            steps.clear();
        }
        boolean continues =
                state.layout().equals(layout)
                        && (rule == null ? state.rule() == null : rule.equals(state.rule()));
        if (continues) {
            table.set(state.chunks(), layout);
            System.arraycopy(state.norms(), 0, norms, 0, norms.length);
            velocitySteps = state.velocitySteps();
            long before = velocitySteps - state.laggedRates().length;
            for (double rate : state.laggedRates()) {
                addStep(rate, before > 0);
                before++;
            }
            refreshBounds();
            return;
        }
        table.set(state.upToDate(), state.layout());
        boolean keepsVelocity = layout.hasVelocity() && state.layout().hasVelocity();
        velocitySteps = keepsVelocity ? state.velocitySteps() : 0;
        refresh();
    }

    /** Returns the state, in arrays that are never written to again. */
    SparseState state(int numFeatures) {
        return new SparseState(
                numFeatures,
                layout,
                rule,
                steps == null ? new double[0] : steps.rates(),
                velocitySteps,
                norms.clone(),
                table.freeze(),
                good);
    }

    /** Returns the rows; not a copy. */
    SparseTable table() {
        return table;
    }

    /** Returns whether gradients are to be multiplied by minus the learning rate. */
    boolean isPlain() {
        return rule == null;
    }

    /** Returns the Euclidean norm of a rate's parameters. */
    double norm(int rate) {
        if (rule != null) {
            return Math.sqrt(Math.max(0, norms[0]));
        }
        double sum = 0;
        for (int c = rate * numOutputs; c < (rate + 1) * numOutputs; c++) {
            sum += norms[c];
        }
        return Math.sqrt(Math.max(0, sum));
    }

    /** Adds the logits of one entry, with the parameters as they are after all steps. */
    void addLogitsOfKnown(SparseBatch batch, int entry, double[] logits) {
        int place = batch.place(entry);
        double input = batch.input(entry);
        float[] values = batch.values(place);
        int at = batch.offset(place);
        if (steps == null || (int) values[at + layout.step()] == steps.count()) {
            addLogits(batch, entry, logits);
            return;
        }
        steps.product((int) values[at + layout.step()], matrix);
        for (int c = 0; c < columns; c++) {
            double velocity = velocity(values, at, c);
            logits[c] += input * (matrix[0] * values[at + c] + matrix[1] * velocity);
        }
    }

    /** Adds the logits of one entry, whose row has caught up. */
    void addLogits(SparseBatch batch, int entry, double[] logits) {
        int place = batch.place(entry);
        double input = batch.input(entry);
        float[] values = batch.values(place);
        int at = batch.offset(place);
        for (int c = 0; c < columns; c++) {
            logits[c] += input * values[at + c];
        }
    }

    /** Applies the steps that the rows of a mini-batch have missed. */
    void catchUp(SparseBatch batch) {
        for (int place = 0; steps != null && place < batch.numPlaces(); place++) {
            table.catchUp(batch.values(place), batch.offset(place), steps, matrix);
        }
    }

    /**
     * Extends the bounds over the next step, provided that no value in it can come near the limits
     * of a float. Returns whether the bounds were extended.
     *
     * @param inputs upper bound of {@code Σ |x|} over the mini-batch
     * @param gradients upper bound of {@code Σ |∂loss/∂z|} over the mini-batch
     * @param learningRate upper bound of the sum of all learning rates
     */
    boolean tryExtendBounds(double inputs, double gradients, double learningRate) {
        return guard.tryExtend(1, inputs, gradients, learningRate, bounds -> refreshBounds());
    }

    /** Takes a step along the gradients of the mini-batch. */
    void step(SparseBatch batch, double learningRate) {
        double[] gradients = batch.gradients();
        if (steps != null && rule != null) {
            addStep(learningRate, velocitySteps > 0);
            steps.product(steps.count() - 1, matrix);
            mapNorms(matrix);
            for (int place = 0; place < batch.numPlaces(); place++) {
                linearStep(batch, place, rule, learningRate);
                batch.values(place)[batch.offset(place) + layout.step()] = steps.count();
            }
            velocitySteps++;
            return;
        }
        for (int place = 0; place < batch.numPlaces(); place++) {
            plainStep(
                    batch.values(place),
                    batch.offset(place),
                    batch.inputOf(place),
                    gradients,
                    batch.gradientStart(place));
        }
    }

    private void addStep(double learningRate, boolean after) {
        if (steps != null) {
            steps.add(learningRate, layout.hasVelocity() && after);
        }
    }

    private void plainStep(float[] values, int at, double input, double[] gradients, int from) {
        for (int c = 0; c < columns; c++) {
            double before = values[at + c];
            float after = (float) (before + input * gradients[from + c]);
            values[at + c] = after;
            norms[c] += (double) after * after - before * before;
        }
    }

    private void linearStep(SparseBatch batch, int place, LinearRule by, double learningRate) {
        float[] values = batch.values(place);
        int at = batch.offset(place);
        double input = batch.inputOf(place);
        double[] gradients = batch.gradients();
        int from = batch.gradientStart(place);
        double[] idle = matrix;
        for (int c = 0; c < columns; c++) {
            double parameter = values[at + c];
            double velocity = velocity(values, at, c);
            computeLinearStep(by, learningRate, velocity, parameter, input * gradients[from + c]);
            float after = (float) newParameter;
            values[at + c] = after;
            // The sums had a step without a gradient already.
            double idleParameter = idle[0] * parameter + idle[1] * velocity;
            norms[0] += (double) after * after - idleParameter * idleParameter;
            if (layout.hasVelocity()) {
                double idleVelocity = idle[2] * parameter + idle[3] * velocity;
                float velocityAfter = (float) newVelocity;
                values[at + layout.velocity() + c] = velocityAfter;
                norms[1] += (double) after * velocityAfter - idleParameter * idleVelocity;
                norms[2] += (double) velocityAfter * velocityAfter - idleVelocity * idleVelocity;
            }
        }
    }

    /** Computes a step of one parameter to {@link #newParameter} and {@link #newVelocity}. */
    private void computeLinearStep(
            LinearRule by, double learningRate, double velocity, double parameter, double g) {
        boolean hasVelocity = layout.hasVelocity() && velocitySteps > 0;
        double gradient = g + by.weightDecay() * parameter;
        newVelocity =
                hasVelocity ? by.momentum() * velocity + (1 - by.dampening()) * gradient : gradient;
        double direction = by.nesterov() ? gradient + by.momentum() * newVelocity : newVelocity;
        newParameter = parameter - learningRate * direction;
    }

    /** Updates the sums of the norm for a step without a gradient. */
    private void mapNorms(double[] m) {
        double pp = norms[0];
        double pv = norms[1];
        double vv = norms[2];
        norms[0] = m[0] * m[0] * pp + 2 * m[0] * m[1] * pv + m[1] * m[1] * vv;
        if (layout.hasVelocity()) {
            norms[1] = m[0] * m[2] * pp + (m[0] * m[3] + m[1] * m[2]) * pv + m[1] * m[3] * vv;
            norms[2] = m[2] * m[2] * pp + 2 * m[2] * m[3] * pv + m[3] * m[3] * vv;
        }
    }

    /** Returns whether a step would leave the parameters of a learning rate finite. */
    boolean isStepFinite(SparseBatch batch, int rate, double learningRate) {
        boolean finite = true;
        double[] gradients = batch.gradients();
        for (int place = 0; place < batch.numPlaces(); place++) {
            float[] values = batch.values(place);
            int at = batch.offset(place);
            double input = batch.inputOf(place);
            int from = batch.gradientStart(place);
            for (int c = rate * numOutputs; c < (rate + 1) * numOutputs; c++) {
                if (rule == null) {
                    finite &=
                            Float.isFinite((float) (values[at + c] + input * gradients[from + c]));
                } else {
                    computeLinearStep(
                            rule,
                            learningRate,
                            velocity(values, at, c),
                            values[at + c],
                            input * gradients[from + c]);
                    finite &= Float.isFinite((float) newParameter);
                    finite &= Float.isFinite((float) newVelocity);
                }
            }
        }
        return finite;
    }

    /** Applies what all rows have missed, if there is no room for more steps to miss. */
    void refreshIfDue() {
        if (steps != null && steps.isFull()) {
            refresh();
        }
    }

    /** Applies to all rows the steps they have missed, and computes norms and bounds anew. */
    void refresh() {
        if (steps != null) {
            table.catchUp(steps);
        }
        Arrays.fill(norms, 0);
        for (int row = 0; row < table.numRows(); row++) {
            float[] values = table.readable(row);
            int at = table.offset(row);
            for (int c = 0; c < columns; c++) {
                double parameter = values[at + c];
                double velocity = velocity(values, at, c);
                norms[rule == null ? c : 0] += parameter * parameter;
                if (layout.hasVelocity()) {
                    norms[1] += parameter * velocity;
                    norms[2] += velocity * velocity;
                }
            }
        }
        refreshBounds();
    }

    private void refreshBounds() {
        double parameters = 0;
        double velocities = 0;
        for (int row = 0; row < table.numRows(); row++) {
            float[] values = table.readable(row);
            int at = table.offset(row);
            for (int c = 0; c < columns; c++) {
                parameters += Math.abs(values[at + c]);
                velocities += Math.abs(velocity(values, at, c));
            }
        }
        guard.bounds().parameters(parameters);
        if (layout.hasVelocity()) {
            guard.bounds().state(0, velocities);
        }
    }

    private double velocity(float[] values, int at, int column) {
        return layout.hasVelocity() ? values[at + layout.velocity() + column] : 0;
    }

    /** Copies the parameters of one rate to another, in all rows. */
    void copyRate(int from, int to) {
        for (int row = 0; row < table.numRows(); row++) {
            float[] values = table.writable(row);
            int at = table.offset(row);
            System.arraycopy(
                    values, at + from * numOutputs, values, at + to * numOutputs, numOutputs);
        }
    }

    /** Copies the current rows as the last good ones. */
    void keepGood() {
        if (steps != null) {
            refresh();
        }
        good = table.freeze();
    }

    /**
     * Returns to the last good rows, and sets the optimiser's state to zero.
     *
     * @param scaling keeps the scales of the columns; null if they are not scaled
     */
    void returnToGood(@Nullable SparseScaling scaling) {
        if (good == null) {
            throw new IllegalStateException("there are no last good parameters");
        }
        SparseChunk[] before = table.freeze();
        table.set(good, layout);
        if (steps != null) {
            steps.clear();
        }
        if (scaling != null) {
            scaling.keep(before, table);
        }
        resetOptimizer();
    }

    /** Removes the last good rows, and sets parameters and optimiser state to zero. */
    void returnToStart() {
        good = null;
        resetOptimizer();
        table.fill(0, layout.numParameters());
        refresh();
    }

    /** Sets the optimiser's state to zero. */
    void resetOptimizer() {
        refresh();
        if (layout.hasVelocity()) {
            table.fill(layout.velocity(), layout.numParameters());
            refresh();
        }
        velocitySteps = 0;
    }
}
