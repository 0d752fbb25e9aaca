package io.freshet.model;

import io.freshet.model.ensemble.BlockDistances;
import io.freshet.model.ensemble.Ensemble;
import io.freshet.model.ensemble.EnsembleRule;
import io.freshet.model.ensemble.EnsembleState;
import io.freshet.model.example.Examples;
import io.freshet.model.loss.Loss;
import io.freshet.model.mixture.MixtureWeights;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The part of a {@link Scorer} that has an {@link Ensemble}: passes it the linear experts'
 * predictions and the targets of each row of a mini-batch, and normalises the linear experts'
 * steps.
 *
 * <p>The step of learning rate {@code r} for a row {@code x} of weight {@code w} is {@code r / (1 +
 * r w ‖x‖² / 2)} times the gradient {@code w g xᵀ}. So the row's logits move by less than {@code 2
 * g}, however large its weight and its features are.
 *
 * <p>A row's weight is that of the example times that of its class. The targets are those that the
 * loss has in training, with its smoothing and weights, divided by their sum, which multiplies the
 * weight.
 */
final class EnsembleScorer {
    private final Loss loss;
    private final int numFeatures;
    private final int numClasses;
    private final List<Double> rates;
    private final Ensemble ensemble;
    private final @Nullable BlockDistances distances;

    private final Ensemble.Row[] rows;
    private final double[][] targets;
    private final int[] labels;
    private final double[] weights;
    private final double[] zeros;

    /** State that belongs to the last good parameters; null if there is none. */
    private @Nullable EnsembleState good;

    /** (rows, width) inputs of the block, of dense features. */
    private float[] inputs = new float[0];

    private int width;

    /** Place of the selected row in its mini-batch. */
    private int selected;

    /** Index of the selected row in the block, of dense features. */
    private int index;

    /** Squared norm of the selected row, of sparse features. */
    private double sparseSquaredNorm;

    /** Scratch arrays, shared by scorers of the same settings that run one after the other. */
    static final class Scratch {
        /** Rows of a mini-batch, then one for rows without a label. */
        private final Ensemble.Row[] rows;

        /** (mini-batch, numClasses) targets, which sum to 1, or to 0 if the row is ignored. */
        private final double[][] targets;

        /** (mini-batch) class of the row with the largest target. */
        private final int[] labels;

        /** (mini-batch) weights. */
        private final double[] weights;

        private final double[] zeros;
        private final @Nullable BlockDistances distances;

        Scratch(LearnerSettings settings, EnsembleRule rule, @Nullable BlockDistances distances) {
            this.distances = distances;
            int size = settings.miniBatchSize();
            int numClasses = settings.numClasses();
            rows = new Ensemble.Row[size + 1];
            Arrays.setAll(
                    rows,
                    i ->
                            new Ensemble.Row(
                                    rule, settings.numFeatures(), numClasses, settings.numRates()));
            targets = new double[size][numClasses];
            labels = new int[size];
            weights = new double[size];
            zeros = new double[numClasses];
        }
    }

    /**
     * @param scratch scratch arrays for the same settings. Modified by every call.
     * @param mixture weights of all experts, which the ensemble updates
     * @param state state of the ensemble. Not modified.
     * @param good its state that belongs to the last good parameters; null if there is none
     */
    EnsembleScorer(
            LearnerSettings settings,
            EnsembleRule rule,
            Scratch scratch,
            MixtureWeights mixture,
            EnsembleState state,
            @Nullable EnsembleState good) {
        this.good = good;
        loss = settings.loss();
        numFeatures = settings.numFeatures();
        numClasses = settings.numClasses();
        rates = settings.learningRates();
        ensemble = new Ensemble(rule, numFeatures, numClasses, rates.size(), mixture);
        ensemble.set(state);
        rows = scratch.rows;
        targets = scratch.targets;
        labels = scratch.labels;
        weights = scratch.weights;
        zeros = scratch.zeros;
        distances = scratch.distances;
    }

    /** Returns the ensemble; not a copy. */
    Ensemble ensemble() {
        return ensemble;
    }

    /** See {@link Scorer#inputs}. */
    void inputs(float[] blockInputs, int inputWidth, int count) {
        inputs = blockInputs;
        width = inputWidth;
        ensemble.begin(ofDense(), inputs, width, count);
    }

    /** See {@link Scorer#input}. */
    void input(int place, int indexInBlock) {
        selected = Math.min(place, rows.length - 1);
        index = indexInBlock;
    }

    private BlockDistances ofDense() {
        if (distances == null) {
            throw new IllegalStateException("the ensemble is of sparse features");
        }
        return distances;
    }

    /** See {@link Scorer#sparseInput}. */
    void sparseInput(int place, double squaredNorm) {
        selected = Math.min(place, rows.length - 1);
        sparseSquaredNorm = squaredNorm;
    }

    /** Keeps the current state as the last good one. */
    void keepGood() {
        good = ensemble.state();
    }

    /** Returns the last good state; null if there is none. */
    @Nullable EnsembleState good() {
        return good;
    }

    /** Returns to the last good state, if there is one. */
    void returnToGood() {
        if (good != null) {
            ensemble.set(good);
        }
    }

    /** Removes the last good state, and returns to an initial one. */
    void returnToStart(EnsembleState initial) {
        good = null;
        ensemble.set(initial);
    }

    /**
     * Adds the prediction of a learning rate for the selected row, and normalises its
     * probabilities; a prediction that is not finite becomes the uniform one.
     *
     * @param logits (numClasses) from {@code offset} on. Not modified.
     * @param max largest logit
     * @param normaliser sum of the exponentials
     * @param probabilities (numClasses) exponentials from {@code at} on; receives probabilities
     */
    void addLinear(
            int rate,
            double[] logits,
            int offset,
            double max,
            double normaliser,
            double[] probabilities,
            int at) {
        double[] rowProbabilities = rows[selected].linearProbabilities();
        double[] rowLogs = rows[selected].linearLogs();
        int to = rate * numClasses;
        if (Double.isNaN(normaliser)) {
            Arrays.fill(probabilities, at, at + numClasses, Double.NaN);
            Arrays.fill(rowProbabilities, to, to + numClasses, 1.0 / numClasses);
            Arrays.fill(rowLogs, to, to + numClasses, -Math.log(numClasses));
            return;
        }
        double inverse = 1 / normaliser;
        double logSum = max + Math.log(normaliser);
        for (int c = 0; c < numClasses; c++) {
            double probability = inverse * probabilities[at + c];
            probabilities[at + c] = probability;
            rowProbabilities[to + c] = probability;
            rowLogs[to + c] = logits[offset + c] - logSum;
        }
    }

    /**
     * Predicts the selected row.
     *
     * @param answer (numClasses) receives the probabilities
     */
    void predict(double[] answer) {
        if (distances == null) {
            ensemble.predictSparse(rows[selected], answer);
        } else {
            int place = selected == rows.length - 1 ? Integer.MAX_VALUE : selected;
            ensemble.predict(
                    rows[selected], place, distances, index, inputs, index * width, answer);
        }
    }

    /** Notes the targets and the weight of a row of the mini-batch. */
    void setTargets(int place, double classWeight, Examples examples, int example) {
        double[] to = targets[place];
        // With probabilities of 0 and the factor −1, the gradient is the weighted target.
        if (examples.numTargets() == 0) {
            loss.logitGradient(zeros, 0, examples.labels()[example], -1, to, 0);
        } else {
            loss.logitGradient(
                    zeros, 0, examples.targets(), example * examples.numTargets(), -1, to, 0);
        }
        double sum = 0;
        int largest = 0;
        for (int c = 0; c < numClasses; c++) {
            sum += to[c];
            largest = to[c] > to[largest] ? c : largest;
        }
        labels[place] = largest;
        weights[place] = sum * classWeight * examples.weights()[example];
        if (sum > 0) {
            double inverse = 1 / sum;
            for (int c = 0; c < numClasses; c++) {
                to[c] *= inverse;
            }
        }
    }

    /**
     * Writes the factors of the selected row's gradients.
     *
     * @param factors (learning rates · numClasses). Modified.
     */
    void normaliseSteps(double[] factors) {
        double squared = distances == null ? sparseSquaredNorm : squaredNorm(index * width);
        double half = weights[selected] * squared / 2;
        for (int rate = 0; rate < rates.size(); rate++) {
            double value = rates.get(rate);
            Arrays.fill(
                    factors,
                    rate * numClasses,
                    (rate + 1) * numClasses,
                    -value / (1 + value * half));
        }
    }

    /** Returns {@code ‖x‖²} of a row, with the input 1 of the bias. */
    private double squaredNorm(int offset) {
        double even = 1;
        double odd = 0;
        int f = 1;
        for (; f < numFeatures; f += 2) {
            double value = inputs[offset + f - 1];
            double next = inputs[offset + f];
            even += value * value;
            odd += next * next;
        }
        double last = f == numFeatures ? inputs[offset + f - 1] : 0;
        return even + odd + last * last;
    }

    /** Gives a learning rate the likelihood 0 for a row of the mini-batch. */
    void exclude(int place, int rate) {
        rows[place].exclude(rate);
    }

    /**
     * Writes the reported losses of the experts, then those of the mixture and the stacks, for a
     * row of the mini-batch.
     *
     * @param losses (numExperts + answers) losses in nats. Modified.
     */
    void writeLosses(int place, Examples examples, int example, double[] losses) {
        if (examples.numTargets() == 0) {
            rows[place].writeLosses(examples.labels()[example], losses);
        } else {
            rows[place].writeLosses(examples.targets(), example * examples.numTargets(), losses);
        }
    }

    /** Learns from a row of the mini-batch, unless its weight is 0. */
    void learn(int place) {
        if (weights[place] > 0) {
            ensemble.learn(rows[place], targets[place], labels[place], weights[place]);
        }
    }
}
