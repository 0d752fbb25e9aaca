package io.freshet.model;

import io.freshet.model.example.BlockRows;
import io.freshet.model.example.Evaluation;
import io.freshet.model.example.Evaluation.Outcome;
import io.freshet.model.example.Examples;
import io.freshet.model.mixture.Baselines;
import io.freshet.model.mixture.Mixture;
import io.freshet.model.mixture.MixtureWeights;
import io.freshet.model.optim.LinearRule;
import io.freshet.model.optim.Optimizer;
import io.freshet.model.optim.StepBounds;
import io.freshet.model.optim.ZeroGradientSteps;
import io.freshet.model.scale.ScalerRule;
import io.freshet.model.sparse.RowLayout;
import io.freshet.model.sparse.SparseChunk;
import io.freshet.model.sparse.SparseState;
import io.freshet.model.sparse.SparseTable;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * SGD over sparse examples, one mini-batch after the other: a step reads and writes the parameters
 * of the columns that its examples have, and of no others.
 *
 * <p>The parameters of a column, for all learning rates and outputs, lie side by side in a row of a
 * {@link SparseTable}. A row is made when a labelled example first has the column. So memory and
 * time depend on the columns that occur, not on how many there could be.
 *
 * <p>Weight decay and momentum change parameters without a gradient, too. A row keeps the step up
 * to which that was applied. What it missed is applied when an example has its column again, as the
 * product of the steps' matrices ({@link ZeroGradientSteps}), and every {@value
 * ZeroGradientSteps#CAPACITY} steps for all rows. The results equal those of dense steps up to
 * rounding.
 *
 * <p>Features are scaled, not centred, as a centred zero would not be zero: a value is divided by
 * the geometric mean of the magnitudes of its column's values other than 0, and clipped at the
 * scaler's number of deviations. A single wrong reading, however large, moves a geometric mean
 * little. A column of ones, such as a word's, stays as it is.
 */
final class SparseSgd implements Trainer {
    /** Number of steps between two copies of the good parameters of a small model. */
    private static final int MIN_STEPS_BETWEEN_COPIES = 1000;

    /** Floats of a column's scale. */
    private static final int SCALE_WIDTH = 2;

    /** Rows for each step between two copies of a large model: what a step copies on average. */
    private static final int COPIED_ROWS_PER_STEP = 8;

    private final LearnerSettings settings;
    private final Optimizer optimizer;
    private final SparseWorkspace workspace;
    private final SparseBatch batch;
    private final int numOutputs;
    private final int numRates;
    private final int columns;
    private final @Nullable ScalerRule scaler;
    private final RowLayout layout;
    private final SparseTable table;
    private final Scorer scorer;
    private final long[] restarts;
    private final ExecutionBlock block;
    private final BlockRows rows;
    private final double sumOfRates;
    private final double[] factors;

    /** Rule of decay and momentum; null for plain SGD. */
    private final @Nullable LinearRule rule;

    /** Steps that rows have not caught up with; null for plain SGD. */
    private final @Nullable ZeroGradientSteps steps;

    private long velocitySteps;

    /** Sums as in {@link SparseState#norms}. */
    private final double[] norms;

    private final StepBounds bounds;
    private final StepBounds extendedBounds;
    private SparseChunk @Nullable [] good;
    private double gradientNorm = Double.NaN;

    // Result of computeLinearStep.
    private double newParameter;
    private double newVelocity;

    /**
     * @param workspace workspace for the learner's settings; must stay open
     * @param state initial state. Not modified.
     */
    SparseSgd(SparseWorkspace workspace, LearnerState state) {
        this.workspace = workspace;
        this.batch = workspace.batch;
        this.settings = workspace.settings();
        this.optimizer = settings.optimizer();
        this.numOutputs = settings.numOutputs();
        this.numRates = settings.numRates();
        this.columns = numRates * numOutputs;
        this.scaler = settings.scaler();
        this.layout = settings.rowLayout();
        this.table = new SparseTable(layout);
        this.scorer = new Scorer(settings, state, workspace.scorer);
        this.restarts = state.restarts().clone();
        this.block = new ExecutionBlock(settings, workspace.capacity, workspace.capacity);
        this.rows = block.rows();
        this.rule = settings.lazyRule();
        this.steps = rule == null ? null : new ZeroGradientSteps(rule);
        int arrays = optimizer.stateNames().size();
        this.bounds = new StepBounds(columns, arrays);
        this.extendedBounds = new StepBounds(columns, arrays);
        this.factors = new double[columns];
        Mixture mixture = settings.mixture();
        this.sumOfRates = mixture == null ? 0 : mixture.sumOfRates();
        for (int rate = 0; mixture != null && rate < numRates; rate++) {
            Arrays.fill(
                    factors,
                    rate * numOutputs,
                    (rate + 1) * numOutputs,
                    -mixture.rates().get(rate));
        }
        SparseState sparse = requireSparse(state);
        this.norms = new double[rule == null ? columns : 3];
        set(sparse);
        this.good = good(sparse);
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

    private static SparseState requireSparse(LearnerState state) {
        SparseState sparse = state.sparse();
        if (sparse == null) {
            throw new IllegalArgumentException("the state is not that of a sparse model");
        }
        return sparse;
    }

    /** Sets all but the good parameters. */
    private void set(SparseState state) {
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

    @Override
    public ExecutionBlock block() {
        return block;
    }

    @Override
    public void clear() {
        block.clear();
    }

    @Override
    public @Nullable MixtureWeights weights() {
        return scorer.weights();
    }

    @Override
    public @Nullable Baselines baselines() {
        return scorer.baselines();
    }

    @Override
    public long[] restarts() {
        return restarts;
    }

    @Override
    public double gradientNorm() {
        return gradientNorm;
    }

    @Override
    public double parameterNorm() {
        if (rule != null) {
            return Math.sqrt(Math.max(0, norms[0]));
        }
        double sum = 0;
        int first = scorer.dominantRate() * numOutputs;
        for (int c = first; c < first + numOutputs; c++) {
            sum += norms[c];
        }
        return Math.sqrt(Math.max(0, sum));
    }

    @Override
    public long[] clippedValues() {
        return new long[0];
    }

    @Override
    public int numColumns() {
        return Math.max(0, table.numRows() - 1);
    }

    @Override
    public long stepsBetweenCopies() {
        return Math.max(MIN_STEPS_BETWEEN_COPIES, table.numRows() / COPIED_ROWS_PER_STEP);
    }

    @Override
    public RunResult run(
            int begin,
            LearnerCounters before,
            Examples examples,
            Evaluation evaluation,
            @Nullable StepObserver observer) {
        workspace.begin();
        try {
            int end = rows.endOfMiniBatch(begin, rows.size());
            if (end > begin) {
                return runMiniBatch(begin, end, before, examples, evaluation, observer);
            }
            while (end < rows.size() && !rows.isLabelled(end)) {
                predict(rows.example(end), before.modelVersion(), examples, evaluation);
                end++;
            }
            return new RunResult(end, false, false);
        } finally {
            workspace.end();
        }
    }

    private void predict(int example, long modelVersion, Examples examples, Evaluation evaluation) {
        batch.gatherKnown(examples, example, table);
        if (scaler != null) {
            scale(scaler);
        }
        double[] logits = workspace.logits;
        Arrays.fill(logits, 0);
        for (int entry = 0; entry < batch.numEntries(); entry++) {
            addKnown(batch.place(entry), batch.input(entry), logits);
        }
        scorer.begin();
        scorer.activate(logits, 0, 1);
        scorer.select(0);
        scorer.predict(example, modelVersion, evaluation);
    }

    /** Adds the logits of one entry, with the parameters as they are after all steps. */
    private void addKnown(int place, double input, double[] logits) {
        float[] values = batch.values(place);
        int at = batch.offset(place);
        if (steps == null || (int) values[at + layout.step()] == steps.count()) {
            addLogits(values, at, input, logits);
            return;
        }
        double[] m = workspace.matrix;
        steps.product((int) values[at + layout.step()], m);
        for (int c = 0; c < columns; c++) {
            double velocity = velocity(values, at, c);
            logits[c] += input * (m[0] * values[at + c] + m[1] * velocity);
        }
    }

    private void addLogits(float[] values, int at, double input, double[] logits) {
        for (int c = 0; c < columns; c++) {
            logits[c] += input * values[at + c];
        }
    }

    private RunResult runMiniBatch(
            int begin,
            int end,
            LearnerCounters before,
            Examples examples,
            Evaluation evaluation,
            @Nullable StepObserver observer) {
        double learningRate = before.learningRate(optimizer, 0);
        if (settings.mixture() == null) {
            Arrays.fill(factors, rule == null ? -learningRate : 1);
        }
        batch.gather(rows, begin, end, examples, table);
        if (scaler != null) {
            batch.backUp(layout.scale(), SCALE_WIDTH);
            observe(scaler);
            scale(scaler);
        }
        if (steps != null) {
            catchUp(steps);
        }
        boolean single = end == begin + 1;
        double[] gradients = single ? workspace.gradient : batch.zeroGradients(columns);
        scorer.begin();
        for (int row = begin; row < end; row++) {
            score(row, row - begin, examples, evaluation);
            if (!single) {
                addGradients(row - begin, gradients);
            }
        }
        double sumOfLearningRates =
                settings.mixture() == null
                        ? Math.max(1, before.boost()) * optimizer.learningRate().at(before.steps())
                        : sumOfRates;
        if (scorer.isAllFinite() && tryExtendBounds(begin, sumOfLearningRates)) {
            scorer.learn(rows, begin, end, examples);
            step(learningRate, single, gradients);
        } else if (!checkedStep(
                begin, end, learningRate, single, gradients, examples, evaluation)) {
            return new RunResult(end, true, false);
        }
        noteGradientNorm(single, gradients);
        if (steps != null && steps.isFull()) {
            refresh();
        }
        boolean reactionDue =
                observer != null
                        && observer.observe(examples, evaluation, rows.examples(), begin, end);
        return new RunResult(end, false, reactionDue);
    }

    /** Lets the scale of each column observe the mini-batch. */
    private void observe(ScalerRule by) {
        double kept = 1 - by.lossPerExample();
        for (int entry = 0; entry < batch.numEntries(); entry++) {
            int place = batch.place(entry);
            double magnitude = Math.abs(batch.input(entry));
            if (place != SparseBatch.BIAS && magnitude > 0) {
                float[] values = batch.values(place);
                int at = batch.offset(place) + layout.scale();
                double logarithm = magnitude == 1 ? 0 : Math.log(magnitude);
                double weight = values[at + 1] * kept + 1;
                values[at] += (float) ((logarithm - values[at]) / weight);
                values[at + 1] = (float) weight;
            }
        }
    }

    /** Divides each input by the scale of its column. */
    private void scale(ScalerRule by) {
        double limit = by.clip() == 0 ? Double.POSITIVE_INFINITY : by.clip();
        for (int entry = 0; entry < batch.numEntries(); entry++) {
            int place = batch.place(entry);
            if (place != SparseBatch.BIAS) {
                float[] values = batch.values(place);
                int at = batch.offset(place) + layout.scale();
                double input = batch.input(entry);
                if (values[at] != 0) {
                    input *= Math.exp(-values[at]);
                }
                batch.input(entry, Math.max(-limit, Math.min(limit, input)));
            }
        }
    }

    /** Applies the steps that the rows of the mini-batch have missed. */
    private void catchUp(ZeroGradientSteps missed) {
        for (int place = 0; place < batch.numPlaces(); place++) {
            table.catchUp(batch.values(place), batch.offset(place), missed, workspace.matrix);
        }
    }

    private void score(int row, int place, Examples examples, Evaluation evaluation) {
        double[] logits = workspace.logits;
        Arrays.fill(logits, 0);
        for (int entry = batch.start(place); entry < batch.end(place); entry++) {
            int at = batch.place(entry);
            addLogits(batch.values(at), batch.offset(at), batch.input(entry), logits);
        }
        int example = rows.example(row);
        scorer.activate(logits, 0, 1);
        scorer.select(0);
        scorer.score(place, examples, example, evaluation);
        scorer.gradient(examples, example, block.scale(row), factors, workspace.gradient);
        evaluation.outcome(example, Outcome.TRAINED);
    }

    private void addGradients(int example, double[] gradients) {
        double[] gradient = workspace.gradient;
        for (int entry = batch.start(example); entry < batch.end(example); entry++) {
            double input = batch.input(entry);
            int at = batch.place(entry) * columns;
            for (int c = 0; c < columns; c++) {
                gradients[at + c] += input * gradient[c];
            }
        }
    }

    private boolean tryExtendBounds(int begin, double learningRate) {
        double inputs = 0;
        for (int entry = 0; entry < batch.numEntries(); entry++) {
            inputs += Math.abs(batch.input(entry));
        }
        double gradients = block.gradientBound(begin);
        if (tryExtend(inputs, gradients, learningRate)) {
            return true;
        }
        refreshBounds();
        return tryExtend(inputs, gradients, learningRate);
    }

    private boolean tryExtend(double inputs, double gradients, double learningRate) {
        extendedBounds.copyFrom(bounds);
        optimizer.extendBounds(extendedBounds, 1, inputs * gradients, learningRate);
        double size = Math.max(1, inputs);
        if (!(extendedBounds.areWithin(Parameters.SAFE, size) && size * size <= Parameters.SAFE)) {
            return false;
        }
        extendedBounds.scale(Parameters.SLACK);
        bounds.copyFrom(extendedBounds);
        return true;
    }

    /** Takes a step along the gradients of the mini-batch. */
    private void step(double learningRate, boolean single, double[] gradients) {
        if (steps != null && rule != null) {
            addStep(learningRate, velocitySteps > 0);
            steps.product(steps.count() - 1, workspace.matrix);
            mapNorms(workspace.matrix);
            for (int place = 0; place < batch.numPlaces(); place++) {
                linearStep(
                        place,
                        rule,
                        learningRate,
                        single ? batch.input(place) : 1,
                        gradients,
                        single ? 0 : place * columns);
                batch.values(place)[batch.offset(place) + layout.step()] = steps.count();
            }
            velocitySteps++;
            return;
        }
        for (int place = 0; place < batch.numPlaces(); place++) {
            plainStep(
                    batch.values(place),
                    batch.offset(place),
                    single ? batch.input(place) : 1,
                    gradients,
                    single ? 0 : place * columns);
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

    private void linearStep(
            int place,
            LinearRule by,
            double learningRate,
            double input,
            double[] gradients,
            int from) {
        float[] values = batch.values(place);
        int at = batch.offset(place);
        double[] idle = workspace.matrix;
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

    /** Takes a step, checks it, and returns whether any learning rate's step was finite. */
    private boolean checkedStep(
            int begin,
            int end,
            double learningRate,
            boolean single,
            double[] gradients,
            Examples examples,
            Evaluation evaluation) {
        if (!scorer.isAnyFinite()) {
            skip(begin, end, evaluation, Outcome.SKIPPED_LOSS);
            return false;
        }
        for (int rate = 0; rate < numRates; rate++) {
            if (scorer.isFinite(rate) && !isStepFinite(rate, learningRate, single, gradients)) {
                scorer.discard(rate, end - begin);
            }
        }
        if (!scorer.isAnyFinite()) {
            skip(begin, end, evaluation, Outcome.SKIPPED_STEP);
            return false;
        }
        scorer.learn(rows, begin, end, examples);
        step(learningRate, single, gradients);
        restartRates();
        refresh();
        return true;
    }

    /** Returns whether a step would leave the parameters of a learning rate finite. */
    private boolean isStepFinite(
            int rate, double learningRate, boolean single, double[] gradients) {
        boolean finite = true;
        for (int place = 0; place < batch.numPlaces(); place++) {
            float[] values = batch.values(place);
            int at = batch.offset(place);
            double input = single ? batch.input(place) : 1;
            int from = single ? 0 : place * columns;
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

    private void skip(int begin, int end, Evaluation evaluation, Outcome outcome) {
        for (int row = begin; row < end; row++) {
            evaluation.outcome(rows.example(row), outcome);
        }
        if (scaler != null) {
            batch.restore(layout.scale(), SCALE_WIDTH);
        }
    }

    private void restartRates() {
        int dominant = scorer.dominantFiniteRate();
        for (int rate = 0; rate < numRates; rate++) {
            if (!scorer.isFinite(rate)) {
                // Its weight is minimal already: its likelihood for the mini-batch was 0.
                for (int row = 0; row < table.numRows(); row++) {
                    float[] values = table.writable(row);
                    int at = table.offset(row);
                    System.arraycopy(
                            values,
                            at + dominant * numOutputs,
                            values,
                            at + rate * numOutputs,
                            numOutputs);
                }
                restarts[rate]++;
            }
        }
    }

    private void noteGradientNorm(boolean single, double[] gradients) {
        int first = scorer.dominantRate() * numOutputs;
        double squares = 0;
        for (int place = 0; place < batch.numPlaces(); place++) {
            double input = single ? batch.input(place) : 1;
            int from = single ? 0 : place * columns;
            for (int c = first; c < first + numOutputs; c++) {
                double gradient = input * gradients[from + c];
                squares += gradient * gradient;
            }
        }
        gradientNorm = Math.sqrt(squares) / Math.abs(factors[first]);
    }

    /** Applies to all rows the steps they have missed, and computes norms and bounds anew. */
    private void refresh() {
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
        bounds.parameters(parameters);
        if (layout.hasVelocity()) {
            bounds.state(0, velocities);
        }
    }

    private double velocity(float[] values, int at, int column) {
        return layout.hasVelocity() ? values[at + layout.velocity() + column] : 0;
    }

    @Override
    public void keepGood() {
        if (steps != null) {
            refresh();
        }
        good = table.freeze();
    }

    @Override
    public void returnToGood() {
        if (good == null) {
            throw new IllegalStateException("there are no last good parameters");
        }
        SparseChunk[] before = table.freeze();
        table.set(good, layout);
        if (steps != null) {
            steps.clear();
        }
        if (scaler != null) {
            keepScales(before);
        }
        resetOptimizer();
    }

    /** Takes over the scales of rows; those of columns without a row get one of zeros. */
    private void keepScales(SparseChunk[] from) {
        for (SparseChunk chunk : from) {
            for (int row = 0; row < chunk.size(); row++) {
                int to = table.row(table.findOrAdd(chunk.columns()[row]));
                System.arraycopy(
                        chunk.values(),
                        row * layout.width() + layout.scale(),
                        table.writable(to),
                        table.offset(to) + layout.scale(),
                        SCALE_WIDTH);
            }
        }
    }

    @Override
    public void returnToStart() {
        good = null;
        resetOptimizer();
        fill(0, layout.numParameters());
        refresh();
    }

    @Override
    public void resetOptimizer() {
        refresh();
        if (layout.hasVelocity()) {
            fill(layout.velocity(), layout.numParameters());
            refresh();
        }
        velocitySteps = 0;
    }

    @Override
    public void resetScaler() {
        if (scaler != null) {
            fill(layout.scale(), SCALE_WIDTH);
        }
    }

    /** Sets some floats of all rows to 0. */
    private void fill(int from, int count) {
        for (int row = 0; row < table.numRows(); row++) {
            int at = table.offset(row) + from;
            Arrays.fill(table.writable(row), at, at + count, 0);
        }
    }

    @Override
    public void copyFrom(LearnerState state) {
        set(requireSparse(state));
        scorer.copyFrom(state);
    }

    @Override
    public LearnerState state(LearnerCounters counters, double[] goodWeights) {
        return new LearnerState(
                counters,
                new SparseState(
                        settings.numFeatures(),
                        layout,
                        rule,
                        steps == null ? new double[0] : steps.rates(),
                        velocitySteps,
                        norms.clone(),
                        table.freeze(),
                        good),
                scorer.mixtureState(),
                restarts.clone(),
                scorer.baselineCounts(),
                scorer.lastLabel(),
                goodWeights);
    }

    @Override
    public void close() {
        // all memory is in the heap
    }
}
