package io.freshet.model;

import io.freshet.model.cuda.DeviceBlock;
import io.freshet.model.ensemble.CombinationWeights;
import io.freshet.model.ensemble.EnsembleState;
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
 * SGD on a CUDA device, a block of rows at a time: the scaler, the steps, the other experts of an
 * ensemble, the mixture and the scores of all rows are computed there, and only the scores come
 * back.
 *
 * <p>Results equal those of {@link BlockedSgd} up to rounding. A block in which a value could
 * exceed the range of a float runs there, on the CPU, which checks every step; then the state
 * returns. So do the first blocks of an ensemble, until their examples have chosen the tests of its
 * ferns.
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
    private final double sumOfRates;
    private long[] restarts;
    private double gradientNorm = Double.NaN;

    /** The model on the device; null before it was there. */
    private @Nullable CudaModel model;

    /** The trainer that has the state while it is on the CPU; null while it is on the device. */
    private @Nullable BlockedSgd onCpu;

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
        if (hasChosenTests(state)) {
            this.model = new CudaModel(workspace, state);
        } else {
            this.onCpu = BlockedSgd.checking(workspace.checked(), state, block);
        }
    }

    private static boolean hasChosenTests(LearnerState state) {
        EnsembleState ensemble = state.ensemble();
        EnsembleState good = state.goodEnsemble();
        return (ensemble == null || ensemble.hasChosenTests())
                && (good == null || good.hasChosenTests());
    }

    private CudaModel model() {
        CudaModel onDevice = model;
        if (onDevice == null) {
            throw new IllegalStateException("the model is not on the device");
        }
        return onDevice;
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
        return onCpu != null ? onCpu.weights() : model().weights();
    }

    @Override
    public void setWeights(double[] state) {
        if (onCpu != null) {
            onCpu.setWeights(state);
        } else {
            model().setWeights(state);
        }
    }

    @Override
    public @Nullable CombinationWeights combination() {
        return onCpu != null ? onCpu.combination() : model().combination();
    }

    @Override
    public FadingLosses losses() {
        return onCpu != null ? onCpu.losses() : model().losses();
    }

    @Override
    public long[] restarts() {
        return onCpu != null ? onCpu.restarts() : restarts;
    }

    @Override
    public double gradientNorm() {
        double ofCpu = onCpu == null ? Double.NaN : onCpu.gradientNorm();
        return Double.isNaN(ofCpu) ? gradientNorm : ofCpu;
    }

    @Override
    public double parameterNorm() {
        return onCpu != null ? onCpu.parameterNorm() : model().norm(model().dominantRate());
    }

    @Override
    public long[] clippedValues() {
        return onCpu != null ? onCpu.clippedValues() : model().clippedValues();
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
        if (onCpu != null) {
            onCpu.keepGood();
        } else {
            model().keepGood();
        }
    }

    @Override
    public void returnToGood() {
        if (onCpu != null) {
            onCpu.returnToGood();
        } else {
            model().returnToGood();
        }
    }

    @Override
    public void returnToStart() {
        if (onCpu == null && settings.ensemble() == null) {
            model().returnToStart();
        } else {
            goToCpu().returnToStart();
        }
    }

    @Override
    public void resetOptimizer() {
        if (onCpu != null) {
            onCpu.resetOptimizer();
        } else {
            model().resetOptimizer();
        }
    }

    @Override
    public void resetScaler() {
        if (onCpu != null) {
            onCpu.resetScaler();
        } else {
            model().putScaler(ScalerState.initial(settings.numFeatures()));
        }
    }

    @Override
    public void copyFrom(LearnerState state) {
        if (onCpu == null && hasChosenTests(state)) {
            model().copyFrom(state);
        } else {
            goToCpu().copyFrom(state);
        }
    }

    @Override
    public LearnerState state(
            LearnerCounters counters, double[] goodWeights, double[] classCounts) {
        return onCpu != null
                ? onCpu.state(counters, goodWeights, classCounts)
                : model().state(counters, goodWeights, classCounts, restarts.clone());
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
            if (onCpu == null) {
                RunResult result = runBlock(model(), begin, before, examples, evaluation, observer);
                if (result != null) {
                    return result;
                }
            }
            RunResult result = goToCpu().run(begin, before, examples, evaluation, observer);
            if (result.skipped() || result.reactionDue() || result.end() == rows.size()) {
                returnToDevice();
            }
            return result;
        } finally {
            workspace.end();
        }
    }

    /** Returns the trainer on the CPU, which has the state from now on. */
    private BlockedSgd goToCpu() {
        BlockedSgd trainer = onCpu;
        if (trainer == null) {
            LearnerState state = state(LearnerCounters.NONE, new double[0], new double[0]);
            trainer = BlockedSgd.checking(workspace.checked(), state, block);
            onCpu = trainer;
        }
        return trainer;
    }

    /** Returns the state to the device, if that can have it. */
    private void returnToDevice() {
        BlockedSgd trainer = onCpu;
        if (trainer == null || !trainer.hasChosenTests()) {
            return;
        }
        LearnerState state = trainer.state(LearnerCounters.NONE, new double[0], new double[0]);
        if (!hasChosenTests(state)) {
            return;
        }
        if (model == null) {
            model = new CudaModel(workspace, state);
        } else {
            model.start(state);
            model.startGood(state);
        }
        restarts = state.restarts();
        gradientNorm = gradientNorm();
        onCpu = null;
        trainer.close();
    }

    /**
     * Runs the rows from {@code begin} on as a block, up to its end or to the mini-batch after
     * which the observer asks to react. Returns null, and changes nothing, if a value could exceed
     * the range of a float.
     */
    private @Nullable RunResult runBlock(
            CudaModel resident,
            int begin,
            LearnerCounters before,
            Examples examples,
            Evaluation evaluation,
            @Nullable StepObserver observer) {
        int end = rows.size();
        if (!resident.guard()
                .tryExtend(
                        rows.step(end) - rows.step(begin),
                        boundOfInputs(resident, begin, end, examples),
                        block.gradientBoundFrom(begin),
                        sumOfLearningRates(before),
                        resident::writeBounds)) {
            return null;
        }
        DeviceBlock onDevice = transfer.blockFor(end - begin, examples);
        transfer.run(onDevice, resident, begin, end, before, examples, evaluation);
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
                if (resident.weights() != null) {
                    transfer.addLosses(onDevice, r - begin, r, examples, resident.losses());
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
            transfer.run(onDevice, resident, begin, end, before, examples, evaluation);
        }
        note(resident, onDevice, begin, end, before);
        return new RunResult(end, false, reactionDue);
    }

    private void note(
            CudaModel resident, DeviceBlock onDevice, int begin, int end, LearnerCounters before) {
        int steps = rows.step(end) - rows.step(begin);
        int labelled = 0;
        for (int row = begin; row < end; row++) {
            labelled += rows.isLabelled(row) ? 1 : 0;
        }
        resident.note(onDevice, steps, labelled);
        if (steps > 0) {
            gradientNorm =
                    transfer.gradientNorm(
                            onDevice,
                            resident.dominantRate(),
                            before.learningRate(optimizer, steps - 1));
        }
    }

    /** Returns an upper bound of {@code Σ |x|} over rows; not finite if a value is not. */
    private double boundOfInputs(CudaModel resident, int begin, int end, Examples examples) {
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
        double largest = Math.sqrt((double) resident.observed() + count);
        return count * (numFeatures * 1.01 * largest + 1);
    }

    private double sumOfLearningRates(LearnerCounters before) {
        return settings.mixture() == null
                ? Math.max(1, before.boost()) * optimizer.learningRate().at(before.steps())
                : sumOfRates;
    }

    @Override
    public void close() {
        if (onCpu != null) {
            onCpu.close();
        }
        if (model != null) {
            model.close();
        }
    }
}
