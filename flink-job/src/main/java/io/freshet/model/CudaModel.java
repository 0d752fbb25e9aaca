package io.freshet.model;

import io.freshet.model.cuda.BlockScores;
import io.freshet.model.cuda.DeviceLearner;
import io.freshet.model.cuda.LinearState;
import io.freshet.model.ensemble.CombinationWeights;
import io.freshet.model.ensemble.EnsembleState;
import io.freshet.model.mixture.Baselines;
import io.freshet.model.mixture.FadingLosses;
import io.freshet.model.mixture.Mixture;
import io.freshet.model.mixture.MixtureWeights;
import io.freshet.model.optim.NamedArray;
import io.freshet.model.optim.Optimizer;
import io.freshet.model.optim.OptimizerState;
import io.freshet.model.optim.StepBounds;
import io.freshet.model.optim.StepGuard;
import io.freshet.model.scale.OutlierState;
import io.freshet.model.scale.ScalerRule;
import io.freshet.model.scale.ScalerState;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The state of one model on a CUDA device: parameters, velocity, scaler, mixture, baselines and
 * last good parameters; and what the host knows of it.
 */
final class CudaModel implements CudaWorkspace.DeviceResident, LiveState {
    private final LearnerSettings settings;
    private final Optimizer optimizer;
    private final CudaWorkspace workspace;
    private final int slot;
    private final StepGuard guard;
    private final @Nullable MixtureWeights weights;
    private final double[] mixtureState;
    private final @Nullable CudaCombination combination;
    private final FadingLosses losses;
    private final CudaGoodCopy good;

    /** Steps taken since the velocity was zero. */
    private long velocitySteps;

    /** Number of examples that the scaler has observed. */
    private long observed;

    /** (numFeatures) number of values that the scaler clipped; empty if it clips none. */
    private final long[] clipped;

    /** (learning rates, 2) sums of magnitudes and of squares of the parameters; null if unknown. */
    private double @Nullable [] sums;

    private long[] restarts = new long[0];
    private double gradientNorm = Double.NaN;

    /**
     * @param state initial state. Not modified.
     */
    CudaModel(CudaWorkspace workspace, LearnerState state) {
        this.workspace = workspace;
        this.settings = workspace.settings();
        this.optimizer = settings.optimizer();
        this.guard = new StepGuard(optimizer, settings.numParameters());
        Mixture mixture = settings.mixture();
        this.weights =
                mixture == null
                        ? null
                        : new MixtureWeights(
                                settings.numExperts(), mixture.switchingRates(), state.weights());
        this.mixtureState = state.weights().clone();
        this.combination =
                settings.ensemble() == null ? null : new CudaCombination(settings.numExperts());
        this.losses = new FadingLosses(settings.numLosses(), settings.lossSpan());
        ScalerRule scaler = settings.scaler();
        this.clipped = new long[scaler == null || scaler.clip() == 0 ? 0 : settings.numFeatures()];
        this.good = new CudaGoodCopy(workspace);
        this.slot = workspace.takeSlot();
        workspace.add(this);
        start(state);
        startGood(state);
    }

    /** Replaces the last good parameters by those of a state. */
    void startGood(LearnerState state) {
        good.start(state);
    }

    private DeviceLearner learner() {
        return workspace.learner();
    }

    /** Returns the place of the state on the device. */
    int slot() {
        return slot;
    }

    /** Returns the bounds of the parameters and the velocity. */
    StepGuard guard() {
        return guard;
    }

    @Override
    public @Nullable MixtureWeights weights() {
        return weights;
    }

    @Override
    public @Nullable CombinationWeights combination() {
        return combination;
    }

    @Override
    public FadingLosses losses() {
        return losses;
    }

    /** Returns the number of steps taken since the velocity was zero. */
    long velocitySteps() {
        return velocitySteps;
    }

    /** Returns the number of examples that the scaler has observed. */
    long observed() {
        return observed;
    }

    /** Replaces everything but the last good parameters, the numbers of clipped values included. */
    void start(LearnerState state) {
        restarts = state.restarts().clone();
        putLinear(state);
        putMixture(state);
        if (settings.scaler() != null) {
            learner().startScaler(slot, state.scaler());
            observed = state.scaler().count();
            OutlierState outliers = state.scaler().outliers();
            if (outliers != null) {
                System.arraycopy(outliers.clipped(), 0, clipped, 0, clipped.length);
            } else {
                Arrays.fill(clipped, 0);
            }
        }
    }

    @Override
    public void copyFrom(LearnerState state) {
        putLinear(state);
        putMixture(state);
        putScaler(state.scaler());
    }

    private void putLinear(LearnerState state) {
        OptimizerState saved = state.optimizer();
        List<String> names = optimizer.stateNames();
        boolean hasVelocity =
                !names.isEmpty()
                        && saved.steps() > 0
                        && names.stream().allMatch(name -> saved.array(name).length > 0);
        velocitySteps = hasVelocity ? saved.steps() : 0;
        putLinear(state.parameters(), hasVelocity ? saved.array(names.get(0)) : new float[0]);
    }

    private void putLinear(float[] parameters, float[] velocity) {
        learner().linear(slot, new LinearState(parameters, velocity));
        sums = null;
        writeBounds(guard.bounds());
    }

    private void putMixture(LearnerState state) {
        setWeights(state.weights());
        losses.set(state.losses());
        if (hasBaselines()) {
            learner().baselines(slot, state.baselineCounts(), state.lastLabel());
        }
        EnsembleState ensemble = state.ensemble();
        if (combination != null && ensemble != null) {
            learner().ensemble(slot, ensemble);
            combination.set(ensemble);
        }
    }

    @Override
    public void setWeights(double[] state) {
        if (weights != null) {
            weights.set(state);
            learner().mixture(slot, state);
        }
    }

    private boolean hasBaselines() {
        Mixture mixture = settings.mixture();
        return mixture != null && mixture.baselines();
    }

    @Override
    public void resetScaler() {
        putScaler(ScalerState.initial(settings.numFeatures()));
    }

    /** Replaces the scaler's state, if there is one, except for the numbers of clipped values. */
    private void putScaler(ScalerState state) {
        if (settings.scaler() != null) {
            learner().scaler(slot, state);
            observed = state.count();
        }
    }

    /**
     * Notes a block that has run on the device.
     *
     * @param place the model's in the block
     * @param steps number of its steps
     * @param labelled number of its rows with a label
     */
    void note(BlockScores scores, int place, int steps, int labelled) {
        observed += labelled;
        double[] ofParameters = new double[2 * settings.numRates()];
        for (int rate = 0; rate < settings.numRates(); rate++) {
            ofParameters[2 * rate] = scores.sumOfMagnitudes(place, rate);
            ofParameters[2 * rate + 1] = scores.sumOfSquares(place, rate);
        }
        sums = ofParameters;
        velocitySteps += optimizer.stateNames().isEmpty() ? 0 : steps;
        if (weights != null) {
            scores.mixture(place, mixtureState);
            weights.set(mixtureState);
        }
        if (combination != null) {
            combination.read(scores, place);
        }
        if (clipped.length > 0) {
            scores.clippedValues(place, clipped);
        }
    }

    /** Computes the bounds from parameters and velocity. */
    void writeBounds(StepBounds bounds) {
        bounds.parameters(sumOfMagnitudes(false));
        for (int i = 0; i < optimizer.stateNames().size(); i++) {
            bounds.state(i, velocitySteps == 0 ? 0 : sumOfMagnitudes(true));
        }
    }

    private double sumOfMagnitudes(boolean ofVelocity) {
        double[] of = ofVelocity ? learner().magnitudes(slot, true) : sums();
        double sum = 0;
        for (int i = 0; i < of.length; i += 2) {
            sum += of[i];
        }
        return sum;
    }

    /** Returns the sums of the parameters, as {@link DeviceLearner#magnitudes} does. */
    private double[] sums() {
        double[] known = sums;
        if (known == null) {
            known = learner().magnitudes(slot, false);
            sums = known;
        }
        return known;
    }

    @Override
    public double parameterNorm() {
        return Math.sqrt(sums()[2 * dominantRate() + 1]);
    }

    @Override
    public double gradientNorm() {
        return gradientNorm;
    }

    /** Notes the norm of the mean gradient of the last mini-batch. */
    void gradientNorm(double norm) {
        gradientNorm = norm;
    }

    @Override
    public long[] restarts() {
        return restarts;
    }

    /** Returns the rate with the largest weight in the mixture, of those above 0; 0 without one. */
    int dominantRate() {
        return weights == null ? 0 : weights.dominantRate(settings.learningRates());
    }

    @Override
    public long[] clippedValues() {
        return clipped.clone();
    }

    @Override
    public void keepGood() {
        good.keep(slot);
    }

    @Override
    public void returnToGood() {
        good.restore(slot);
        sums = null;
        EnsembleState ensemble = good.ensemble();
        if (combination != null && ensemble != null) {
            combination.set(ensemble);
        }
        velocitySteps = 0;
        writeBounds(guard.bounds());
    }

    /**
     * Removes the last good parameters, and sets parameters and velocity to zero. Not for an
     * ensemble, whose first examples choose the tests of its ferns on the CPU.
     */
    @Override
    public void returnToStart() {
        good.remove();
        velocitySteps = 0;
        putLinear(new float[settings.numParameters()], new float[0]);
    }

    @Override
    public void resetOptimizer() {
        velocitySteps = 0;
        for (int i = 0; i < optimizer.stateNames().size(); i++) {
            guard.bounds().state(i, 0);
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
                        optimizerState(linear.velocity()),
                        weights == null ? new double[0] : weights.state(),
                        restarts.clone(),
                        hasBaselines() ? learner.baselineCounts(slot) : new float[0],
                        hasBaselines() ? learner.lastLabel(slot) : Baselines.NO_LABEL,
                        good.parameters(),
                        goodWeights,
                        classCounts,
                        settings.scaler() == null
                                ? ScalerState.initial(0)
                                : learner.scaler(slot, observed))
                .withEnsemble(combination == null ? null : learner.ensemble(slot), good.ensemble())
                .withLosses(losses.state());
    }

    private OptimizerState optimizerState(float[] velocity) {
        return velocitySteps == 0
                ? OptimizerState.INITIAL
                : new OptimizerState(
                        velocitySteps,
                        new NamedArray[] {new NamedArray(optimizer.stateNames().get(0), velocity)});
    }

    @Override
    public Runnable beginMove() {
        LearnerState state = state(LearnerCounters.NONE, new double[0], new double[0]);
        return () -> {
            start(state);
            startGood(state);
        };
    }

    @Override
    public void close() {
        workspace.remove(this);
        workspace.giveBackSlot(slot);
        good.close();
    }
}
