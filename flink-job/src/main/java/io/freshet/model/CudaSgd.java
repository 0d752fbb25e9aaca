package io.freshet.model;

import io.freshet.model.cuda.DeviceBlock;
import io.freshet.model.ensemble.Ensemble;
import io.freshet.model.example.BlockRows;
import io.freshet.model.example.Evaluation;
import io.freshet.model.example.Examples;
import io.freshet.model.mixture.FadingLosses;
import io.freshet.model.mixture.Mixture;
import io.freshet.model.mixture.MixtureWeights;
import io.freshet.model.optim.Optimizer;
import io.freshet.model.scale.ScalerRule;
import io.freshet.model.scale.ScalerState;
import org.jspecify.annotations.Nullable;

/**
 * SGD on a CUDA device, a block of rows at a time: the scaler, the steps, the mixture and the
 * scores of all rows are computed there, and only the scores come back.
 *
 * <p>Results equal those of {@link BlockedSgd} up to rounding. A block in which a value could
 * exceed the range of a float runs there, on the CPU, which checks every step; then the state
 * returns.
 *
 * <p>An observer sees the mini-batches of a block after all of it has run. If it asks to react, the
 * block is undone, and runs again up to the mini-batch of the reaction.
 */
final class CudaSgd implements Trainer {
    private static final int STEPS_BETWEEN_COPIES = 1000;

    private final LearnerSettings settings;
    private final Optimizer optimizer;
    private final CudaWorkspace workspace;
    private final ExecutionBlock block;
    private final BlockRows rows;
    private final CudaRows transfer;
    private final CudaModel model;
    private final long[] restarts;
    private final double sumOfRates;
    private double gradientNorm = Double.NaN;

    /** The trainer of the block's rows that must be checked; null while none must. */
    private @Nullable BlockedSgd checked;

    /**
     * @param workspace workspace for the learner's settings; must stay open
     * @param state initial state. Not modified.
     */
    CudaSgd(CudaWorkspace workspace, LearnerState state) {
        this.workspace = workspace;
        this.settings = workspace.settings();
        this.optimizer = settings.optimizer();
        int maxSteps = Math.max(1, CudaWorkspace.MAX_ROWS / settings.miniBatchSize());
        this.block = new ExecutionBlock(settings, CudaWorkspace.MAX_ROWS, maxSteps);
        this.rows = block.rows();
        this.transfer = new CudaRows(workspace, block, maxSteps);
        Mixture mixture = settings.mixture();
        this.sumOfRates = mixture == null ? 0 : mixture.sumOfRates();
        this.restarts = state.restarts().clone();
        this.model = new CudaModel(workspace, state);
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
        return model.weights();
    }

    @Override
    public void setWeights(double[] state) {
        model.setWeights(state);
    }

    @Override
    public @Nullable Ensemble ensemble() {
        return null;
    }

    @Override
    public FadingLosses losses() {
        return model.losses();
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
        return model.norm(model.dominantRate());
    }

    @Override
    public long[] clippedValues() {
        return model.clippedValues();
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
        model.keepGood();
    }

    @Override
    public void returnToGood() {
        model.returnToGood();
    }

    @Override
    public void returnToStart() {
        model.returnToStart();
    }

    @Override
    public void resetOptimizer() {
        model.resetOptimizer();
    }

    @Override
    public void resetScaler() {
        model.putScaler(ScalerState.initial(settings.numFeatures()));
    }

    @Override
    public void copyFrom(LearnerState state) {
        model.copyFrom(state);
    }

    @Override
    public LearnerState state(
            LearnerCounters counters, double[] goodWeights, double[] classCounts) {
        return model.state(counters, goodWeights, classCounts, restarts.clone());
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
            if (checked == null) {
                RunResult result = runBlock(begin, before, examples, evaluation, observer);
                if (result != null) {
                    return result;
                }
            }
            return runChecked(begin, before, examples, evaluation, observer);
        } finally {
            workspace.end();
        }
    }

    /**
     * Runs the rows from {@code begin} on as a block, up to its end or to the mini-batch after
     * which the observer asks to react. Returns null, and changes nothing, if a value could exceed
     * the range of a float.
     */
    private @Nullable RunResult runBlock(
            int begin,
            LearnerCounters before,
            Examples examples,
            Evaluation evaluation,
            @Nullable StepObserver observer) {
        int end = rows.size();
        if (!model.guard()
                .tryExtend(
                        rows.step(end) - rows.step(begin),
                        boundOfInputs(begin, end, examples),
                        block.gradientBoundFrom(begin),
                        sumOfLearningRates(before),
                        model::writeBounds)) {
            return null;
        }
        DeviceBlock onDevice = transfer.blockFor(end - begin, examples);
        transfer.run(onDevice, model, begin, end, before, examples, evaluation);
        int row = begin;
        boolean reactionDue = false;
        while (row < end && !reactionDue) {
            int batchEnd = rows.endOfMiniBatch(row, end);
            long version = before.modelVersion() + rows.step(row) - rows.step(begin);
            if (batchEnd == row) {
                transfer.predict(onDevice, row - begin, rows.example(row), version, evaluation);
                row++;
                continue;
            }
            for (int r = row; r < batchEnd; r++) {
                transfer.write(onDevice, r - begin, r, version, examples, evaluation);
                if (model.weights() != null) {
                    transfer.addLosses(onDevice, r - begin, r, examples, model.losses());
                }
            }
            reactionDue =
                    observer != null
                            && observer.observe(
                                    examples, evaluation, rows.examples(), row, batchEnd);
            row = batchEnd;
        }
        if (row < end) {
            workspace.learner().undo(onDevice);
            end = row;
            transfer.run(onDevice, model, begin, end, before, examples, evaluation);
        }
        note(onDevice, begin, end, before);
        return new RunResult(end, false, reactionDue);
    }

    private void note(DeviceBlock onDevice, int begin, int end, LearnerCounters before) {
        int steps = rows.step(end) - rows.step(begin);
        int labelled = 0;
        for (int row = begin; row < end; row++) {
            labelled += rows.isLabelled(row) ? 1 : 0;
        }
        model.note(steps, labelled, state -> onDevice.mixture(0, state));
        if (steps > 0) {
            gradientNorm =
                    transfer.gradientNorm(
                            onDevice,
                            model.dominantRate(),
                            before.learningRate(optimizer, steps - 1));
        }
    }

    /** Returns an upper bound of {@code Σ |x|} over rows; not finite if a value is not. */
    private double boundOfInputs(int begin, int end, Examples examples) {
        int count = end - begin;
        int numFeatures = settings.numFeatures();
        ScalerRule scaler = settings.scaler();
        boolean acceptsMissing = scaler != null && scaler.acceptsMissing();
        double sum = count;
        for (int row = begin; row < end; row++) {
            int offset = rows.example(row) * numFeatures;
            for (int f = offset; f < offset + numFeatures; f++) {
                float value = examples.features()[f];
                sum += acceptsMissing && Float.isNaN(value) ? 0 : Math.abs(value);
            }
        }
        if (scaler == null || !(sum <= Double.MAX_VALUE)) {
            return sum;
        }
        // A scaled value is at most the root of the sum of weights, each of which is at most 1.
        double largest = Math.sqrt((double) model.observed() + count);
        return count * (numFeatures * 1.01 * largest + 1);
    }

    private double sumOfLearningRates(LearnerCounters before) {
        return settings.mixture() == null
                ? Math.max(1, before.boost()) * optimizer.learningRate().at(before.steps())
                : sumOfRates;
    }

    /** Runs the next mini-batch or sequence of unlabelled rows on the CPU, with checked steps. */
    private RunResult runChecked(
            int begin,
            LearnerCounters before,
            Examples examples,
            Evaluation evaluation,
            @Nullable StepObserver observer) {
        BlockedSgd onCpu = checked;
        if (onCpu == null) {
            LearnerState state = state(LearnerCounters.NONE, new double[0], new double[0]);
            onCpu = BlockedSgd.checking(workspace.checked(), state, block);
            checked = onCpu;
        }
        RunResult result = onCpu.run(begin, before, examples, evaluation, observer);
        if (result.skipped() || result.reactionDue() || result.end() == rows.size()) {
            putBack(onCpu);
        }
        return result;
    }

    /** Returns from the CPU to the device. */
    private void putBack(BlockedSgd onCpu) {
        LearnerState state = onCpu.state(LearnerCounters.NONE, new double[0], new double[0]);
        System.arraycopy(onCpu.restarts(), 0, restarts, 0, restarts.length);
        if (!Double.isNaN(onCpu.gradientNorm())) {
            gradientNorm = onCpu.gradientNorm();
        }
        checked = null;
        onCpu.close();
        model.start(state);
    }

    @Override
    public void close() {
        if (checked != null) {
            checked.close();
        }
        model.close();
    }
}
