package io.freshet.model;

import io.freshet.model.example.BlockRows;
import io.freshet.model.example.Evaluation;
import io.freshet.model.example.Examples;
import io.freshet.model.loss.Loss;
import io.freshet.model.mixture.Baselines;
import io.freshet.model.mixture.Likelihoods;
import io.freshet.model.mixture.Mixture;
import io.freshet.model.mixture.MixtureWeights;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * What a row's logits are worth: probabilities, loss and prediction, of one learning rate or of the
 * mixture, and the gradients at them.
 *
 * <p>The logits of some rows are activated together; then one row at a time is taken, and answered,
 * or scored and its gradient asked for. The mixture's weights and the baselines move when its
 * mini-batch has been scored.
 */
final class Scorer {
    /** Logits that are activated together: few enough for a core's nearest cache. */
    private static final int VALUES_AT_ONCE = 2048;

    private final Loss loss;
    private final int numRates;
    private final int numOutputs;
    private final int numClasses;
    private final int rowsAtOnce;
    private final @Nullable MixtureWeights weights;
    private final @Nullable Baselines baselines;

    // The rows that were activated: (rows · learning rates, numOutputs) each, and (rows · learning
    // rates). The probabilities are powers until their row is taken.
    private double[] logits = new double[0];
    private int firstLogit;
    private final double[] probabilities;
    private final double[] sums;
    private final double[] shifts;

    // The row at hand.
    private int taken;
    private int logitsAt;
    private int probabilitiesAt;
    private final double[] mixed;

    /** What each baseline said of the row at hand, when it was mixed: (baselines, numClasses). */
    private final double[][] ofBaselines;

    private final Likelihoods[] likelihoods;
    private final boolean[] finite;

    /** Arrays that scorers of the same settings use one after the other. */
    static final class Scratch {
        private final int rowsAtOnce;
        private final double[] probabilities;
        private final double[] sums;
        private final double[] shifts;
        private final double[] mixed;
        private final double[][] ofBaselines;
        private final Likelihoods[] likelihoods;
        private final boolean[] finite;

        /**
         * @param mostRows the most rows whose logits are at hand together
         */
        public Scratch(LearnerSettings settings, int mostRows) {
            Mixture mixture = settings.mixture();
            int numRates = settings.numRates();
            int columns = numRates * settings.numOutputs();
            this.rowsAtOnce = Math.max(1, Math.min(mostRows, VALUES_AT_ONCE / columns));
            this.probabilities = new double[rowsAtOnce * columns];
            this.sums = new double[rowsAtOnce * numRates];
            this.shifts = new double[rowsAtOnce * numRates];
            this.mixed = new double[settings.numClasses()];
            int numBaselines = mixture == null || !mixture.baselines() ? 0 : Baselines.COUNT;
            this.ofBaselines = new double[numBaselines][settings.numClasses()];
            this.likelihoods = new Likelihoods[mixture == null ? 0 : settings.miniBatchSize()];
            Arrays.setAll(likelihoods, i -> new Likelihoods(settings.numExperts()));
            this.finite = new boolean[numRates];
        }
    }

    /**
     * @param state what to go on from. Not modified.
     * @param scratch of the same settings. Modified by every call.
     */
    Scorer(LearnerSettings settings, LearnerState state, Scratch scratch) {
        Mixture mixture = settings.mixture();
        this.loss = settings.loss();
        this.numRates = settings.numRates();
        this.numOutputs = settings.numOutputs();
        this.numClasses = settings.numClasses();
        this.weights = mixture == null ? null : new MixtureWeights(mixture, state.weights());
        this.baselines =
                mixture == null || !mixture.baselines()
                        ? null
                        : new Baselines(numClasses, state.baselineCounts(), state.lastLabel());
        this.rowsAtOnce = scratch.rowsAtOnce;
        this.probabilities = scratch.probabilities;
        this.sums = scratch.sums;
        this.shifts = scratch.shifts;
        this.mixed = scratch.mixed;
        this.ofBaselines = scratch.ofBaselines;
        this.likelihoods = scratch.likelihoods;
        this.finite = scratch.finite;
    }

    @Nullable MixtureWeights weights() {
        return weights;
    }

    @Nullable Baselines baselines() {
        return baselines;
    }

    /** Returns whether every loss of a rate was finite since {@link #begin}. */
    boolean isFinite(int rate) {
        return finite[rate];
    }

    /** Returns whether every loss of every rate was finite since {@link #begin}. */
    boolean isAllFinite() {
        for (boolean ofRate : finite) {
            if (!ofRate) {
                return false;
            }
        }
        return true;
    }

    /** Returns whether any rate's losses were all finite since {@link #begin}. */
    boolean isAnyFinite() {
        for (boolean ofRate : finite) {
            if (ofRate) {
                return true;
            }
        }
        return false;
    }

    /** Forgets which rates were not finite. */
    void begin() {
        Arrays.fill(finite, true);
    }

    /** Returns the most rows that are activated together. */
    int rowsAtOnce() {
        return rowsAtOnce;
    }

    /**
     * Activates the logits of some rows.
     *
     * @param rowLogits (count, learning rates · numOutputs) from {@code offset} on, which must stay
     *     as they are while the rows are worked on. Not modified.
     * @param count at most {@link #rowsAtOnce()}
     */
    void activate(double[] rowLogits, int offset, int count) {
        logits = rowLogits;
        firstLogit = offset;
        loss.activation()
                .activate(
                        logits, offset, count * numRates, numOutputs, probabilities, sums, shifts);
    }

    /** Takes one of the rows that were activated; each is to be taken once. */
    void take(int activatedRow) {
        taken = activatedRow;
        probabilitiesAt = taken * numRates * numOutputs;
        logitsAt = firstLogit + probabilitiesAt;
        if (weights != null) {
            mix(weights);
            return;
        }
        double share = 1 / sums[taken];
        for (int c = probabilitiesAt; c < probabilitiesAt + numOutputs; c++) {
            probabilities[c] *= share;
        }
        if (numOutputs < numClasses) {
            mixed[0] = 1 - probabilities[probabilitiesAt];
            mixed[1] = probabilities[probabilitiesAt];
        }
    }

    /** Answers an example without a label. */
    void answer(int example, long modelVersion, Evaluation evaluation) {
        if (weights == null && numOutputs == numClasses) {
            evaluation.answer(example, probabilities, probabilitiesAt, modelVersion);
        } else {
            evaluation.answer(example, mixed, 0, modelVersion);
        }
    }

    /**
     * Scores an example.
     *
     * @param place its place in its mini-batch
     */
    void score(int place, Examples examples, int example, Evaluation evaluation) {
        if (weights == null) {
            double lossOfExample = finiteLoss(0, examples, example);
            if (numOutputs == numClasses) {
                // Logits tell apart what has the same probability when rounded.
                score(
                        lossOfExample,
                        logits,
                        logitsAt,
                        probabilities,
                        probabilitiesAt,
                        examples,
                        example,
                        evaluation);
            } else {
                score(lossOfExample, mixed, 0, mixed, 0, examples, example, evaluation);
            }
            return;
        }
        Likelihoods ofRow = likelihoods[place];
        if (!takeLikelihoods(ofRow, examples, example)) {
            takeLogLikelihoods(ofRow, examples, example);
        }
        score(weights.loss(ofRow), mixed, 0, mixed, 0, examples, example, evaluation);
    }

    /** Returns a rate's loss; infinite, and noted, where it is not finite. */
    private double finiteLoss(int rate, Examples examples, int example) {
        int at = taken * numRates + rate;
        double logSumExp = shifts[at] + Math.log(sums[at]);
        double lossOfRate = plainLoss(logSumExp, logitsAt + rate * numOutputs, examples, example);
        // The loss goes out as a float, and a sum of finite ones shall be finite.
        if (!(lossOfRate <= Float.MAX_VALUE)) {
            finite[rate] = false;
            return Double.POSITIVE_INFINITY;
        }
        return lossOfRate;
    }

    /** Takes the probabilities of a class as they are; returns false if one is too small. */
    private boolean takeLikelihoods(Likelihoods ofRow, Examples examples, int example) {
        if (examples.numTargets() > 0) {
            return false;
        }
        int label = examples.labels()[example];
        for (int rate = 0; rate < numRates; rate++) {
            if (!ofRow.set(rate, probabilities[probabilitiesAt + rate * numOutputs + label])) {
                return false;
            }
        }
        for (int k = 0; k < ofBaselines.length; k++) {
            if (!ofRow.set(numRates + k, ofBaselines[k][label])) {
                return false;
            }
        }
        return true;
    }

    private void takeLogLikelihoods(Likelihoods ofRow, Examples examples, int example) {
        for (int rate = 0; rate < numRates; rate++) {
            ofRow.setLogarithm(rate, -finiteLoss(rate, examples, example));
        }
        for (int k = 0; k < ofBaselines.length; k++) {
            ofRow.setLogarithm(numRates + k, logLikelihood(ofBaselines[k], examples, example));
        }
    }

    /**
     * Writes what the probabilities of the classes are worth.
     *
     * @param order (numClasses) from {@code orderAt} on: the larger, the more probable. Not
     *     modified.
     * @param ofClasses (numClasses) from {@code ofClassesAt} on. Not modified.
     */
    private void score(
            double lossOfExample,
            double[] order,
            int orderAt,
            double[] ofClasses,
            int ofClassesAt,
            Examples examples,
            int example,
            Evaluation evaluation) {
        int label = examples.labels()[example];
        int predicted = largest(order, orderAt, numClasses);
        evaluation.score(
                example,
                lossOfExample,
                predicted,
                ofClasses[ofClassesAt + predicted],
                brier(ofClasses, ofClassesAt, examples, example),
                predicted == label ? 0 : rank(order, orderAt, label));
    }

    private double brier(double[] ofClasses, int at, Examples examples, int example) {
        double brier = 0;
        if (examples.numTargets() == 0) {
            int label = examples.labels()[example];
            for (int c = 0; c < label; c++) {
                brier += ofClasses[at + c] * ofClasses[at + c];
            }
            for (int c = label + 1; c < numClasses; c++) {
                brier += ofClasses[at + c] * ofClasses[at + c];
            }
            double missed = 1 - ofClasses[at + label];
            return brier + missed * missed;
        }
        for (int c = 0; c < numClasses; c++) {
            double distance = ofClasses[at + c] - target(examples, example, c);
            brier += distance * distance;
        }
        return brier;
    }

    /** Returns how many classes are ahead of a label: of a larger value, or as large and lower. */
    private int rank(double[] values, int offset, int label) {
        double ofLabel = values[offset + label];
        int rank = 0;
        for (int c = 0; c < label; c++) {
            rank += values[offset + c] >= ofLabel ? 1 : 0;
        }
        for (int c = label + 1; c < numClasses; c++) {
            rank += values[offset + c] > ofLabel ? 1 : 0;
        }
        return rank;
    }

    private double target(Examples examples, int example, int c) {
        int numTargets = examples.numTargets();
        double target = examples.targets()[example * numTargets + Math.min(c, numTargets - 1)];
        // One output stands for two classes: its target is the second's.
        return numTargets < numClasses && c == 0 ? 1 - target : target;
    }

    private double plainLoss(double ofLogits, int offset, Examples examples, int example) {
        return examples.numTargets() == 0
                ? loss.plainLoss(logits, offset, ofLogits, examples.labels()[example])
                : loss.plainLoss(
                        logits,
                        offset,
                        ofLogits,
                        examples.targets(),
                        example * examples.numTargets());
    }

    private static double logLikelihood(double[] predicted, Examples examples, int example) {
        if (examples.numTargets() == 0) {
            return Math.log(predicted[examples.labels()[example]]);
        }
        double sum = 0;
        int offset = example * examples.numTargets();
        for (int c = 0; c < predicted.length; c++) {
            sum += examples.targets()[offset + c] * Math.log(predicted[c]);
        }
        return sum;
    }

    /**
     * Computes the probabilities of each rate, and of all together: rates that are not finite have
     * no say.
     */
    private void mix(MixtureWeights of) {
        Arrays.fill(mixed, 0);
        double said = 0;
        for (int rate = 0; rate < numRates; rate++) {
            int at = probabilitiesAt + rate * numOutputs;
            double sum = sums[taken * numRates + rate];
            if (Double.isNaN(sum)) {
                Arrays.fill(probabilities, at, at + numOutputs, Double.NaN);
                continue;
            }
            double share = 1 / sum;
            double weight = of.weight(rate);
            said += weight;
            for (int c = 0; c < numClasses; c++) {
                double probability = share * probabilities[at + c];
                probabilities[at + c] = probability;
                mixed[c] += weight * probability;
            }
        }
        if (baselines != null) {
            for (int k = 0; k < Baselines.COUNT; k++) {
                double weight = of.weight(numRates + k);
                baselines.predict(k, ofBaselines[k]);
                said += weight;
                for (int c = 0; c < numClasses; c++) {
                    mixed[c] += weight * ofBaselines[k][c];
                }
            }
        }
        double share = 1 / said;
        for (int c = 0; c < numClasses; c++) {
            mixed[c] *= share;
        }
    }

    /**
     * Writes the gradients at the row's logits.
     *
     * @param scale of all of them, besides the example's weight
     * @param factors of each, (learning rates · numOutputs), the same within a rate. Not modified.
     * @param out (learning rates · numOutputs). Modified.
     */
    void gradient(Examples examples, int example, double scale, double[] factors, double[] out) {
        double weighted = scale * examples.weights()[example];
        if (examples.numTargets() == 0) {
            loss.logitGradients(
                    probabilities,
                    probabilitiesAt,
                    examples.labels()[example],
                    weighted,
                    factors,
                    out);
            return;
        }
        for (int offset = 0; offset < out.length; offset += numOutputs) {
            loss.logitGradient(
                    probabilities,
                    probabilitiesAt + offset,
                    examples.targets(),
                    example * examples.numTargets(),
                    weighted * factors[offset],
                    out,
                    offset);
        }
    }

    /** Notes that a rate's step is not finite: it says nothing about the mini-batch. */
    void discard(int rate, int size) {
        finite[rate] = false;
        for (int i = 0; weights != null && i < size; i++) {
            likelihoods[i].exclude(rate);
        }
    }

    /**
     * Moves the mixture's weights and the baselines by a mini-batch that has been scored, row by
     * row.
     *
     * @param begin its first row in the block
     * @param end after its last row
     */
    void learn(BlockRows rows, int begin, int end, Examples examples) {
        if (weights == null) {
            return;
        }
        for (int row = begin; row < end; row++) {
            int example = rows.example(row);
            weights.update(likelihoods[row - begin], examples.weights()[example]);
            if (baselines != null) {
                baselines.observe(examples.labels()[example]);
            }
        }
    }

    /** Returns which of some values is the largest, counted from 0; the lowest of equals. */
    private static int largest(double[] values, int offset, int count) {
        int largest = 0;
        double value = values[offset];
        for (int i = 1; i < count; i++) {
            if (values[offset + i] > value) {
                largest = i;
                value = values[offset + i];
            }
        }
        return largest;
    }
}
