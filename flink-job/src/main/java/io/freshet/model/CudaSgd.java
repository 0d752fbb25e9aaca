package io.freshet.model;

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
import java.util.List;
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

    /** Returns the state, where it is. */
    private LiveState live() {
        return onCpu != null ? onCpu : model();
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
        return live().weights();
    }

    @Override
    public void setWeights(double[] state) {
        live().setWeights(state);
    }

    @Override
    public @Nullable CombinationWeights combination() {
        return live().combination();
    }

    @Override
    public FadingLosses losses() {
        return live().losses();
    }

    @Override
    public long[] restarts() {
        return live().restarts();
    }

    @Override
    public double gradientNorm() {
        double norm = live().gradientNorm();
        return Double.isNaN(norm) && model != null ? model.gradientNorm() : norm;
    }

    @Override
    public double parameterNorm() {
        return live().parameterNorm();
    }

    @Override
    public long[] clippedValues() {
        return live().clippedValues();
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
        live().keepGood();
    }

    @Override
    public void returnToGood() {
        live().returnToGood();
    }

    @Override
    public void returnToStart() {
        if (settings.ensemble() != null) {
            goToCpu();
        }
        live().returnToStart();
    }

    @Override
    public void resetOptimizer() {
        live().resetOptimizer();
    }

    @Override
    public void resetScaler() {
        live().resetScaler();
    }

    @Override
    public void copyFrom(LearnerState state) {
        if (!hasChosenTests(state)) {
            goToCpu();
        }
        live().copyFrom(state);
    }

    @Override
    public LearnerState state(
            LearnerCounters counters, double[] goodWeights, double[] classCounts) {
        return live().state(counters, goodWeights, classCounts);
    }

    @Override
    public @Nullable CudaRun tryRun(
            LearnerCounters before,
            Examples examples,
            Evaluation evaluation,
            @Nullable StepObserver observer) {
        return tryRun(0, before, examples, evaluation, observer);
    }

    /**
     * Returns the run of the rows from {@code begin} on, which must follow; null if the state is on
     * the CPU, or a value could exceed the range of a float.
     */
    private @Nullable CudaRun tryRun(
            int begin,
            LearnerCounters before,
            Examples examples,
            Evaluation evaluation,
            @Nullable StepObserver observer) {
        if (onCpu != null || begin == rows.size()) {
            return null;
        }
        CudaModel resident = model();
        boolean isSafe =
                resident.guard()
                        .tryExtend(
                                rows.step(rows.size()) - rows.step(begin),
                                boundOfInputs(resident, begin, rows.size(), examples),
                                block.gradientBoundFrom(begin),
                                sumOfLearningRates(before),
                                resident::writeBounds);
        return isSafe
                ? new CudaRun(
                        settings,
                        resident,
                        transfer,
                        block,
                        begin,
                        before,
                        examples,
                        evaluation,
                        observer)
                : null;
    }

    @Override
    public RunResult run(
            int begin,
            LearnerCounters before,
            Examples examples,
            Evaluation evaluation,
            @Nullable StepObserver observer) {
        CudaRun onDevice = tryRun(begin, before, examples, evaluation, observer);
        if (onDevice != null) {
            CudaRun.run(workspace, List.of(onDevice));
            return onDevice.result();
        }
        RunResult result;
        workspace.begin();
        try {
            result = goToCpu().run(begin, before, examples, evaluation, observer);
        } finally {
            workspace.end();
        }
        if (result.skipped() || result.reactionDue() || result.end() == rows.size()) {
            returnToDevice();
        }
        return result;
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
        double gradientNorm = gradientNorm();
        CudaModel resident = model;
        if (resident == null) {
            resident = new CudaModel(workspace, state);
            model = resident;
        } else {
            resident.start(state);
            resident.startGood(state);
        }
        resident.gradientNorm(gradientNorm);
        onCpu = null;
        trainer.close();
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
