package io.freshet.model;

import io.freshet.model.ensemble.CombinationWeights;
import io.freshet.model.example.BlockRows;
import io.freshet.model.example.Evaluation;
import io.freshet.model.example.Evaluation.Outcome;
import io.freshet.model.example.Examples;
import io.freshet.model.mixture.FadingLosses;
import io.freshet.model.mixture.Mixture;
import io.freshet.model.mixture.MixtureWeights;
import io.freshet.model.optim.Optimizer;
import io.freshet.model.scale.ScalerRule;
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
 * <p>Weight decay and momentum are applied to a row when its column occurs again ({@link
 * SparseWeights}). The results equal those of dense steps up to rounding.
 */
final class SparseSgd implements Trainer {
    /** Number of steps between two copies of the good parameters of a small model. */
    private static final int MIN_STEPS_BETWEEN_COPIES = 1000;

    /** Rows for each step between two copies of a large model: what a step copies on average. */
    private static final int COPIED_ROWS_PER_STEP = 8;

    private final LearnerSettings settings;
    private final Optimizer optimizer;
    private final SparseWorkspace workspace;
    private final SparseBatch batch;
    private final int numOutputs;
    private final int numRates;
    private final int columns;
    private final @Nullable SparseScaling scaling;
    private final SparseWeights weights;
    private final Scorer scorer;
    private final long[] restarts;
    private final ExecutionBlock block;
    private final BlockRows rows;
    private final double sumOfRates;
    private final double[] factors;

    private double gradientNorm = Double.NaN;

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
        ScalerRule scaler = settings.scaler();
        this.scaling = scaler == null ? null : new SparseScaling(scaler, settings.rowLayout());
        this.weights = new SparseWeights(settings, requireSparse(state));
        this.scorer = new Scorer(settings, state, workspace.scorer);
        this.restarts = state.restarts().clone();
        this.block = new ExecutionBlock(settings, workspace.capacity, workspace.capacity);
        this.rows = block.rows();
        this.factors = settings.gradientFactors();
        Mixture mixture = settings.mixture();
        this.sumOfRates = mixture == null ? 0 : mixture.sumOfRates();
    }

    private static SparseState requireSparse(LearnerState state) {
        SparseState sparse = state.sparse();
        if (sparse == null) {
            throw new IllegalArgumentException("the state is not that of a sparse model");
        }
        return sparse;
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
    public void setWeights(double[] state) {
        scorer.setWeights(state);
    }

    @Override
    public @Nullable CombinationWeights combination() {
        return scorer.ensemble();
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
    public double gradientNorm() {
        return gradientNorm;
    }

    @Override
    public double parameterNorm() {
        return weights.norm(scorer.dominantRate());
    }

    @Override
    public long[] clippedValues() {
        return new long[0];
    }

    @Override
    public int numColumns() {
        return Math.max(0, weights.table().numRows() - 1);
    }

    @Override
    public long stepsBetweenCopies() {
        return Math.max(MIN_STEPS_BETWEEN_COPIES, weights.table().numRows() / COPIED_ROWS_PER_STEP);
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
        batch.gatherKnown(examples, example, weights.table());
        if (scaling != null) {
            scaling.scale(batch);
        }
        double[] logits = workspace.logits;
        Arrays.fill(logits, 0);
        for (int entry = 0; entry < batch.numEntries(); entry++) {
            weights.addLogitsOfKnown(batch, entry, logits);
        }
        scorer.begin();
        scorer.activate(logits, 0, 1);
        scorer.sparseInput(settings.miniBatchSize(), batch.squaredNorm(0));
        scorer.select(0);
        scorer.predict(example, modelVersion, evaluation);
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
            Arrays.fill(factors, weights.isPlain() ? -learningRate : 1);
        }
        batch.gather(rows, begin, end, examples, weights.table());
        if (scaling != null) {
            scaling.observe(batch);
            scaling.scale(batch);
        }
        weights.catchUp(batch);
        batch.beginGradients(columns);
        scorer.begin();
        for (int row = begin; row < end; row++) {
            score(row, row - begin, before.modelVersion(), examples, evaluation);
            batch.addGradient(row - begin, workspace.gradient);
        }
        double sumOfLearningRates =
                settings.mixture() == null
                        ? Math.max(1, before.boost()) * optimizer.learningRate().at(before.steps())
                        : sumOfRates;
        if (scorer.isAllFinite()
                && weights.tryExtendBounds(
                        batch.sumOfMagnitudes(), block.gradientBound(begin), sumOfLearningRates)) {
            scorer.learn(rows, begin, end, examples);
            weights.step(batch, learningRate);
        } else if (!checkedStep(begin, end, learningRate, examples, evaluation)) {
            return new RunResult(end, true, false);
        }
        noteGradientNorm();
        weights.refreshIfDue();
        boolean reactionDue =
                observer != null
                        && observer.observe(examples, evaluation, rows.examples(), begin, end);
        return new RunResult(end, false, reactionDue);
    }

    private void score(
            int row, int place, long modelVersion, Examples examples, Evaluation evaluation) {
        double[] logits = workspace.logits;
        Arrays.fill(logits, 0);
        for (int entry = batch.start(place); entry < batch.end(place); entry++) {
            weights.addLogits(batch, entry, logits);
        }
        int example = rows.example(row);
        scorer.activate(logits, 0, 1);
        scorer.sparseInput(place, batch.squaredNorm(place));
        scorer.select(0);
        scorer.score(place, block.classWeight(row), modelVersion, examples, example, evaluation);
        scorer.gradient(examples, example, block.scale(row), factors, workspace.gradient);
        evaluation.outcome(example, Outcome.TRAINED);
    }

    /** Takes a step, checks it, and returns whether any learning rate's step was finite. */
    private boolean checkedStep(
            int begin, int end, double learningRate, Examples examples, Evaluation evaluation) {
        if (!scorer.isAnyFinite()) {
            skip(begin, end, evaluation, Outcome.SKIPPED_LOSS);
            return false;
        }
        for (int rate = 0; rate < numRates; rate++) {
            if (scorer.isFinite(rate) && !weights.isStepFinite(batch, rate, learningRate)) {
                scorer.discard(rate, end - begin);
            }
        }
        if (!scorer.isAnyFinite()) {
            skip(begin, end, evaluation, Outcome.SKIPPED_STEP);
            return false;
        }
        scorer.learn(rows, begin, end, examples);
        weights.step(batch, learningRate);
        restartRates();
        weights.refresh();
        return true;
    }

    private void skip(int begin, int end, Evaluation evaluation, Outcome outcome) {
        for (int row = begin; row < end; row++) {
            evaluation.outcome(rows.example(row), outcome);
        }
        if (scaling != null) {
            scaling.undoObserve(batch);
        }
    }

    private void restartRates() {
        int dominant = scorer.dominantFiniteRate();
        for (int rate = 0; rate < numRates; rate++) {
            if (!scorer.isFinite(rate)) {
                // Its weight is minimal already: its likelihood for the mini-batch was 0.
                weights.copyRate(dominant, rate);
                restarts[rate]++;
            }
        }
    }

    private void noteGradientNorm() {
        int first = scorer.dominantRate() * numOutputs;
        double squares = batch.sumOfSquaredGradients(first, numOutputs);
        gradientNorm = Math.sqrt(squares) / Math.abs(factors[first]);
    }

    @Override
    public void keepGood() {
        weights.keepGood();
        scorer.keepGood();
    }

    @Override
    public void returnToGood() {
        weights.returnToGood(scaling);
        scorer.returnToGood();
    }

    @Override
    public void returnToStart() {
        weights.returnToStart();
        scorer.returnToStart(LearnerState.initialEnsemble(settings));
    }

    @Override
    public void resetOptimizer() {
        weights.resetOptimizer();
    }

    @Override
    public void resetScaler() {
        if (scaling != null) {
            scaling.reset(weights.table());
        }
    }

    @Override
    public void copyFrom(LearnerState state) {
        weights.set(requireSparse(state));
        scorer.copyFrom(state);
    }

    @Override
    public LearnerState state(
            LearnerCounters counters, double[] goodWeights, double[] classCounts) {
        return new LearnerState(
                        counters,
                        weights.state(settings.numFeatures()),
                        scorer.mixtureState(),
                        restarts.clone(),
                        scorer.baselineCounts(),
                        scorer.lastLabel(),
                        goodWeights,
                        classCounts)
                .withEnsemble(scorer.ensembleState(), scorer.goodEnsemble())
                .withLosses(scorer.losses().state());
    }

    @Override
    public void close() {
        // all memory is in the heap
    }
}
