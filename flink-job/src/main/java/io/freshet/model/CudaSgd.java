package io.freshet.model;

import io.freshet.model.cuda.BlockShape;
import io.freshet.model.cuda.DeviceBlock;
import io.freshet.model.cuda.DeviceLearner;
import io.freshet.model.cuda.Gradient;
import io.freshet.model.cuda.LinearState;
import io.freshet.model.ensemble.Ensemble;
import io.freshet.model.example.BlockRows;
import io.freshet.model.example.Evaluation;
import io.freshet.model.example.Evaluation.Outcome;
import io.freshet.model.example.Examples;
import io.freshet.model.mixture.Baselines;
import io.freshet.model.mixture.FadingLosses;
import io.freshet.model.mixture.Mixture;
import io.freshet.model.mixture.MixtureWeights;
import io.freshet.model.optim.LinearRule;
import io.freshet.model.optim.LinearSteps;
import io.freshet.model.optim.NamedArray;
import io.freshet.model.optim.Optimizer;
import io.freshet.model.optim.OptimizerState;
import io.freshet.model.optim.StepBounds;
import io.freshet.model.optim.StepGuard;
import io.freshet.model.scale.ScalerRule;
import io.freshet.model.scale.ScalerState;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * SGD on a CUDA device, a block of rows at a time: the scaler, the steps, the mixture and the scores
 * of all rows are computed there, and only the scores come back.
 *
 * <p>Results equal those of {@link BlockedSgd} up to rounding. A block in which a value could exceed
 * the range of a float runs there, on the CPU, which checks every step; then the state returns.
 *
 * <p>An observer sees the mini-batches of a block after all of it has run. If it asks to react, the
 * block is undone, and runs again up to the mini-batch of the reaction.
 */
final class CudaSgd implements Trainer, CudaWorkspace.DeviceResident {
    private static final int STEPS_BETWEEN_COPIES = 1000;
    private static final int NO_SLOT = -1;

    private final LearnerSettings settings;
    private final Optimizer optimizer;
    private final CudaWorkspace workspace;
    private final LossGradients gradients;
    private final @Nullable LinearSteps linearSteps;
    private final ExecutionBlock block;
    private final BlockRows rows;
    private final StepGuard guard;
    private final @Nullable MixtureWeights weights;
    private final double[] mixtureState;
    private final FadingLosses losses;
    private final double[] rowLosses;
    private final long[] restarts;
    private final double sumOfRates;
    private final int slot;

    /** Place of the last good parameters; {@link #NO_SLOT} before the first. */
    private int goodSlot = NO_SLOT;

    private boolean hasGood;
    private float @Nullable [] goodArray;

    /** Steps taken since the velocity was zero. */
    private long velocitySteps;

    /** Number of examples that the scaler has observed. */
    private long observed;

    private double gradientNorm = Double.NaN;

    /** The trainer of the block's rows that must be checked; null while none must. */
    private @Nullable BlockedSgd checked;

    private final double[] coefficients;
    private final double[] velocityCoefficients;
    private float[] probabilities = new float[0];

    /**
     * @param workspace workspace for the learner's settings; must stay open
     * @param state initial state. Not modified.
     */
    CudaSgd(CudaWorkspace workspace, LearnerState state) {
        this.workspace = workspace;
        this.settings = workspace.settings();
        this.optimizer = settings.optimizer();
        this.gradients = workspace.gradients();
        LinearRule rule = optimizer.linearRule();
        int maxSteps = Math.max(1, CudaWorkspace.MAX_ROWS / settings.miniBatchSize());
        this.linearSteps =
                rule == null || optimizer.isPlain() ? null : new LinearSteps(rule, maxSteps);
        this.coefficients = new double[maxSteps];
        this.velocityCoefficients = new double[maxSteps];
        this.block = new ExecutionBlock(settings, CudaWorkspace.MAX_ROWS, maxSteps);
        this.rows = block.rows();
        this.guard = new StepGuard(optimizer, settings.numParameters());
        Mixture mixture = settings.mixture();
        this.weights = mixture == null ? null : new MixtureWeights(mixture, state.weights());
        this.mixtureState = state.weights().clone();
        this.sumOfRates = mixture == null ? 0 : mixture.sumOfRates();
        this.losses = new FadingLosses(settings.numLosses(), settings.lossSpan());
        losses.set(state.losses());
        this.rowLosses = new double[losses.size()];
        this.restarts = state.restarts().clone();
        this.slot = workspace.takeSlot();
        workspace.add(this);
        DeviceLearner learner = learner();
        putLinear(state);
        if (settings.scaler() != null) {
            learner.startScaler(slot, state.scaler());
            noteScaler(state.scaler());
        }
        putMixture(state.weights(), state.baselineCounts(), state.lastLabel());
        if (state.hasGoodParameters()) {
            putGood(state.goodParameters());
        }
    }

    private DeviceLearner learner() {
        return workspace.learner();
    }

    private void putLinear(LearnerState state) {
        OptimizerState saved = state.optimizer();
        List<String> names = optimizer.stateNames();
        boolean hasVelocity =
                !names.isEmpty()
                        && saved.steps() > 0
                        && names.stream().allMatch(name -> saved.array(name).length > 0);
        putLinear(
                state.parameters(), hasVelocity ? saved.array(names.get(0)) : new float[0]);
        velocitySteps = hasVelocity ? saved.steps() : 0;
        writeBounds(guard.bounds());
    }

    private void putLinear(float[] parameters, float[] velocity) {
        learner().linear(slot, new LinearState(parameters, velocity));
    }

    private void putMixture(double[] state, float[] counts, int lastLabel) {
        if (weights != null) {
            weights.set(state);
            learner().mixture(slot, state);
        }
        if (hasBaselines()) {
            learner().baselines(slot, counts, lastLabel);
        }
    }

    private boolean hasBaselines() {
        return settings.mixture() != null && settings.mixture().baselines();
    }

    private void noteScaler(ScalerState state) {
        observed = state.count();
    }

    private void writeBounds(StepBounds bounds) {
        bounds.parameters(sum(learner().magnitudes(slot, false), 0));
        for (int i = 0; i < optimizer.stateNames().size(); i++) {
            bounds.state(i, velocitySteps == 0 ? 0 : sum(learner().magnitudes(slot, true), 0));
        }
    }

    private static double sum(double[] pairs, int first) {
        double sum = 0;
        for (int i = first; i < pairs.length; i += 2) {
            sum += pairs[i];
        }
        return sum;
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
        return weights;
    }

    @Override
    public void setWeights(double[] state) {
        if (weights != null) {
            weights.set(state);
            learner().mixture(slot, state);
        }
    }

    @Override
    public @Nullable Ensemble ensemble() {
        return null;
    }

    @Override
    public FadingLosses losses() {
        return losses;
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
        return Math.sqrt(learner().magnitudes(slot, false)[2 * dominantRate() + 1]);
    }

    private int dominantRate() {
        int dominant = 0;
        List<Double> rates = settings.learningRates();
        for (int rate = 1; weights != null && rate < settings.numRates(); rate++) {
            boolean isLarger = weights.weight(rate) > weights.weight(dominant);
            if (rates.get(rate) > 0 && (isLarger || !(rates.get(dominant) > 0))) {
                dominant = rate;
            }
        }
        return dominant;
    }

    @Override
    public long[] clippedValues() {
        ScalerRule scaler = settings.scaler();
        return scaler == null || scaler.clip() == 0
                ? new long[0]
                : learner().clippedValues(slot);
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
        if (goodSlot == NO_SLOT) {
            goodSlot = workspace.takeSlot();
        }
        learner().copyLinear(slot, goodSlot);
        hasGood = true;
        goodArray = null;
    }

    private void putGood(float[] parameters) {
        if (goodSlot == NO_SLOT) {
            goodSlot = workspace.takeSlot();
        }
        learner().linear(goodSlot, new LinearState(parameters, new float[0]));
        hasGood = true;
        goodArray = parameters;
    }

    private float[] goodToArray() {
        float[] array = goodArray;
        if (array == null) {
            array = hasGood ? learner().linear(goodSlot).parameters() : new float[0];
            goodArray = array;
        }
        return array;
    }

    @Override
    public void returnToGood() {
        if (!hasGood) {
            throw new IllegalStateException("there are no last good parameters");
        }
        learner().copyLinear(goodSlot, slot);
        resetOptimizer();
        writeBounds(guard.bounds());
    }

    @Override
    public void returnToStart() {
        hasGood = false;
        goodArray = null;
        putLinear(new float[settings.numParameters()], new float[0]);
        resetOptimizer();
        writeBounds(guard.bounds());
    }

    @Override
    public void resetOptimizer() {
        velocitySteps = 0;
        for (int i = 0; i < optimizer.stateNames().size(); i++) {
            guard.bounds().state(i, 0);
        }
    }

    @Override
    public void resetScaler() {
        if (settings.scaler() != null) {
            putScaler(ScalerState.initial(settings.numFeatures()));
        }
    }

    private void putScaler(ScalerState state) {
        learner().scaler(slot, state);
        noteScaler(state);
    }

    @Override
    public void copyFrom(LearnerState state) {
        putLinear(state);
        putMixture(state.weights(), state.baselineCounts(), state.lastLabel());
        losses.set(state.losses());
        if (settings.scaler() != null) {
            putScaler(state.scaler());
        }
    }

    @Override
    public LearnerState state(
            LearnerCounters counters, double[] goodWeights, double[] classCounts) {
        DeviceLearner learner = learner();
        LinearState linear = learner.linear(slot);
        return new LearnerState(
                        counters,
                        linear.parameters(),
                        velocitySteps == 0
                                ? OptimizerState.INITIAL
                                : new OptimizerState(
                                        velocitySteps,
                                        new NamedArray[] {
                                            new NamedArray(
                                                    optimizer.stateNames().get(0),
                                                    linear.velocity())
                                        }),
                        weights == null ? new double[0] : weights.state(),
                        restarts.clone(),
                        hasBaselines() ? learner.baselineCounts(slot) : new float[0],
                        hasBaselines() ? learner.lastLabel(slot) : Baselines.NO_LABEL,
                        goodToArray(),
                        goodWeights,
                        classCounts,
                        settings.scaler() == null
                                ? ScalerState.initial(0)
                                : learner.scaler(slot, observed))
                .withLosses(losses.state());
    }

    @Override
    public Runnable beginMove() {
        LearnerState state = currentState();
        float[] good = goodToArray();
        return () -> {
            putLinear(state);
            if (settings.scaler() != null) {
                learner().startScaler(slot, state.scaler());
            }
            putMixture(state.weights(), state.baselineCounts(), state.lastLabel());
            if (hasGood) {
                putGood(good);
            }
        };
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
        if (!guard.tryExtend(
                rows.step(end) - rows.step(begin),
                boundOfInputs(begin, end, examples),
                block.gradientBoundFrom(begin),
                sumOfLearningRates(before),
                this::writeBounds)) {
            return null;
        }
        boolean hasTargets = examples.numTargets() > 0;
        Gradient gradient = gradients.form(hasTargets);
        int numRows =
                (end - begin + BlockShape.ROW_MULTIPLE - 1)
                        / BlockShape.ROW_MULTIPLE
                        * BlockShape.ROW_MULTIPLE;
        DeviceBlock onDevice =
                workspace.block(new BlockShape(1, powerOfTwo(numRows), gradient, hasTargets));
        run(onDevice, begin, end, before, examples, evaluation);
        int row = begin;
        boolean reactionDue = false;
        while (row < end && !reactionDue) {
            int batchEnd = rows.endOfMiniBatch(row, end);
            int stepsBefore = rows.step(row) - rows.step(begin);
            long version = before.modelVersion() + stepsBefore;
            if (batchEnd == row) {
                predict(onDevice, row - begin, rows.example(row), version, evaluation);
                row++;
                continue;
            }
            for (int r = row; r < batchEnd; r++) {
                write(onDevice, r - begin, r, version, examples, evaluation);
            }
            reactionDue =
                    observer != null
                            && observer.observe(
                                    examples, evaluation, rows.examples(), row, batchEnd);
            row = batchEnd;
        }
        if (row < end) {
            learner().undo(onDevice);
            end = row;
            run(onDevice, begin, end, before, examples, evaluation);
        }
        note(onDevice, begin, end, before);
        return new RunResult(end, false, reactionDue);
    }

    private static int powerOfTwo(int rows) {
        int power = BlockShape.ROW_MULTIPLE;
        while (power < rows) {
            power *= 2;
        }
        return power;
    }

    /** Fills a block with rows, and runs it. */
    private void run(
            DeviceBlock onDevice,
            int begin,
            int end,
            LearnerCounters before,
            Examples examples,
            Evaluation evaluation) {
        onDevice.begin(0, slot);
        onDevice.wantProbabilities(evaluation.keepsAll() || hasUnlabelled(begin, end));
        if (linearSteps != null) {
            linearSteps.begin(velocitySteps > 0);
            onDevice.coefficients(0, 1, 0, coefficients);
        }
        int row = begin;
        while (row < end) {
            int batchEnd = rows.endOfMiniBatch(row, end);
            int first = row;
            int stepsBefore = rows.step(row) - rows.step(begin);
            double learningRate = before.learningRate(optimizer, stepsBefore);
            for (int r = row; r < Math.max(batchEnd, row + 1); r++) {
                onDevice.add(
                        examples.features(), rows.example(r) * settings.numFeatures());
                if (batchEnd > row) {
                    label(onDevice, r - begin, r, learningRate, examples);
                }
            }
            row = Math.max(batchEnd, row + 1);
            if (batchEnd > first) {
                onDevice.step(first - begin);
                if (linearSteps != null) {
                    linearSteps.step(learningRate);
                    addCoefficients(onDevice, linearSteps, stepsBefore + 1);
                }
            }
        }
        if (linearSteps == null) {
            onDevice.end();
        } else {
            end(onDevice, linearSteps, rows.step(end) - rows.step(begin));
        }
        learner().submit(onDevice);
        learner().finish(onDevice);
    }

    private void addCoefficients(DeviceBlock onDevice, LinearSteps steps, int taken) {
        for (int step = 0; step < taken; step++) {
            // On the device gradients have the sign of the step.
            coefficients[step] = -steps.parametersOfGradient(step);
        }
        onDevice.coefficients(
                taken,
                steps.parametersOfParameters(),
                steps.parametersOfVelocity(),
                coefficients);
    }

    private void end(DeviceBlock onDevice, LinearSteps steps, int taken) {
        for (int step = 0; step < taken; step++) {
            coefficients[step] = -steps.parametersOfGradient(step);
            velocityCoefficients[step] = -steps.velocityOfGradient(step);
        }
        onDevice.end(
                steps.parametersOfParameters(),
                steps.parametersOfVelocity(),
                taken == 0 && velocitySteps > 0 ? 0 : steps.velocityOfParameters(),
                taken == 0 && velocitySteps > 0 ? 1 : steps.velocityOfVelocity(),
                Arrays.copyOf(coefficients, taken),
                Arrays.copyOf(velocityCoefficients, taken));
    }

    private boolean hasUnlabelled(int begin, int end) {
        for (int row = begin; row < end; row++) {
            if (!rows.isLabelled(row)) {
                return true;
            }
        }
        return false;
    }

    /** Sets label and targets of a row on the device. */
    private void label(
            DeviceBlock onDevice, int place, int row, double learningRate, Examples examples) {
        int example = rows.example(row);
        int label = examples.labels()[example];
        boolean isOfLabel = onDevice.shape().gradient() == Gradient.OF_LABEL;
        double weight = examples.weights()[example];
        double scale = block.scale(row) * weight;
        if (settings.mixture() == null && linearSteps == null) {
            scale *= learningRate;
        }
        onDevice.label(
                place,
                label,
                isOfLabel ? scale * gradients.labelWeight(label) : scale,
                block.classWeight(row) * weight,
                isOfLabel ? gradients.trainingWeight(label) : 0);
        if (!isOfLabel) {
            gradients.select(examples, example);
            for (int c = 0; c < settings.numOutputs(); c++) {
                onDevice.gradient(place, c, gradients.slope(c), gradients.offset(c));
            }
        }
        for (int c = 0; c < examples.numTargets(); c++) {
            onDevice.target(place, c, examples.targets()[example * examples.numTargets() + c]);
        }
    }

    /** Writes the prediction of a row to the evaluation. */
    private void predict(
            DeviceBlock onDevice, int place, int example, long version, Evaluation evaluation) {
        int numClasses = settings.numClasses();
        if (probabilities.length < numClasses) {
            probabilities = new float[numClasses];
        }
        onDevice.probabilities(0, place, probabilities);
        double[] values = new double[numClasses];
        for (int c = 0; c < numClasses; c++) {
            values[c] = probabilities[c];
        }
        evaluation.predict(example, values, 0, version);
    }

    /** Writes the scores of a row of a mini-batch to the evaluation. */
    private void write(
            DeviceBlock onDevice,
            int place,
            int row,
            long version,
            Examples examples,
            Evaluation evaluation) {
        int example = rows.example(row);
        if (evaluation.keepsAll()) {
            predict(onDevice, place, example, version, evaluation);
        }
        evaluation.score(
                example,
                onDevice.loss(0, place),
                onDevice.predictedClass(0, place),
                onDevice.confidence(0, place),
                onDevice.brier(0, place),
                onDevice.rank(0, place));
        if (!settings.loss().trainsOnReportedLoss()) {
            evaluation.training(
                    example, onDevice.trainingLoss(0, place), block.classWeight(row));
        }
        evaluation.outcome(example, Outcome.TRAINED);
        if (weights != null) {
            for (int e = 0; e < rowLosses.length; e++) {
                rowLosses[e] = onDevice.expertLoss(0, place, e);
            }
            losses.add(rowLosses, examples.weights()[example]);
        }
    }

    /** Notes what a block has changed. */
    private void note(DeviceBlock onDevice, int begin, int end, LearnerCounters before) {
        int steps = rows.step(end) - rows.step(begin);
        if (weights != null) {
            onDevice.mixture(0, mixtureState);
            weights.set(mixtureState);
        }
        if (!optimizer.stateNames().isEmpty()) {
            velocitySteps += steps;
        }
        for (int row = begin; row < end; row++) {
            observed += rows.isLabelled(row) ? 1 : 0;
        }
        if (steps > 0) {
            int rate = dominantRate();
            double factor =
                    settings.mixture() != null
                            ? settings.learningRates().get(rate)
                            : linearSteps == null ? before.learningRate(optimizer, steps - 1) : 1;
            gradientNorm = onDevice.gradientNorm(0, rate) / factor;
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
        // Weights of examples are at most 1.
        return count * (numFeatures * 1.01 * Math.sqrt(observed + count) + 1);
    }

    private double sumOfLearningRates(LearnerCounters before) {
        return settings.mixture() == null
                ? Math.max(1, before.boost()) * optimizer.learningRate().at(before.steps())
                : sumOfRates;
    }

    /** Runs the next mini-batch or sequence of unlabelled rows on the CPU, with every step checked. */
    private RunResult runChecked(
            int begin,
            LearnerCounters before,
            Examples examples,
            Evaluation evaluation,
            @Nullable StepObserver observer) {
        BlockedSgd onCpu = checked;
        if (onCpu == null) {
            onCpu = BlockedSgd.checking(workspace.checked(), currentState(), block);
            checked = onCpu;
        }
        RunResult result = onCpu.run(begin, before, examples, evaluation, observer);
        if (result.skipped() || result.reactionDue() || result.end() == rows.size()) {
            putBack(onCpu);
        }
        return result;
    }

    /** Returns the state apart from what the learner holds. */
    private LearnerState currentState() {
        return state(LearnerCounters.NONE, new double[0], new double[0]);
    }

    /** Returns from the CPU to the device. */
    private void putBack(BlockedSgd onCpu) {
        LearnerState state =
                onCpu.state(LearnerCounters.NONE, new double[0], new double[0]);
        System.arraycopy(onCpu.restarts(), 0, restarts, 0, restarts.length);
        if (!Double.isNaN(onCpu.gradientNorm())) {
            gradientNorm = onCpu.gradientNorm();
        }
        checked = null;
        onCpu.close();
        putLinear(state);
        putMixture(state.weights(), state.baselineCounts(), state.lastLabel());
        losses.set(state.losses());
        if (settings.scaler() != null) {
            learner().startScaler(slot, state.scaler());
            noteScaler(state.scaler());
        }
    }

    @Override
    public void close() {
        workspace.remove(this);
        workspace.giveBackSlot(slot);
        if (goodSlot != NO_SLOT) {
            workspace.giveBackSlot(goodSlot);
        }
    }
}
