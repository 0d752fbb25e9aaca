package io.freshet.model;

import io.freshet.model.ensemble.BlockDistances;
import io.freshet.model.ensemble.Ensemble;
import io.freshet.model.ensemble.EnsembleRule;
import io.freshet.model.ensemble.EnsembleState;
import io.freshet.model.example.BlockRows;
import io.freshet.model.example.Evaluation;
import io.freshet.model.example.Examples;
import io.freshet.model.loss.Loss;
import io.freshet.model.mixture.Baselines;
import io.freshet.model.mixture.FadingLosses;
import io.freshet.model.mixture.Likelihoods;
import io.freshet.model.mixture.Mixture;
import io.freshet.model.mixture.MixtureWeights;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The probabilities of rows under each learning rate and under the mixture, and the losses and
 * gradients that follow from them.
 *
 * <p>Order of calls: {@link #activate} for some rows together; then, row by row, {@link #input} or
 * {@link #sparseInput}, {@link #select}, and either {@link #predict}, or {@link #score} and {@link
 * #gradient}; when all rows of a mini-batch have been scored, {@link #learn}, which updates the
 * mixture's weights, the baselines and the other experts of an ensemble.
 */
final class Scorer {
    /** Maximum number of logits that are activated together, so that they stay in the L1 cache. */
    private static final int MAX_LOGITS = 2048;

    private final Loss loss;
    private final ExampleScores exampleScores;
    private final int numRates;
    private final int numOutputs;
    private final int numClasses;
    private final int rowsAtOnce;
    private final @Nullable MixtureWeights weights;
    private final @Nullable Baselines baselines;

    // The activated rows: (rows · learning rates, numOutputs) for logits and probabilities, (rows ·
    // learning rates) for normalisers and maxima. `probabilities` holds unnormalised exponentials
    // until select(row) normalises that row; select each row once.
    private double[] logits = new double[0];
    private int firstLogit;
    private final double[] probabilities;
    private final double[] normalisers;
    private final double[] maxima;

    // The selected row.
    private int selected;
    private int logitOffset;
    private int probabilityOffset;

    /** (numClasses), the probabilities of the mixture, or of the two classes of a single output. */
    private final double[] mixed;

    // Empty if the loss that training minimises is the reported one: (numOutputs) targets of the
    // selected row, and with a mixture (numOutputs) logarithms of its probabilities.
    private final double[] trainingTargets;
    private final double[] logMixed;

    /** (baselines, numClasses), the prediction of each baseline for the selected row. */
    private final double[][] baselineProbabilities;

    /**
     * (mini-batch) likelihoods by which the mixture learns from each scored row: of the label, or
     * where training minimises another loss than the reported one, {@code exp(−loss)}. Empty
     * without a mixture.
     */
    private final Likelihoods[] likelihoods;

    /**
     * (mini-batch) likelihoods of each scored row's label: {@code likelihoods} itself, unless
     * training minimises another loss than the reported one.
     */
    private final Likelihoods[] reported;

    /** (mini-batch) balanced weight of the class of each scored row; empty without a mixture. */
    private final double[] classWeights;

    private final List<Double> rates;

    /** (learning rates) whether the rate is above 0. */
    private final boolean[] learns;

    /** (learning rates) whether every loss since {@link #begin} was finite. */
    private final boolean[] finite;

    /** Losses of the experts, then of the combinations of an ensemble; empty without a mixture. */
    private final FadingLosses losses;

    /** Scratch for the losses of one row. */
    private final double[] rowLosses;

    /** The experts beside the learning rates, and how all are combined; null without them. */
    private final @Nullable EnsembleScorer ensemble;

    /** Scratch arrays, shared by scorers of the same settings that run one after the other. */
    static final class Scratch {
        private final int rowsAtOnce;
        private final double[] probabilities;
        private final double[] normalisers;
        private final double[] maxima;
        private final double[] mixed;
        private final double[][] baselineProbabilities;
        private final Likelihoods[] likelihoods;
        private final Likelihoods[] reported;
        private final double[] classWeights;
        private final boolean[] finite;
        private final EnsembleScorer.@Nullable Scratch ensemble;

        /**
         * @param maxRows maximum number of rows whose logits are available together
         * @param distances scratch of an ensemble of dense features; null without one
         */
        public Scratch(LearnerSettings settings, int maxRows, @Nullable BlockDistances distances) {
            Mixture mixture = settings.mixture();
            int numRates = settings.numRates();
            int columns = numRates * settings.numOutputs();
            this.rowsAtOnce = Math.max(1, Math.min(maxRows, MAX_LOGITS / columns));
            this.probabilities = new double[rowsAtOnce * columns];
            this.normalisers = new double[rowsAtOnce * numRates];
            this.maxima = new double[rowsAtOnce * numRates];
            this.mixed = new double[settings.numClasses()];
            int numBaselines = mixture == null || !mixture.baselines() ? 0 : Baselines.COUNT;
            this.baselineProbabilities = new double[numBaselines][settings.numClasses()];
            boolean mixes = mixture != null && settings.ensemble() == null;
            this.likelihoods = new Likelihoods[mixes ? settings.miniBatchSize() : 0];
            Arrays.setAll(likelihoods, i -> new Likelihoods(settings.numExperts()));
            if (settings.loss().trainsOnReportedLoss()) {
                this.reported = likelihoods;
            } else {
                this.reported = new Likelihoods[likelihoods.length];
                Arrays.setAll(reported, i -> new Likelihoods(settings.numExperts()));
            }
            this.classWeights = new double[likelihoods.length];
            this.finite = new boolean[numRates];
            EnsembleRule rule = settings.ensemble();
            this.ensemble =
                    rule == null ? null : new EnsembleScorer.Scratch(settings, rule, distances);
        }
    }

    /**
     * @param state initial state of the mixture and the baselines. Not modified.
     * @param scratch scratch arrays for the same settings. Modified by every call.
     */
    Scorer(LearnerSettings settings, LearnerState state, Scratch scratch) {
        Mixture mixture = settings.mixture();
        this.loss = settings.loss();
        this.exampleScores = new ExampleScores(settings.numClasses());
        this.numRates = settings.numRates();
        this.numOutputs = settings.numOutputs();
        this.numClasses = settings.numClasses();
        this.weights =
                mixture == null
                        ? null
                        : new MixtureWeights(
                                settings.numExperts(), mixture.switchingRates(), state.weights());
        EnsembleRule rule = settings.ensemble();
        EnsembleState ensembleState = state.ensemble();
        this.ensemble =
                rule == null || ensembleState == null || weights == null || scratch.ensemble == null
                        ? null
                        : new EnsembleScorer(
                                settings,
                                rule,
                                scratch.ensemble,
                                weights,
                                ensembleState,
                                state.goodEnsemble());
        this.baselines =
                mixture == null || !mixture.baselines()
                        ? null
                        : new Baselines(numClasses, state.baselineCounts(), state.lastLabel());
        this.losses = new FadingLosses(settings.numLosses(), settings.lossSpan());
        losses.set(state.losses());
        this.rowLosses = new double[losses.size()];
        this.rowsAtOnce = scratch.rowsAtOnce;
        this.probabilities = scratch.probabilities;
        this.normalisers = scratch.normalisers;
        this.maxima = scratch.maxima;
        this.mixed = scratch.mixed;
        this.baselineProbabilities = scratch.baselineProbabilities;
        this.likelihoods = scratch.likelihoods;
        this.reported = scratch.reported;
        this.classWeights = scratch.classWeights;
        this.rates = settings.learningRates();
        this.learns = new boolean[numRates];
        for (int rate = 0; rate < numRates; rate++) {
            learns[rate] = mixture == null || mixture.rates().get(rate) > 0;
        }
        this.finite = scratch.finite;
        this.trainingTargets = new double[loss.trainsOnReportedLoss() ? 0 : numOutputs];
        this.logMixed = new double[mixture == null ? 0 : trainingTargets.length];
    }

    /** Returns the mixture's weights; null without one. */
    @Nullable MixtureWeights weights() {
        return weights;
    }

    /** Replaces the mixture's weights by a state; does nothing without a mixture. */
    void setWeights(double[] state) {
        if (weights != null) {
            weights.set(state);
        }
    }

    /** Returns the losses of the experts, then of the combinations of an ensemble; not a copy. */
    FadingLosses losses() {
        return losses;
    }

    /** Returns the state of the mixture's weights; empty without a mixture. */
    double[] mixtureState() {
        return weights == null ? new double[0] : weights.state();
    }

    /** Returns the counts of the baselines; empty without them. */
    float[] baselineCounts() {
        return baselines == null ? new float[0] : baselines.counts();
    }

    /** Returns the newest label, for the baselines. */
    int lastLabel() {
        return baselines == null ? Baselines.NO_LABEL : baselines.lastLabel();
    }

    /** Copies the weights, the baselines and the losses of the experts of a state. */
    void copyFrom(LearnerState state) {
        losses.set(state.losses());
        if (weights != null) {
            weights.set(state.weights());
        }
        if (baselines != null) {
            baselines.set(state.baselineCounts(), state.lastLabel());
        }
        if (ensemble != null && state.ensemble() != null) {
            ensemble.ensemble().set(state.ensemble());
        }
    }

    /** Returns the ensemble; null without one. */
    @Nullable Ensemble ensemble() {
        return ensemble == null ? null : ensemble.ensemble();
    }

    /** Returns the state of the ensemble in new arrays; null without one. */
    @Nullable EnsembleState ensembleState() {
        return ensemble == null ? null : ensemble.ensemble().state();
    }

    /** Returns the ensemble's state of the last {@link #keepGood}; null if there is none. */
    @Nullable EnsembleState goodEnsemble() {
        return ensemble == null ? null : ensemble.good();
    }

    /** Keeps the state of an ensemble as the last good one. */
    void keepGood() {
        if (ensemble != null) {
            ensemble.keepGood();
        }
    }

    /** Returns an ensemble to its last good state. */
    void returnToGood() {
        if (ensemble != null) {
            ensemble.returnToGood();
        }
    }

    /**
     * Removes the last good state of an ensemble, and sets it to an initial one.
     *
     * @param initial null without an ensemble
     */
    void returnToStart(@Nullable EnsembleState initial) {
        if (ensemble != null && initial != null) {
            ensemble.returnToStart(initial);
        }
    }

    /**
     * Returns the learning rate with the largest weight in the mixture, of those above 0; 0 without
     * a mixture.
     */
    int dominantRate() {
        return weights == null ? 0 : weights.dominantRate(rates);
    }

    /**
     * Returns the learning rate with the largest weight among those that are finite since {@link
     * #begin}, a rate of 0 included; -1 if none is.
     */
    int dominantFiniteRate() {
        int dominant = -1;
        for (int rate = 0; rate < numRates; rate++) {
            if (finite[rate]
                    && (dominant < 0
                            || (weights != null
                                    && weights.weight(rate) > weights.weight(dominant)))) {
                dominant = rate;
            }
        }
        return dominant;
    }

    /** Returns whether every loss of a rate was finite since {@link #begin}. */
    boolean isFinite(int rate) {
        return finite[rate];
    }

    /** Returns whether every loss of every rate was finite since {@link #begin}. */
    boolean isAllFinite() {
        for (boolean rateFinite : finite) {
            if (!rateFinite) {
                return false;
            }
        }
        return true;
    }

    /** Returns whether there is a rate whose losses were all finite since {@link #begin}. */
    boolean isAnyFinite() {
        for (boolean rateFinite : finite) {
            if (rateFinite) {
                return true;
            }
        }
        return false;
    }

    /** Marks all rates as finite, at the start of a mini-batch or block. */
    void begin() {
        Arrays.fill(finite, true);
    }

    /** Returns the maximum number of rows that are activated together. */
    int rowsAtOnce() {
        return rowsAtOnce;
    }

    /**
     * Activates the logits of some rows.
     *
     * @param newLogits (count, learning rates · numOutputs) from {@code offset} on, which must stay
     *     unchanged until the last row has been scored. Not modified.
     * @param count at most {@link #rowsAtOnce()}
     */
    void activate(double[] newLogits, int offset, int count) {
        logits = newLogits;
        firstLogit = offset;
        loss.activation()
                .activate(
                        logits,
                        offset,
                        count * numRates,
                        numOutputs,
                        probabilities,
                        normalisers,
                        maxima);
    }

    /**
     * Passes the inputs of a block of rows, which the experts of an ensemble read.
     *
     * @param inputs (count, width) scaled features, which must stay unchanged until the last row
     *     has been scored. Not modified.
     */
    void inputs(float[] inputs, int width, int count) {
        if (ensemble != null) {
            ensemble.inputs(inputs, width, count);
        }
    }

    /**
     * Says which row is selected next.
     *
     * @param place index of the row in its mini-batch; for a row without a label, the size of a
     *     full mini-batch
     * @param index index of the row in the block
     */
    void input(int place, int index) {
        if (ensemble != null) {
            ensemble.input(place, index);
        }
    }

    /**
     * Says which row of sparse features is selected next.
     *
     * @param place as in {@link #input}
     * @param squaredNorm sum of the squares of the row's inputs, the bias included
     */
    void sparseInput(int place, double squaredNorm) {
        if (ensemble != null) {
            ensemble.sparseInput(place, squaredNorm);
        }
    }

    /** Selects one of the activated rows. Each must be selected only once. */
    void select(int row) {
        selected = row;
        probabilityOffset = selected * numRates * numOutputs;
        logitOffset = firstLogit + probabilityOffset;
        if (ensemble != null) {
            for (int rate = 0; rate < numRates; rate++) {
                int at = selected * numRates + rate;
                ensemble.addLinear(
                        rate,
                        logits,
                        logitOffset + rate * numOutputs,
                        maxima[at],
                        normalisers[at],
                        probabilities,
                        probabilityOffset + rate * numOutputs);
            }
            ensemble.predict(mixed);
            return;
        }
        if (weights != null) {
            mix(weights);
            return;
        }
        double inverseSum = 1 / normalisers[selected];
        for (int c = probabilityOffset; c < probabilityOffset + numOutputs; c++) {
            probabilities[c] *= inverseSum;
        }
        if (numOutputs < numClasses) {
            mixed[0] = 1 - probabilities[probabilityOffset];
            mixed[1] = probabilities[probabilityOffset];
        }
    }

    /** Writes the prediction for the selected row. */
    void predict(int example, long modelVersion, Evaluation evaluation) {
        if (weights == null && numOutputs == numClasses) {
            evaluation.predict(example, probabilities, probabilityOffset, modelVersion);
        } else {
            evaluation.predict(example, mixed, 0, modelVersion);
        }
    }

    /**
     * Scores the selected row: writes its loss, prediction and scores to the evaluation.
     *
     * @param place index of the row in its mini-batch
     * @param classWeight balanced weight of the row's class; 1 if classes are not balanced
     * @param modelVersion version of the model before the step of the mini-batch
     */
    void score(
            int place,
            double classWeight,
            long modelVersion,
            Examples examples,
            int example,
            Evaluation evaluation) {
        if (evaluation.keepsAll()) {
            predict(example, modelVersion, evaluation);
        }
        if (trainingTargets.length > 0) {
            evaluation.training(example, trainingLoss(examples, example), classWeight);
        }
        if (weights == null) {
            double loss = finiteLoss(0, examples, example);
            if (numOutputs == numClasses) {
                // Logits tell apart classes whose probabilities round to the same number.
                exampleScores.write(
                        loss,
                        logits,
                        logitOffset,
                        probabilities,
                        probabilityOffset,
                        examples,
                        example,
                        evaluation);
            } else {
                exampleScores.write(loss, mixed, 0, mixed, 0, examples, example, evaluation);
            }
            return;
        }
        if (ensemble != null) {
            for (int rate = 0; rate < numRates; rate++) {
                finite[rate] &= !Double.isNaN(normalisers[selected * numRates + rate]);
            }
            double answerLoss = -ExampleScores.logLikelihood(mixed, examples, example);
            exampleScores.write(answerLoss, mixed, 0, mixed, 0, examples, example, evaluation);
            ensemble.setTargets(place, classWeight, examples, example);
            return;
        }
        Likelihoods rowLikelihoods = reported[place];
        if (!setLikelihoods(rowLikelihoods, examples, example)) {
            setLogLikelihoods(rowLikelihoods, examples, example);
        }
        classWeights[place] = classWeight;
        if (trainingTargets.length > 0) {
            setTrainedLikelihoods(likelihoods[place]);
        }
        exampleScores.write(
                weights.loss(rowLikelihoods), mixed, 0, mixed, 0, examples, example, evaluation);
    }

    /**
     * Returns the loss of the selected row that training minimises, of the mixture's prediction if
     * there is one. A probability of the mixture that is 0 in double counts as 10⁻³⁰⁸.
     */
    private double trainingLoss(Examples examples, int example) {
        if (examples.numTargets() == 0) {
            loss.writeTargets(examples.labels()[example], trainingTargets);
        } else {
            for (int c = 0; c < numOutputs; c++) {
                trainingTargets[c] = examples.targets()[example * numOutputs + c];
            }
        }
        if (weights == null) {
            double logSumExp = maxima[selected] + Math.log(normalisers[selected]);
            return loss.trainingLoss(logits, logitOffset, logSumExp, trainingTargets);
        }
        for (int c = 0; c < numOutputs; c++) {
            logMixed[c] = Math.log(Math.max(mixed[c], Double.MIN_NORMAL));
        }
        return loss.trainingLoss(logMixed, 0, 0, trainingTargets);
    }

    /**
     * Returns the loss of the selected row under a learning rate. If it is not finite as a float,
     * returns infinity and marks the rate as not finite.
     */
    private double finiteLoss(int rate, Examples examples, int example) {
        int at = selected * numRates + rate;
        double logSumExp = maxima[at] + Math.log(normalisers[at]);
        double rateLoss = plainLoss(logSumExp, logitOffset + rate * numOutputs, examples, example);
        // The loss is reported as a float, and sums of finite losses must stay finite.
        if (!(rateLoss <= Float.MAX_VALUE)) {
            finite[rate] = false;
            return Double.POSITIVE_INFINITY;
        }
        return rateLoss;
    }

    /**
     * Sets the likelihoods to the label's probabilities. Returns false if one is so small that its
     * logarithm is needed, or if targets are values.
     */
    private boolean setLikelihoods(Likelihoods rowLikelihoods, Examples examples, int example) {
        if (examples.numTargets() > 0) {
            return false;
        }
        int label = examples.labels()[example];
        for (int rate = 0; rate < numRates; rate++) {
            if (!rowLikelihoods.set(
                    rate, probabilities[probabilityOffset + rate * numOutputs + label])) {
                return false;
            }
        }
        for (int k = 0; k < baselineProbabilities.length; k++) {
            if (!rowLikelihoods.set(numRates + k, baselineProbabilities[k][label])) {
                return false;
            }
        }
        return true;
    }

    private void setLogLikelihoods(Likelihoods rowLikelihoods, Examples examples, int example) {
        for (int rate = 0; rate < numRates; rate++) {
            rowLikelihoods.setLogarithm(rate, -finiteLoss(rate, examples, example));
        }
        for (int k = 0; k < baselineProbabilities.length; k++) {
            rowLikelihoods.setLogarithm(
                    numRates + k,
                    ExampleScores.logLikelihood(baselineProbabilities[k], examples, example));
        }
    }

    /**
     * Sets the likelihoods to {@code exp(−loss)} of the loss that training minimises, so that the
     * mixture follows the learning rate that is best by it.
     */
    private void setTrainedLikelihoods(Likelihoods rowLikelihoods) {
        for (int rate = 0; rate < numRates; rate++) {
            int at = selected * numRates + rate;
            double logSumExp = maxima[at] + Math.log(normalisers[at]);
            double trained =
                    loss.trainingLoss(
                            logits, logitOffset + rate * numOutputs, logSumExp, trainingTargets);
            rowLikelihoods.setLogarithm(
                    rate, trained <= Float.MAX_VALUE ? -trained : Double.NEGATIVE_INFINITY);
        }
        for (int k = 0; k < baselineProbabilities.length; k++) {
            for (int c = 0; c < numOutputs; c++) {
                logMixed[c] = Math.log(baselineProbabilities[k][c]);
            }
            rowLikelihoods.setLogarithm(
                    numRates + k, -loss.trainingLoss(logMixed, 0, 0, trainingTargets));
        }
    }

    private double plainLoss(double logSumExp, int offset, Examples examples, int example) {
        return examples.numTargets() == 0
                ? loss.reportedLoss(logits, offset, logSumExp, examples.labels()[example])
                : loss.reportedLoss(
                        logits,
                        offset,
                        logSumExp,
                        examples.targets(),
                        example * examples.numTargets());
    }

    /**
     * Normalises the probabilities of each rate and computes their weighted mean, which includes
     * the baselines and leaves out rates whose probabilities are not finite.
     */
    private void mix(MixtureWeights mixtureWeights) {
        Arrays.fill(mixed, 0);
        double sumOfWeights = 0;
        for (int rate = 0; rate < numRates; rate++) {
            int at = probabilityOffset + rate * numOutputs;
            double sum = normalisers[selected * numRates + rate];
            if (Double.isNaN(sum)) {
                Arrays.fill(probabilities, at, at + numOutputs, Double.NaN);
                continue;
            }
            double inverseSum = 1 / sum;
            double weight = mixtureWeights.weight(rate);
            sumOfWeights += weight;
            for (int c = 0; c < numClasses; c++) {
                double probability = inverseSum * probabilities[at + c];
                probabilities[at + c] = probability;
                mixed[c] += weight * probability;
            }
        }
        if (baselines != null) {
            for (int k = 0; k < Baselines.COUNT; k++) {
                double weight = mixtureWeights.weight(numRates + k);
                baselines.predict(k, baselineProbabilities[k]);
                sumOfWeights += weight;
                for (int c = 0; c < numClasses; c++) {
                    mixed[c] += weight * baselineProbabilities[k][c];
                }
            }
        }
        double inverseSum = 1 / sumOfWeights;
        for (int c = 0; c < numClasses; c++) {
            mixed[c] *= inverseSum;
        }
    }

    /**
     * Writes the gradients of the selected row's loss at its logits.
     *
     * @param scale factor of all gradients, besides the example's weight
     * @param factors (learning rates · numOutputs) factor of each gradient, equal within a rate.
     *     Modified for the experts of an ensemble, whose steps depend on the row.
     * @param out (learning rates · numOutputs). Modified.
     */
    void gradient(Examples examples, int example, double scale, double[] factors, double[] out) {
        double weighted = scale * examples.weights()[example];
        if (ensemble != null) {
            ensemble.normaliseSteps(factors);
        }
        if (examples.numTargets() == 0) {
            loss.logitGradients(
                    probabilities,
                    probabilityOffset,
                    examples.labels()[example],
                    weighted,
                    factors,
                    out);
            return;
        }
        for (int offset = 0; offset < out.length; offset += numOutputs) {
            loss.logitGradient(
                    probabilities,
                    probabilityOffset + offset,
                    examples.targets(),
                    example * examples.numTargets(),
                    weighted * factors[offset],
                    out,
                    offset);
        }
    }

    /** Excludes a rate whose step is not finite from the likelihoods of the mini-batch. */
    void discard(int rate, int size) {
        finite[rate] = false;
        for (int i = 0; weights != null && i < size; i++) {
            if (ensemble != null) {
                ensemble.exclude(i, rate);
            } else {
                likelihoods[i].exclude(rate);
            }
        }
    }

    /**
     * Updates the mixture's weights, the baselines and the losses of the experts with a scored
     * mini-batch, row by row. The losses of a learning rate that is not finite begin anew.
     *
     * @param begin its first row in the block
     * @param end index after its last row
     */
    void learn(BlockRows rows, int begin, int end, Examples examples) {
        if (weights == null) {
            return;
        }
        for (int row = begin; row < end; row++) {
            int place = row - begin;
            int example = rows.example(row);
            double weight = examples.weights()[example];
            if (ensemble != null) {
                ensemble.writeLosses(place, examples, example, rowLosses);
                ensemble.learn(place);
            } else {
                reported[place].writeLosses(rowLosses);
                weights.update(likelihoods[place], classWeights[place] * weight);
                if (baselines != null) {
                    baselines.observe(examples.labels()[example]);
                }
            }
            losses.add(rowLosses, weight);
        }
        for (int rate = 0; rate < numRates; rate++) {
            if (!finite[rate]) {
                losses.restart(rate);
            }
        }
    }
}
