package io.freshet.model;

import io.freshet.model.example.BlockRows;
import io.freshet.model.example.Evaluation;
import io.freshet.model.example.Evaluation.Outcome;
import io.freshet.model.example.Examples;
import io.freshet.model.linalg.Matrix;
import io.freshet.model.mixture.Baselines;
import io.freshet.model.mixture.Mixture;
import io.freshet.model.mixture.MixtureWeights;
import io.freshet.model.optim.LinearSteps;
import io.freshet.model.optim.Sgd;
import io.freshet.model.scale.StandardScaler;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * Exact SGD over blocks of mini-batches, at the cost of matrix products.
 *
 * <p>Step {@code t} of plain SGD is {@code W_t = W_(t−1) − η_t X_tᵀ G_t} with the inputs {@code
 * X_t} of its mini-batch and the gradient {@code G_t} at its logits, reduction and weights
 * included. So within a block that starts at {@code W₀} the logits are
 *
 * <pre>{@code
 * X_t W_(t−1) = X_t W₀ − Σ_(s<t) η_s (X_t X_sᵀ) G_s
 * }</pre>
 *
 * <p>Two products, {@code X W₀} and {@code K = X Xᵀ}, serve the whole block; a forward substitution
 * finds each row's logits from rows of {@code K} and the gradients before it; a third product takes
 * all steps at once. The same numbers as one step after the other, to rounding. Momentum, weight
 * decay and schedules change the scalars only ({@link LinearSteps}). Several learning rates share
 * {@code X} and {@code K}; their parameters and gradients stand side by side.
 *
 * <p>A mini-batch of which no two fit into a block needs neither {@code K} nor the substitution:
 * that is the direct path.
 *
 * <p>Before a block runs, bounds on its inputs, gradients and parameters show whether anything in
 * it could leave a float's range. Almost always nothing can, and nothing needs a second look. If it
 * could, all its mini-batches are stepped one at a time and checked.
 */
final class BlockedSgd implements AutoCloseable {
    private final LearnerSettings settings;
    private final Sgd sgd;
    private final boolean plain;
    private final int numFeatures;
    private final int numRates;
    private final int columns;

    /** Number of columns of the inputs and of the parameters. */
    private final int width;

    private final int capacity;
    private final int maxSteps;

    private final Parameters parameters;
    private final @Nullable StandardScaler scaler;
    private final Scorer scorer;
    private final long[] restarts;

    // The block: its rows, and, in the workspace, the matrices of the class's description.
    private final BlockWorkspace workspace;
    private final BlockRows rows;
    private final double[] scales;
    private final double[] gradientBounds;
    private final float[] inputRows;
    private final float[] scaledRow;
    private final Matrix inputs;
    private final Matrix logits;
    private final Matrix gradients;
    private final @Nullable Matrix products;
    private final @Nullable Matrix velocityLogits;
    private final @Nullable Matrix velocityGradients;
    private final LinearSteps unrolled;

    // The same, where loops read and write them.
    private final double[] logitValues;
    private final double[] productValues;
    private final double[] velocityLogitValues;
    private final double[][] gradientRows;
    private final double[] scaledGradient;
    private final double[] rowLogits;

    /** What a row's logits are moved by: gradients of the rows before it, and their factors. */
    private final int[] termRows;

    private final double[] termFactors;

    /**
     * By what a row's gradients are multiplied at once, (columns): minus the learning rate of each,
     * or 1 where steps tell.
     */
    private final double[] factors;

    /** Of a mixture. */
    private final double sumOfRates;

    private boolean skipped;
    private boolean stopped;
    private double gradientNorm = Double.NaN;

    /** Whether the block at hand has been found to need care. */
    private boolean refused;

    /**
     * @param workspace of the settings; must stay open
     * @param state what to go on from. Not modified.
     */
    BlockedSgd(BlockWorkspace workspace, LearnerState state) {
        this.workspace = workspace;
        this.settings = workspace.settings();
        this.sgd = settings.sgd();
        this.plain = sgd.isPlain();
        this.numFeatures = settings.numFeatures();
        this.numRates = settings.numRates();
        this.columns = workspace.columns;
        this.width = workspace.width;
        this.maxSteps = workspace.maxSteps;
        this.capacity = workspace.capacity;

        this.parameters = new Parameters(settings, workspace.precision(), state);
        this.scaler =
                switch (settings.scaler()) {
                    case NONE -> null;
                    case WELFORD ->
                            new StandardScaler(
                                    state.scalerCount(),
                                    state.scalerMean(),
                                    state.scalerSquaredDeviations(),
                                    workspace.scaler);
                };
        this.scorer = new Scorer(settings, state, workspace.scorer);
        this.restarts = state.restarts().clone();

        this.rows = new BlockRows(Math.max(capacity, settings.miniBatchSize()));
        this.scales = new double[maxSteps];
        this.gradientBounds = new double[maxSteps];
        this.inputRows = workspace.inputRows;
        this.scaledRow = workspace.scaledRow;
        this.inputs = workspace.inputs;
        this.logits = workspace.logits;
        this.gradients = workspace.gradients;
        this.products = workspace.products;
        this.velocityLogits = workspace.velocityLogits;
        this.velocityGradients = workspace.velocityGradients;
        this.unrolled = workspace.unrolled;

        this.logitValues = workspace.logitValues;
        this.productValues = workspace.productValues;
        this.velocityLogitValues = workspace.velocityLogitValues;
        this.gradientRows = workspace.gradientRows;
        this.scaledGradient = workspace.scaledGradient;
        this.rowLogits = workspace.rowLogits;
        this.termRows = workspace.termRows;
        this.termFactors = workspace.termFactors;
        this.factors = new double[columns];
        Mixture mixture = settings.mixture();
        this.sumOfRates = mixture == null ? 0 : mixture.sumOfRates();
        for (int rate = 0; mixture != null && rate < numRates; rate++) {
            int at = rate * settings.numOutputs();
            Arrays.fill(factors, at, at + settings.numOutputs(), -mixture.rates().get(rate));
        }
    }

    /** Returns what is learnt. */
    Parameters parameters() {
        return parameters;
    }

    /** Returns what scales the features; null if nothing does. */
    @Nullable StandardScaler scaler() {
        return scaler;
    }

    /** Returns the mixture's weights; null without one. */
    @Nullable MixtureWeights weights() {
        return scorer.weights();
    }

    /** Returns the mixture's baselines; null without them. */
    @Nullable Baselines baselines() {
        return scorer.baselines();
    }

    /** Returns how often each learning rate started anew, (learning rates); not a copy. */
    long[] restarts() {
        return restarts;
    }

    /** Returns the block's rows. */
    BlockRows rows() {
        return rows;
    }

    /** Makes room for the next block. */
    void clear() {
        rows.clear();
        refused = false;
    }

    /** Returns whether so many more rows fit into the block, and another mini-batch. */
    boolean hasRoomFor(int count) {
        return rows.hasRoomFor(count) && rows.numSteps() < maxSteps;
    }

    /**
     * Adds a mini-batch to the block, and returns true; or returns false, where it weighs nothing.
     *
     * @param batch rows of the examples, of which the first {@code count} count. Not modified.
     */
    boolean addMiniBatch(Examples examples, int[] batch, int count) {
        double sum = 0;
        double divisor = 0;
        for (int i = 0; i < count; i++) {
            double weight = examples.weights()[batch[i]];
            sum += Math.abs(weight);
            divisor += weight * divisor(examples, batch[i]);
        }
        double scale = settings.reduction().scale(count, divisor);
        if (!(scale <= Double.MAX_VALUE)) {
            return false;
        }
        scales[rows.numSteps()] = scale;
        gradientBounds[rows.numSteps()] = sum * scale * settings.loss().gradientBound();
        rows.addMiniBatch(batch, count);
        return true;
    }

    private double divisor(Examples examples, int example) {
        return examples.numTargets() == 0
                ? settings.loss().divisor(examples.labels()[example])
                : settings.loss().divisor(examples.targets(), example * examples.numTargets());
    }

    /**
     * Returns the Euclidean norm of the last mini-batch's mean gradient, of the learning rate that
     * weighs most; NaN before the first, and where its learning rate was 0.
     */
    double gradientNorm() {
        return gradientNorm;
    }

    /** Returns the Euclidean norm of the parameters of the learning rate that weighs most. */
    double parameterNorm() {
        return parameters.norm(heaviestRate());
    }

    private int heaviestRate() {
        MixtureWeights weights = scorer.weights();
        int heaviest = 0;
        for (int rate = 1; weights != null && rate < numRates; rate++) {
            if (weights.weight(rate) > weights.weight(heaviest)) {
                heaviest = rate;
            }
        }
        return heaviest;
    }

    /** Forgets what the scaler has seen. */
    void resetScaler() {
        if (scaler != null) {
            scaler.reset();
        }
    }

    /**
     * Continues with what another learner has learnt: parameters, velocity, weights, baselines,
     * scaler.
     *
     * @param state the other's, under the same settings. Not modified.
     */
    void copyFrom(LearnerState state) {
        parameters.set(state.parameters(), state.velocity());
        MixtureWeights weights = scorer.weights();
        if (weights != null) {
            weights.set(state.weights());
        }
        Baselines baselines = scorer.baselines();
        if (baselines != null) {
            baselines.set(state.baselineCounts(), state.lastLabel());
        }
        if (scaler != null) {
            scaler.set(state.scalerCount(), state.scalerMean(), state.scalerSquaredDeviations());
        }
    }

    /**
     * Tests on rows of the block, then trains on them, as far as it goes in one piece.
     *
     * @param begin the first row that is not done
     * @param before what was counted before it
     * @param observer sees each mini-batch that is trained on
     * @return the row after those that are done: all, or those up to the end of a mini-batch that
     *     was done by itself or where the observer stopped; {@link #wasSkipped()} tells whether its
     *     step was skipped, {@link #wasStopped()} whether the observer stopped
     */
    int run(
            int begin,
            LearnerCounters before,
            Examples examples,
            Evaluation evaluation,
            @Nullable StepObserver observer) {
        workspace.begin();
        try {
            return runRows(begin, before, examples, evaluation, observer);
        } finally {
            workspace.end();
        }
    }

    private int runRows(
            int begin,
            LearnerCounters before,
            Examples examples,
            Evaluation evaluation,
            @Nullable StepObserver observer) {
        skipped = false;
        stopped = false;
        if (maxSteps > 1 && !refused) {
            int done = runBlock(begin, before, examples, evaluation, observer);
            if (done > begin) {
                return done;
            }
            refused = true;
        }
        int end = rows.endOfMiniBatch(begin, rows.size());
        if (end > begin) {
            runMiniBatch(begin, end, before, examples, evaluation);
            stopped =
                    !skipped
                            && observer != null
                            && observer.observe(examples, evaluation, rows.examples(), begin, end);
            return end;
        }
        while (end < rows.size() && !rows.isLabelled(end)) {
            end++;
        }
        answer(begin, end, before, examples, evaluation);
        return end;
    }

    /** Returns whether the last run ended with a step that was skipped. */
    boolean wasSkipped() {
        return skipped;
    }

    /** Returns whether the last run ended where the observer stopped it. */
    boolean wasStopped() {
        return stopped;
    }

    /**
     * Runs all rows from one on as a block, or those up to where the observer stops, and returns
     * the row after them; or, where a number could leave a float's range, changes nothing and
     * returns the first row.
     */
    private int runBlock(
            int begin,
            LearnerCounters before,
            Examples examples,
            Evaluation evaluation,
            @Nullable StepObserver observer) {
        int end = rows.size();
        int count = end - begin;
        double gradientSize = 0;
        for (int t = rows.step(begin); t < rows.numSteps(); t++) {
            gradientSize += gradientBounds[t];
        }
        fillInputs(begin, end, examples);
        if (!parameters.staysSafe(
                sgd,
                rows.numSteps() - rows.step(begin),
                inputs.sumOfMagnitudes(0, count),
                gradientSize,
                sumOfLearningRates(before))) {
            if (scaler != null) {
                scaler.undo();
            }
            return begin;
        }
        logits.setToProductWithTransposed(inputs, count, parameters.values(), columns);
        logits.get(logitValues, count);
        if (rows.step(end) > rows.step(begin)) {
            multiplyInputs(count);
        }
        if (!plain) {
            unrolled.begin(parameters.velocity() != null);
        }
        scorer.begin();
        int row = begin;
        while (row < end) {
            int batchEnd = rows.endOfMiniBatch(row, end);
            if (batchEnd == row) {
                take(begin, row);
                answer(begin, row, before, evaluation);
                row++;
                continue;
            }
            double learningRate = before.learningRate(sgd, rows.step(row) - rows.step(begin));
            setFactors(learningRate);
            for (int r = row; r < batchEnd; r++) {
                take(begin, r);
                score(r - row, r, examples, evaluation, gradientRows[r - begin]);
            }
            scorer.learn(rows, row, batchEnd, examples);
            if (!plain) {
                unrolled.step(learningRate);
            }
            stopped =
                    observer != null
                            && observer.observe(
                                    examples, evaluation, rows.examples(), row, batchEnd);
            if (stopped) {
                end = batchEnd;
                shorten(begin, end, examples);
            }
            row = batchEnd;
        }
        train(begin, end);
        noteGradientNorm(begin, end);
        return end;
    }

    /** Makes the scaler and the inputs those of a block that was shorter. */
    private void shorten(int begin, int end, Examples examples) {
        if (scaler != null) {
            scaler.undo();
        }
        fillInputs(begin, end, examples);
    }

    /**
     * Computes {@code ‖Xᵀ G‖}, {@code ‖·‖² = Σᵢⱼ Kᵢⱼ ⟨gᵢ, gⱼ⟩}, of the last mini-batch of a block.
     */
    private void noteGradientNorm(int begin, int end) {
        int last = end - 1;
        while (last >= begin && !rows.isLabelled(last)) {
            last--;
        }
        if (last < begin) {
            return;
        }
        int first = last;
        while (first > begin
                && rows.isLabelled(first - 1)
                && rows.step(first - 1) == rows.step(last)) {
            first--;
        }
        int rate = heaviestRate();
        int offset = rate * settings.numOutputs();
        double squared = 0;
        for (int i = first; i <= last; i++) {
            for (int j = first; j <= last; j++) {
                double inner = 0;
                for (int c = offset; c < offset + settings.numOutputs(); c++) {
                    inner += gradientRows[i - begin][c] * gradientRows[j - begin][c];
                }
                squared += productValues[(i - begin) * capacity + j - begin] * inner;
            }
        }
        gradientNorm = Math.sqrt(Math.max(0, squared)) / Math.abs(factors[offset]);
    }

    /** By which a gradient of this size moves all parameters together; no schedule rises. */
    private double sumOfLearningRates(LearnerCounters before) {
        return settings.mixture() == null
                ? Math.max(1, before.boost()) * sgd.learningRate().at(before.steps())
                : sumOfRates;
    }

    /** Puts the rows' scaled features into the inputs. */
    private void fillInputs(int begin, int end, Examples examples) {
        if (scaler == null) {
            putInputs(begin, end, examples);
        } else {
            scaler.scale(rows, begin, end, examples.features(), inputRows, width);
            inputs.put(inputRows, end - begin);
        }
    }

    /** Puts the rows' features, scaled by the moments as they are, into the inputs. */
    private void putInputs(int begin, int end, Examples examples) {
        for (int row = begin; row < end; row++) {
            int offset = rows.example(row) * numFeatures;
            if (scaler == null) {
                inputs.putRow(row - begin, examples.features(), offset, numFeatures);
            } else {
                scaler.transform(examples.features(), offset, scaledRow, 0);
                inputs.putRow(row - begin, scaledRow, 0, numFeatures);
            }
        }
    }

    private void answer(int blockBegin, int row, LearnerCounters before, Evaluation evaluation) {
        long version = before.modelVersion() + rows.step(row) - rows.step(blockBegin);
        scorer.answer(rows.example(row), version, evaluation);
    }

    private void score(
            int place, int row, Examples examples, Evaluation evaluation, double[] gradient) {
        int example = rows.example(row);
        scorer.score(place, examples, example, evaluation);
        scorer.gradient(examples, example, scales[rows.step(row)], factors, gradient);
        evaluation.outcome(example, Outcome.TRAINED);
    }

    /** Computes {@code K} and, where the optimiser remembers, {@code X V₀}. */
    private void multiplyInputs(int count) {
        if (products == null) {
            throw new IllegalStateException("a block of one mini-batch has nothing to substitute");
        }
        products.setToProductWithTransposed(inputs, count, inputs, count);
        products.get(productValues, count);
        Matrix velocity = parameters.velocity();
        if (velocity != null && velocityLogits != null) {
            velocityLogits.setToProductWithTransposed(inputs, count, velocity, columns);
            velocityLogits.get(velocityLogitValues, count);
        }
    }

    private void setFactors(double learningRate) {
        if (settings.mixture() == null) {
            Arrays.fill(factors, plain ? -learningRate : 1);
        }
    }

    /** Brings a row's logits to where the steps before it have moved them, and scores by them. */
    private void take(int begin, int row) {
        int at = (row - begin) * columns;
        if (rows.step(row) == rows.step(begin)) {
            scorer.activate(logitValues, at, 1);
        } else {
            System.arraycopy(logitValues, at, rowLogits, 0, columns);
            substitute(begin, row);
            scorer.activate(rowLogits, 0, 1);
        }
        scorer.take(0);
    }

    private void substitute(int begin, int row) {
        int at = row - begin;
        if (!plain) {
            for (int k = 0; k < columns; k++) {
                rowLogits[k] *= unrolled.parametersOfParameters();
            }
            if (unrolled.parametersOfVelocity() != 0) {
                for (int k = 0; k < columns; k++) {
                    rowLogits[k] +=
                            unrolled.parametersOfVelocity() * velocityLogitValues[at * columns + k];
                }
            }
        }
        int terms = 0;
        for (int s = begin; s < row && rows.step(s) < rows.step(row); s++) {
            if (rows.isLabelled(s)) {
                double factor = productValues[at * capacity + s - begin];
                if (!plain) {
                    factor *= unrolled.parametersOfGradient(rows.step(s) - rows.step(begin));
                }
                termFactors[terms] = factor;
                termRows[terms] = s - begin;
                terms++;
            }
        }
        int done = 0;
        for (; done + 4 <= terms; done += 4) {
            addFour(done);
        }
        for (; done < terms; done++) {
            addScaled(termFactors[done], gradientRows[termRows[done]], rowLogits, columns);
        }
    }

    /** One index for both arrays: so HotSpot 17 vectorises it; and likewise the next. */
    private static void addScaled(double factor, double[] from, double[] to, int count) {
        for (int k = 0; k < count; k++) {
            to[k] += factor * from[k];
        }
    }

    /** Adds four terms to a row's logits in one pass over them. */
    private void addFour(int first) {
        double factor0 = termFactors[first];
        double factor1 = termFactors[first + 1];
        double factor2 = termFactors[first + 2];
        double factor3 = termFactors[first + 3];
        double[] row0 = gradientRows[termRows[first]];
        double[] row1 = gradientRows[termRows[first + 1]];
        double[] row2 = gradientRows[termRows[first + 2]];
        double[] row3 = gradientRows[termRows[first + 3]];
        double[] to = rowLogits;
        for (int k = 0; k < columns; k++) {
            to[k] +=
                    (factor0 * row0[k] + factor1 * row1[k])
                            + (factor2 * row2[k] + factor3 * row3[k]);
        }
    }

    /** Takes the steps of a block along the gradients that the test found. */
    private void train(int begin, int end) {
        int count = end - begin;
        if (rows.step(end) == rows.step(begin)) {
            return;
        }
        if (plain) {
            putGradients(gradients, begin, end, Coefficients.NONE);
            parameters.add(gradients, inputs, count);
            return;
        }
        putGradients(gradients, begin, end, Coefficients.PARAMETERS);
        Matrix toVelocity = gradients;
        if (velocityGradients != null) {
            putGradients(velocityGradients, begin, end, Coefficients.VELOCITY);
            toVelocity = velocityGradients;
        }
        parameters.add(unrolled, gradients, toVelocity, inputs, count);
    }

    /** By what the gradients are multiplied, step by step. */
    private enum Coefficients {
        NONE,
        PARAMETERS,
        VELOCITY
    }

    private void putGradients(Matrix to, int begin, int end, Coefficients coefficients) {
        for (int row = begin; row < end; row++) {
            double[] gradient = gradientRows[row - begin];
            int step = rows.step(row) - rows.step(begin);
            double factor =
                    !rows.isLabelled(row)
                            ? 0
                            : switch (coefficients) {
                                case NONE -> 1;
                                case PARAMETERS -> unrolled.parametersOfGradient(step);
                                case VELOCITY -> unrolled.velocityOfGradient(step);
                            };
            if (factor != 1) {
                for (int k = 0; k < columns; k++) {
                    scaledGradient[k] = factor == 0 ? 0 : factor * gradient[k];
                }
                gradient = scaledGradient;
            }
            to.putRow(row - begin, gradient);
        }
    }

    /** Answers rows without a label. */
    private void answer(
            int begin, int end, LearnerCounters before, Examples examples, Evaluation evaluation) {
        if (scaler != null) {
            scaler.prepare();
        }
        for (int from = begin; from < end; from += capacity) {
            int to = Math.min(from + capacity, end);
            testChunk(from, to, examples);
            for (int row = from; row < to; row++) {
                takeOfChunk(from, row, to);
                answer(begin, row, before, evaluation);
            }
        }
    }

    /** Takes a row of a chunk; all are to be taken, one after the other, from its first on. */
    private void takeOfChunk(int begin, int row, int end) {
        int place = (row - begin) % scorer.rowsAtOnce();
        if (place == 0) {
            scorer.activate(
                    logitValues, (row - begin) * columns, Math.min(scorer.rowsAtOnce(), end - row));
        }
        scorer.take(place);
    }

    /** Computes the logits of some rows. */
    private void testChunk(int begin, int end, Examples examples) {
        int count = end - begin;
        putInputs(begin, end, examples);
        logits.setToProductWithTransposed(inputs, count, parameters.values(), columns);
        logits.get(logitValues, count);
    }

    /**
     * Tests on one mini-batch, then takes its step, chunk by chunk: the direct path.
     *
     * <p>Where numbers may have left a float's range, the step is looked at before it counts. A
     * rate whose step is not finite starts anew from the heaviest that stayed finite; if there is
     * none, nothing that is learnt changes.
     */
    private void runMiniBatch(
            int begin, int end, LearnerCounters before, Examples examples, Evaluation evaluation) {
        if (scaler != null) {
            scaler.observe(rows, begin, end, examples.features());
        }
        double learningRate = before.learningRate(sgd, 0);
        setFactors(learningRate);
        scorer.begin();
        double inputSize = 0;
        for (int from = begin; from < end; from += capacity) {
            int to = Math.min(from + capacity, end);
            testChunk(from, to, examples);
            for (int row = from; row < to; row++) {
                takeOfChunk(from, row, to);
                double[] gradient = gradientRows[row - from];
                score(row - begin, row, examples, evaluation, gradient);
                gradients.putRow(row - from, gradient);
            }
            parameters.accumulate(from == begin, gradients, inputs, to - from);
            inputSize +=
                    scaler == null
                            ? inputs.sumOfMagnitudes(0, to - from)
                            : (to - from) * (numFeatures * scaler.bound() + 1);
        }
        // A plain step leaves the gradient, and may change which rate weighs most.
        double norm = plain ? Double.NaN : normOfGradient();
        if (scorer.isAllFinite()
                && parameters.staysSafe(
                        sgd,
                        1,
                        inputSize,
                        gradientBounds[rows.step(begin)],
                        sumOfLearningRates(before))) {
            scorer.learn(rows, begin, end, examples);
            parameters.step(sgd, learningRate);
        } else {
            stepWithCare(begin, end, learningRate, examples, evaluation);
        }
        if (!skipped) {
            gradientNorm = plain ? normOfGradient() : norm;
        }
    }

    /** Returns the norm of the mean gradient that was accumulated, of the heaviest rate. */
    private double normOfGradient() {
        int heaviest = heaviestRate();
        return parameters.gradientNorm(heaviest)
                / Math.abs(factors[heaviest * settings.numOutputs()]);
    }

    private void stepWithCare(
            int begin, int end, double learningRate, Examples examples, Evaluation evaluation) {
        if (!scorer.isAnyFinite()) {
            skip(begin, end, evaluation, Outcome.SKIPPED_LOSS);
            return;
        }
        boolean hadVelocity = parameters.velocity() != null;
        parameters.backUp();
        parameters.step(sgd, learningRate);
        for (int rate = 0; rate < numRates; rate++) {
            if (!scorer.isFinite(rate) || !parameters.isFinite(rate)) {
                scorer.discard(rate, end - begin);
            }
        }
        if (!scorer.isAnyFinite()) {
            parameters.restore(hadVelocity);
            skip(begin, end, evaluation, Outcome.SKIPPED_STEP);
            return;
        }
        scorer.learn(rows, begin, end, examples);
        restartRates();
        parameters.refreshBounds();
    }

    private void skip(int begin, int end, Evaluation evaluation, Outcome outcome) {
        skipped = true;
        for (int row = begin; row < end; row++) {
            evaluation.outcome(rows.example(row), outcome);
        }
        if (scaler != null) {
            scaler.undo();
        }
    }

    private void restartRates() {
        MixtureWeights weights = scorer.weights();
        if (weights == null) {
            return;
        }
        int heaviest = -1;
        for (int rate = 0; rate < numRates; rate++) {
            if (scorer.isFinite(rate)
                    && (heaviest < 0 || weights.weight(rate) > weights.weight(heaviest))) {
                heaviest = rate;
            }
        }
        for (int rate = 0; rate < numRates; rate++) {
            if (!scorer.isFinite(rate)) {
                // Its weight fell to its share when it could not say anything about the mini-batch.
                parameters.copyRate(heaviest, rate);
                restarts[rate]++;
            }
        }
    }

    @Override
    public void close() {
        parameters.close();
    }
}
