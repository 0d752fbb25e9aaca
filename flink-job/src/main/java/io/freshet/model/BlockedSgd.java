package io.freshet.model;

import io.freshet.model.ensemble.CombinationWeights;
import io.freshet.model.ensemble.Ensemble;
import io.freshet.model.ensemble.EnsembleRule;
import io.freshet.model.example.BlockRows;
import io.freshet.model.example.Evaluation;
import io.freshet.model.example.Evaluation.Outcome;
import io.freshet.model.example.Examples;
import io.freshet.model.mixture.FadingLosses;
import io.freshet.model.mixture.Mixture;
import io.freshet.model.mixture.MixtureWeights;
import io.freshet.model.optim.Optimizer;
import io.freshet.model.scale.Scaler;
import io.freshet.model.scale.ScalerState;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * SGD over blocks of mini-batches, which computes the results of one step after the other by a few
 * matrix products per block. It chooses between the block path ({@link LogitRecursion}) and the
 * direct path ({@link DirectStep}).
 *
 * <p>Step {@code t} of plain SGD is {@code W_t = W_(t−1) − η_t X_tᵀ G_t} with the inputs {@code
 * X_t} of its mini-batch and the gradient {@code G_t} at its logits, reduction and weights
 * included. So within a block that starts at {@code W₀} the logits are
 *
 * <pre>{@code
 * X_t W_(t−1) = X_t W₀ − Σ_(s<t) η_s (X_t X_sᵀ) G_s
 * }</pre>
 *
 * <p>Two products, {@code X W₀} and the Gram matrix {@code X Xᵀ}, are computed once for the whole
 * block. A forward substitution then finds each row's logits from a row of the Gram matrix and the
 * gradients of the earlier rows. A third product adds the steps of the whole block to the
 * parameters. The results equal those of one step after the other up to rounding. Momentum, weight
 * decay and schedules change only the coefficients ({@link io.freshet.model.optim.LinearSteps}).
 * Several learning rates share the inputs and the Gram matrix; their parameters and gradients stand
 * side by side.
 *
 * <p>Mini-batches of which no two fit into a block take the direct path, as do those of an
 * optimiser without a linear rule. The direct path works without a Gram matrix and without a
 * forward substitution.
 *
 * <p>Before a block runs, upper bounds of its inputs, gradients and parameters show whether any
 * value in it could exceed the range of a float. That is rare. If one could, the block's
 * mini-batches take the direct path one at a time, which checks every step that its own bounds do
 * not clear.
 */
final class BlockedSgd implements Trainer {
    private static final int STEPS_BETWEEN_COPIES = 1000;

    private final LearnerSettings settings;
    private final Optimizer optimizer;
    private final BlockWorkspace workspace;
    private final Parameters parameters;
    private final @Nullable Scaler scaler;
    private final Scorer scorer;
    private final long[] restarts;
    private final ExecutionBlock block;
    private final BlockRows rows;
    private final BlockInputs inputs;

    /** The block path; null if every mini-batch takes the direct path. */
    private final @Nullable LogitRecursion recursion;

    private final DirectStep directStep;

    /** (numOutputs, width) parameters by which an ensemble weights distances; else empty. */
    private final float[][] distanceParameters;

    /**
     * (columns) factors by which the gradients of a row are multiplied: minus the learning rate
     * where steps are plain, else 1.
     */
    private final double[] factors;

    /** Sum of the mixture's learning rates; 0 without a mixture. */
    private final double sumOfRates;

    private double gradientNorm = Double.NaN;

    /**
     * Whether a value of the current block could exceed the range of a float, so that its remaining
     * rows take the direct path.
     */
    private boolean needsDirectPath;

    /**
     * @param workspace workspace for the learner's settings; must stay open
     * @param state initial state. Not modified.
     */
    BlockedSgd(BlockWorkspace workspace, LearnerState state) {
        this(
                workspace,
                state,
                new ExecutionBlock(workspace.settings(), workspace.capacity, workspace.maxSteps));
    }

    /**
     * Returns a trainer that takes the direct path for all rows of a block, which can be larger
     * than the workspace's.
     *
     * @param block Not modified.
     */
    static BlockedSgd checking(BlockWorkspace workspace, LearnerState state, ExecutionBlock block) {
        BlockedSgd trainer = new BlockedSgd(workspace, state, block);
        trainer.needsDirectPath = true;
        return trainer;
    }

    private BlockedSgd(BlockWorkspace workspace, LearnerState state, ExecutionBlock block) {
        this.workspace = workspace;
        this.settings = workspace.settings();
        this.optimizer = settings.optimizer();
        this.parameters = new Parameters(settings, workspace.precision(), state);
        if (state.hasGoodParameters()) {
            parameters.keepGood(state.goodParameters());
        }
        this.scaler = workspace.scaler == null ? null : workspace.scaler.start(state.scaler());
        this.scorer = new Scorer(settings, state, workspace.scorer);
        this.restarts = state.restarts().clone();
        this.block = block;
        this.rows = block.rows();
        this.inputs = new BlockInputs(workspace, rows, scaler);
        this.recursion = workspace.maxSteps == 1 ? null : new LogitRecursion(workspace, rows);
        this.directStep = new DirectStep(workspace, block, inputs, parameters, scorer, restarts);
        this.factors = settings.gradientFactors();
        this.distanceParameters =
                new float[settings.ensemble() == null ? 0 : settings.numOutputs()][workspace.width];
        Mixture mixture = settings.mixture();
        this.sumOfRates = mixture == null ? 0 : mixture.sumOfRates();
    }

    /** Returns the parameters. */
    Parameters parameters() {
        return parameters;
    }

    @Override
    public @Nullable MixtureWeights weights() {
        return scorer.weights();
    }

    @Override
    public void setWeights(double[] state) {
        scorer.setWeights(state);
    }

    @Override
    public @Nullable CombinationWeights combination() {
        return scorer.ensemble();
    }

    /** Returns whether the tests of an ensemble's ferns have been chosen, or there are none. */
    boolean hasChosenTests() {
        Ensemble ensemble = scorer.ensemble();
        return ensemble == null || ensemble.hasChosenTests();
    }

    @Override
    public FadingLosses losses() {
        return scorer.losses();
    }

    @Override
    public long[] restarts() {
        return restarts;
    }

    @Override
    public ExecutionBlock block() {
        return block;
    }

    @Override
    public void clear() {
        block.clear();
        needsDirectPath = false;
    }

    @Override
    public double gradientNorm() {
        return gradientNorm;
    }

    @Override
    public double parameterNorm() {
        return parameters.norm(scorer.dominantRate());
    }

    @Override
    public long[] clippedValues() {
        return scaler == null ? new long[0] : scaler.clippedValues();
    }

    @Override
    public int numColumns() {
        return settings.numFeatures();
    }

    @Override
    public long stepsBetweenCopies() {
        return STEPS_BETWEEN_COPIES;
    }

    @Override
    public void keepGood() {
        parameters.keepGood();
        scorer.keepGood();
    }

    @Override
    public void returnToGood() {
        parameters.returnToGood();
        scorer.returnToGood();
    }

    @Override
    public void returnToStart() {
        parameters.returnToStart();
        scorer.returnToStart(LearnerState.initialEnsemble(settings));
    }

    @Override
    public void resetOptimizer() {
        parameters.resetOptimizer();
    }

    @Override
    public LearnerState state(
            LearnerCounters counters, double[] goodWeights, double[] classCounts) {
        return new LearnerState(
                        counters,
                        parameters.toArray(),
                        parameters.optimizerState(),
                        scorer.mixtureState(),
                        restarts.clone(),
                        scorer.baselineCounts(),
                        scorer.lastLabel(),
                        parameters.goodToArray(),
                        goodWeights,
                        classCounts,
                        scaler == null ? ScalerState.initial(0) : scaler.state())
                .withEnsemble(scorer.ensembleState(), scorer.goodEnsemble())
                .withLosses(scorer.losses().state());
    }

    @Override
    public void resetScaler() {
        if (scaler != null) {
            scaler.set(ScalerState.initial(settings.numFeatures()));
        }
    }

    @Override
    public void copyFrom(LearnerState state) {
        parameters.set(state.parameters(), state.optimizer());
        scorer.copyFrom(state);
        if (scaler != null) {
            scaler.set(state.scaler());
        }
    }

    /**
     * {@inheritDoc}
     *
     * <p>The block path runs all rows that are left, up to the mini-batch after which the observer
     * asked to react; the direct path runs the next mini-batch or sequence of unlabelled rows.
     */
    @Override
    public RunResult run(
            int begin,
            LearnerCounters before,
            Examples examples,
            Evaluation evaluation,
            @Nullable StepObserver observer) {
        workspace.begin();
        try {
            RunResult result = runRows(begin, before, examples, evaluation, observer);
            refreshDistances();
            return result;
        } finally {
            workspace.end();
        }
    }

    /**
     * Computes the weights of the features in an ensemble's distances, if that is due. So a state
     * or a snapshot between two runs has those that the next example is predicted with.
     */
    private void refreshDistances() {
        Ensemble ensemble = scorer.ensemble();
        if (ensemble != null && ensemble.isRefreshDue()) {
            int first = EnsembleRule.DISTANCE_RATE * settings.numOutputs();
            for (int c = 0; c < settings.numOutputs(); c++) {
                parameters.values().getRow(first + c, distanceParameters[c]);
            }
            ensemble.refresh(distanceParameters);
        }
    }

    private RunResult runRows(
            int begin,
            LearnerCounters before,
            Examples examples,
            Evaluation evaluation,
            @Nullable StepObserver observer) {
        if (recursion != null && !needsDirectPath) {
            RunResult result = runBlock(recursion, begin, before, examples, evaluation, observer);
            if (result != null) {
                return result;
            }
            needsDirectPath = true;
        }
        int end = rows.endOfMiniBatch(begin, rows.size());
        if (end > begin) {
            return runMiniBatch(begin, end, before, examples, evaluation, observer);
        }
        while (end < rows.size() && !rows.isLabelled(end)) {
            end++;
        }
        directStep.predict(begin, end, examples, evaluation, before.modelVersion());
        return new RunResult(end, false, false);
    }

    private RunResult runMiniBatch(
            int begin,
            int end,
            LearnerCounters before,
            Examples examples,
            Evaluation evaluation,
            @Nullable StepObserver observer) {
        double learningRate = before.learningRate(optimizer, 0);
        setFactors(learningRate);
        Double norm =
                directStep.run(
                        begin,
                        end,
                        before.modelVersion(),
                        learningRate,
                        sumOfLearningRates(before),
                        factors,
                        examples,
                        evaluation);
        if (norm == null) {
            return new RunResult(end, true, false);
        }
        gradientNorm = norm;
        boolean reactionDue =
                observer != null
                        && observer.observe(examples, evaluation, rows.examples(), begin, end);
        return new RunResult(end, false, reactionDue);
    }

    /**
     * Runs the rows from {@code begin} on as a block, up to its end or to the mini-batch after
     * which the observer asks to react. Returns null, and changes nothing, if a value could exceed
     * the range of a float.
     */
    private @Nullable RunResult runBlock(
            LogitRecursion blockPath,
            int begin,
            LearnerCounters before,
            Examples examples,
            Evaluation evaluation,
            @Nullable StepObserver observer) {
        int end = endOfBlock(begin);
        inputs.observeAndWrite(begin, end, examples);
        if (!parameters.tryExtendBounds(
                rows.step(end) - rows.step(begin),
                inputs.matrix().sumOfMagnitudes(0, end - begin),
                block.gradientBoundFrom(begin),
                sumOfLearningRates(before))) {
            inputs.undoObserve();
            return null;
        }
        blockPath.start(begin, end, parameters);
        inputs.passTo(scorer, end - begin);
        scorer.begin();
        boolean reactionDue = false;
        int row = begin;
        while (row < end) {
            int batchEnd = rows.endOfMiniBatch(row, end);
            int stepsBefore = rows.step(row) - rows.step(begin);
            if (batchEnd == row) {
                scorer.input(settings.miniBatchSize(), row - begin);
                blockPath.select(row, scorer);
                scorer.predict(rows.example(row), before.modelVersion() + stepsBefore, evaluation);
                row++;
                continue;
            }
            double learningRate = before.learningRate(optimizer, stepsBefore);
            setFactors(learningRate);
            for (int r = row; r < batchEnd; r++) {
                scorer.input(r - row, r - begin);
                blockPath.select(r, scorer);
                int example = rows.example(r);
                scorer.score(
                        r - row,
                        block.classWeight(r),
                        before.modelVersion() + stepsBefore,
                        examples,
                        example,
                        evaluation);
                scorer.gradient(examples, example, block.scale(r), factors, blockPath.gradient(r));
                evaluation.outcome(example, Outcome.TRAINED);
            }
            scorer.learn(rows, row, batchEnd, examples);
            blockPath.step(learningRate);
            reactionDue =
                    observer != null
                            && observer.observe(
                                    examples, evaluation, rows.examples(), row, batchEnd);
            if (reactionDue) {
                end = batchEnd;
                shorten(begin, end, examples);
            }
            row = batchEnd;
        }
        blockPath.takeSteps(end, parameters);
        noteGradientNorm(blockPath, end);
        return new RunResult(end, false, reactionDue);
    }

    /**
     * Returns the end of the block that starts at a row: that of all rows, or that of the
     * mini-batch with which the weights of an ensemble's distances are to be computed anew.
     */
    private int endOfBlock(int begin) {
        Ensemble ensemble = scorer.ensemble();
        if (ensemble == null) {
            return rows.size();
        }
        long left = ensemble.examplesToRefresh();
        int end = begin;
        while (end < rows.size() && left > 0) {
            int batchEnd = rows.endOfMiniBatch(end, rows.size());
            left -= batchEnd - end;
            end = Math.max(batchEnd, end + 1);
        }
        return end;
    }

    /** Restores the scaler and writes the inputs again as for a block that ends at {@code end}. */
    private void shorten(int begin, int end, Examples examples) {
        inputs.undoObserve();
        inputs.observeAndWrite(begin, end, examples);
    }

    private void noteGradientNorm(LogitRecursion blockPath, int end) {
        int firstOutput = scorer.dominantRate() * settings.numOutputs();
        double norm = blockPath.gradientNorm(end, firstOutput, settings.numOutputs());
        if (!Double.isNaN(norm)) {
            gradientNorm = norm / Math.abs(factors[firstOutput]);
        }
    }

    /**
     * Returns an upper bound of the sum of the learning rates in each of the next steps. No
     * schedule increases, so the learning rate of the next step is the largest.
     */
    private double sumOfLearningRates(LearnerCounters before) {
        return settings.mixture() == null
                ? Math.max(1, before.boost()) * optimizer.learningRate().at(before.steps())
                : sumOfRates;
    }

    private void setFactors(double learningRate) {
        if (settings.mixture() == null) {
            Arrays.fill(factors, optimizer.isPlain() ? -learningRate : 1);
        }
    }

    @Override
    public void close() {
        parameters.close();
    }
}
