package io.freshet.model;

import io.freshet.model.ensemble.Ensemble;
import io.freshet.model.ensemble.EnsembleRule;
import io.freshet.model.ensemble.EnsembleState;
import io.freshet.model.mixture.Baselines;
import io.freshet.model.mixture.FadingLosses;
import io.freshet.model.mixture.Mixture;
import io.freshet.model.mixture.MixtureWeights;
import io.freshet.model.optim.NamedArray;
import io.freshet.model.optim.OptimizerState;
import io.freshet.model.scale.ScalerState;
import io.freshet.model.sparse.SparseState;
import java.util.Arrays;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;

/**
 * Complete state of a learner: with its {@link LearnerSettings}, it determines all later results.
 *
 * <p>Immutable by convention: its creator hands the arrays over and never writes to them again. Two
 * states are equal only if their arrays are the same objects.
 *
 * @param counters the learner's counters
 * @param parameters one matrix per learning rate, (numFeatures + 1, numOutputs) row-major: the
 *     weights, with the bias in the last row
 * @param optimizer state of the optimiser
 * @param weights weights of the mixture: those of the experts under each switching rate, then those
 *     of the switching rates; empty without a mixture
 * @param restarts (learning rates) number of restarts of each
 * @param baselineCounts counts of the baselines; empty without them
 * @param lastLabel the newest label, for the baselines; -1 before the first
 * @param goodParameters the last good parameters, in the shape of {@code parameters}; empty if none
 *     have been copied yet
 * @param goodWeights weights of the mixture when {@code goodParameters} were copied; empty if none
 *     have been copied, and without a mixture
 * @param classCounts (numClasses) fading counts of the labels; empty unless classes are balanced
 * @param scaler state of the scaler, for no features if there is no scaler
 * @param sparse parameters, optimiser's state, last good parameters and scaler of a sparse model,
 *     instead of those above, which are empty; null for a dense model
 * @param ensemble state of the experts beside the linear models; null without an ensemble
 * @param goodEnsemble their state when {@code goodParameters} were copied; null without it
 * @param losses state of the mean losses of a mixture's experts; empty for no losses so far, and
 *     without a mixture
 */
@SuppressWarnings("ArrayRecordComponent") // never compared
public record LearnerState(
        LearnerCounters counters,
        float[] parameters,
        OptimizerState optimizer,
        double[] weights,
        long[] restarts,
        float[] baselineCounts,
        int lastLabel,
        float[] goodParameters,
        double[] goodWeights,
        double[] classCounts,
        ScalerState scaler,
        @Nullable SparseState sparse,
        @Nullable EnsembleState ensemble,
        @Nullable EnsembleState goodEnsemble,
        double[] losses) {

    /** Creates the state of linear models. */
    public LearnerState(
            LearnerCounters counters,
            float[] parameters,
            OptimizerState optimizer,
            double[] weights,
            long[] restarts,
            float[] baselineCounts,
            int lastLabel,
            float[] goodParameters,
            double[] goodWeights,
            double[] classCounts,
            ScalerState scaler,
            @Nullable SparseState sparse) {
        this(
                counters,
                parameters,
                optimizer,
                weights,
                restarts,
                baselineCounts,
                lastLabel,
                goodParameters,
                goodWeights,
                classCounts,
                scaler,
                sparse,
                null,
                null,
                new double[0]);
    }

    /** Creates the state of a dense model. */
    public LearnerState(
            LearnerCounters counters,
            float[] parameters,
            OptimizerState optimizer,
            double[] weights,
            long[] restarts,
            float[] baselineCounts,
            int lastLabel,
            float[] goodParameters,
            double[] goodWeights,
            double[] classCounts,
            ScalerState scaler) {
        this(
                counters,
                parameters,
                optimizer,
                weights,
                restarts,
                baselineCounts,
                lastLabel,
                goodParameters,
                goodWeights,
                classCounts,
                scaler,
                null);
    }

    /** Creates the state of a sparse model. */
    public LearnerState(
            LearnerCounters counters,
            SparseState sparse,
            double[] weights,
            long[] restarts,
            float[] baselineCounts,
            int lastLabel,
            double[] goodWeights,
            double[] classCounts) {
        this(
                counters,
                new float[0],
                OptimizerState.INITIAL,
                weights,
                restarts,
                baselineCounts,
                lastLabel,
                new float[0],
                goodWeights,
                classCounts,
                ScalerState.initial(0),
                sparse);
    }

    /**
     * Returns this state with the state of an ensemble's further experts.
     *
     * @param newGood their state that belongs to the last good parameters; null if there is none
     */
    public LearnerState withEnsemble(
            @Nullable EnsembleState newEnsemble, @Nullable EnsembleState newGood) {
        return new LearnerState(
                counters,
                parameters,
                optimizer,
                weights,
                restarts,
                baselineCounts,
                lastLabel,
                goodParameters,
                goodWeights,
                classCounts,
                scaler,
                sparse,
                newEnsemble,
                newGood,
                losses);
    }

    /** Returns this state with the state of the mean losses of a mixture's experts. */
    public LearnerState withLosses(double[] newLosses) {
        return new LearnerState(
                counters,
                parameters,
                optimizer,
                weights,
                restarts,
                baselineCounts,
                lastLabel,
                goodParameters,
                goodWeights,
                classCounts,
                scaler,
                sparse,
                ensemble,
                goodEnsemble,
                newLosses);
    }

    /** Returns whether there are last good parameters. */
    public boolean hasGoodParameters() {
        return sparse == null ? goodParameters.length > 0 : sparse.goodChunks() != null;
    }

    /**
     * Returns the state before the first example: zero parameters, and equal weights in a mixture.
     */
    public static LearnerState initial(LearnerSettings settings) {
        if (settings.isSparse()) {
            return new LearnerState(
                            LearnerCounters.NONE,
                            SparseState.initial(
                                    settings.numFeatures(),
                                    settings.rowLayout(),
                                    settings.lazyRule()),
                            initialWeights(settings),
                            new long[settings.numRates()],
                            new float[numBaselineCounts(settings)],
                            Baselines.NO_LABEL,
                            new double[0],
                            new double[numClassCounts(settings)])
                    .withEnsemble(initialEnsemble(settings), null)
                    .withLosses(initialLosses(settings));
        }
        int scaled = numScaled(settings);
        return new LearnerState(
                        LearnerCounters.NONE,
                        new float[settings.numParameters()],
                        OptimizerState.INITIAL,
                        initialWeights(settings),
                        new long[settings.numRates()],
                        new float[numBaselineCounts(settings)],
                        Baselines.NO_LABEL,
                        new float[0],
                        new double[0],
                        new double[numClassCounts(settings)],
                        ScalerState.initial(scaled))
                .withEnsemble(initialEnsemble(settings), null)
                .withLosses(initialLosses(settings));
    }

    private static double[] initialLosses(LearnerSettings settings) {
        return new double[FadingLosses.stateLength(settings.numLosses())];
    }

    static @Nullable EnsembleState initialEnsemble(LearnerSettings settings) {
        EnsembleRule rule = settings.ensemble();
        return rule == null
                ? null
                : Ensemble.initialState(
                        rule, settings.numFeatures(), settings.numClasses(), settings.numRates());
    }

    /**
     * Returns the state of a dense model that begins with given parameters, which are also the last
     * good ones. Baselines begin with next to no weight, so that the first predictions are those of
     * the parameters; they gain weight as any other expert does.
     *
     * @param parameters (learning rates, numFeatures + 1, numOutputs) row-major, of as many
     *     learning rates as the settings have, or of one for all. Not modified.
     * @param mixture (learning rates) weights of the learning rates, which sum to 1. Not modified.
     * @param scaler state of the scaler, for no features if there is none
     */
    public static LearnerState startingWith(
            LearnerSettings settings, float[] parameters, double[] mixture, ScalerState scaler) {
        LearnerState zeros = initial(settings);
        float[] all = new float[settings.numParameters()];
        for (int at = 0; at < all.length; at += parameters.length) {
            System.arraycopy(parameters, 0, all, at, parameters.length);
        }
        double[] weights = zeros.weights;
        if (settings.mixture() != null) {
            double[] experts = new double[settings.numExperts()];
            for (int rate = 0; rate < settings.numRates(); rate++) {
                experts[rate] = mixture.length == 1 ? 1.0 / settings.numRates() : mixture[rate];
            }
            weights = MixtureWeights.stateOf(settings.mixture(), experts);
        }
        return started(zeros, all, weights, scaler);
    }

    /**
     * Returns the state of an ensemble that begins with that of another, which is also its last
     * good state.
     *
     * @param parameters (learning rates, numFeatures + 1, numOutputs) row-major, of the linear
     *     models. Kept.
     * @param weights state of the weights of the mixture of experts. Kept.
     * @param scaler state of the scaler
     * @param ensemble state of the experts beside the linear models
     */
    public static LearnerState startingWith(
            LearnerSettings settings,
            float[] parameters,
            double[] weights,
            ScalerState scaler,
            EnsembleState ensemble) {
        return started(initial(settings), parameters, weights, scaler)
                .withEnsemble(ensemble, ensemble);
    }

    private static LearnerState started(
            LearnerState zeros, float[] parameters, double[] weights, ScalerState scaler) {
        return new LearnerState(
                LearnerCounters.STARTED,
                parameters,
                zeros.optimizer,
                weights,
                zeros.restarts,
                zeros.baselineCounts,
                zeros.lastLabel,
                parameters,
                weights,
                zeros.classCounts,
                scaler);
    }

    /** Returns the initial weights of the mixture; empty without one. */
    static double[] initialWeights(LearnerSettings settings) {
        Mixture mixture = settings.mixture();
        return mixture == null
                ? new double[0]
                : MixtureWeights.initialState(
                        settings.numExperts(), mixture.switchingRates().size());
    }

    /**
     * Returns the state with features and classes added at the end. Their parameters and the
     * optimiser's values for them are 0, and the scaler and the baselines have not observed them;
     * everything else stays as it is. So the logits of the classes before do not change as long as
     * a new feature has the scaled value 0, and a new class begins at logit 0.
     *
     * @param numFeatures number of features of this state
     * @param numOutputs number of outputs of this state
     * @param settings settings with at least as many features and outputs, which fit this state
     *     otherwise
     */
    public LearnerState extended(int numFeatures, int numOutputs, LearnerSettings settings) {
        if (numFeatures == settings.numFeatures() && numOutputs == settings.numOutputs()) {
            return this;
        }
        float[] baselines =
                baselineCounts.length == 0
                        ? baselineCounts
                        : Baselines.extended(baselineCounts, numOutputs, settings.numClasses());
        double[] extendedCounts =
                classCounts.length == 0
                        ? classCounts
                        : Arrays.copyOf(classCounts, settings.numClasses());
        EnsembleState initialEnsemble = initialEnsemble(settings);
        if (sparse != null) {
            return new LearnerState(
                            counters,
                            sparse.extended(
                                    settings.numFeatures(), restarts.length, settings.numOutputs()),
                            weights,
                            restarts,
                            baselines,
                            lastLabel,
                            goodWeights,
                            extendedCounts)
                    .withEnsemble(
                            extended(ensemble, initialEnsemble),
                            extended(goodEnsemble, initialEnsemble))
                    .withLosses(losses);
        }
        UnaryOperator<float[]> extend = array -> extended(array, numFeatures, numOutputs, settings);
        return new LearnerState(
                        counters,
                        extend.apply(parameters),
                        optimizer.map(extend),
                        weights,
                        restarts,
                        baselines,
                        lastLabel,
                        goodParameters.length == 0 ? goodParameters : extend.apply(goodParameters),
                        goodWeights,
                        extendedCounts,
                        scaler.mean().length == 0
                                ? scaler
                                : scaler.extended(settings.numFeatures()))
                .withEnsemble(
                        extended(ensemble, initialEnsemble),
                        extended(goodEnsemble, initialEnsemble))
                .withLosses(losses);
    }

    private static @Nullable EnsembleState extended(
            @Nullable EnsembleState state, @Nullable EnsembleState initial) {
        return state == null || initial == null ? null : state.extended(initial);
    }

    /**
     * Returns the state with the counts of labels that the settings need: zeros if it has none, and
     * none if classes are no longer balanced.
     */
    public LearnerState withClassCounts(LearnerSettings settings) {
        boolean balanced = settings.loss().balancesClasses();
        if (balanced == classCounts.length > 0) {
            return this;
        }
        return new LearnerState(
                        counters,
                        parameters,
                        optimizer,
                        weights,
                        restarts,
                        baselineCounts,
                        lastLabel,
                        goodParameters,
                        goodWeights,
                        new double[numClassCounts(settings)],
                        scaler,
                        sparse)
                .withEnsemble(ensemble, goodEnsemble)
                .withLosses(losses);
    }

    /** Returns a copy of an array in the shape of the parameters, with zeros for what is new. */
    private static float[] extended(
            float[] array, int numFeatures, int numOutputs, LearnerSettings settings) {
        int newOutputs = settings.numOutputs();
        float[] extended = new float[settings.numParameters()];
        for (int rate = 0; rate < settings.numRates(); rate++) {
            int from = rate * (numFeatures + 1) * numOutputs;
            int to = rate * (settings.numFeatures() + 1) * newOutputs;
            for (int f = 0; f <= numFeatures; f++) {
                int row = f == numFeatures ? settings.numFeatures() : f;
                System.arraycopy(
                        array, from + f * numOutputs, extended, to + row * newOutputs, numOutputs);
            }
        }
        return extended;
    }

    private static int numClassCounts(LearnerSettings settings) {
        return settings.loss().balancesClasses() ? settings.numClasses() : 0;
    }

    private static int numScaled(LearnerSettings settings) {
        return settings.scaler() == null ? 0 : settings.numFeatures();
    }

    private static int numBaselineCounts(LearnerSettings settings) {
        Mixture mixture = settings.mixture();
        return mixture != null && mixture.baselines()
                ? Baselines.numCounts(settings.numClasses())
                : 0;
    }

    /**
     * Checks that the arrays have the lengths that the settings require.
     *
     * @throws IllegalArgumentException if one of them has another length
     */
    void requireFits(LearnerSettings settings) {
        requireLength("weights", initialWeights(settings).length, weights.length);
        requireLength("restarts", settings.numRates(), restarts.length);
        requireLength("baselineCounts", numBaselineCounts(settings), baselineCounts.length);
        requireLength("classCounts", numClassCounts(settings), classCounts.length);
        if (hasGoodParameters()) {
            requireLength("goodWeights", weights.length, goodWeights.length);
        }
        if (losses.length > 0) {
            requireLength("losses", FadingLosses.stateLength(settings.numLosses()), losses.length);
        }
        if ((settings.ensemble() == null) != (ensemble == null)) {
            throw new IllegalArgumentException(
                    "the state is "
                            + (ensemble == null ? "of linear models" : "of an ensemble")
                            + ", unlike the learner's settings");
        }
        if (settings.isSparse() != (sparse != null)) {
            throw new IllegalArgumentException(
                    "the state is "
                            + (sparse == null ? "dense" : "sparse")
                            + ", unlike the learner's settings");
        }
        if (sparse != null) {
            requireLength("sparse.numColumns", settings.numFeatures(), sparse.numColumns());
            requireLength(
                    "sparse.layout.numParameters",
                    settings.rowLayout().numParameters(),
                    sparse.layout().numParameters());
            return;
        }
        requireLength("parameters", settings.numParameters(), parameters.length);
        for (NamedArray array : optimizer.arrays()) {
            requireLength(
                    "optimizer." + array.name(), settings.numParameters(), array.values().length);
        }
        if (goodParameters.length > 0) {
            requireLength("goodParameters", settings.numParameters(), goodParameters.length);
        }
        requireLength("scaler.mean", numScaled(settings), scaler.mean().length);
        requireLength(
                "scaler.squaredDeviations", numScaled(settings), scaler.squaredDeviations().length);
    }

    private static void requireLength(String name, int expected, int actual) {
        if (actual != expected) {
            throw new IllegalArgumentException(
                    name
                            + " must have "
                            + expected
                            + " values under the learner's settings, but has "
                            + actual);
        }
    }
}
