package io.freshet.model.contract;

import io.freshet.model.LearnerSettings;
import io.freshet.model.example.Evaluation.Outcome;
import io.freshet.model.example.Examples;
import io.freshet.model.loss.Activation;
import io.freshet.model.loss.BinaryCrossEntropy;
import io.freshet.model.loss.BinaryCrossEntropyWithLogits;
import io.freshet.model.loss.CrossEntropy;
import io.freshet.model.loss.Loss;
import io.freshet.model.loss.MiniBatchReduction;
import io.freshet.model.loss.NegativeLogLikelihood;
import io.freshet.model.mixture.Mixture;
import io.freshet.model.optim.Sgd;
import io.freshet.model.scale.FadingStandardization;
import io.freshet.model.scale.Standardization;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.function.IntConsumer;
import org.jspecify.annotations.Nullable;

/**
 * Reference implementation of online learning: loops in double precision over one example, class
 * and feature at a time, one step after the other, without a library. An engine is right if its
 * answers and parameters are these up to rounding, wherever all numbers are finite.
 */
public final class PlainLoop {
    private final LearnerSettings settings;
    private final Loss loss;
    private final int numInputs;
    private final int numOutputs;

    /** Parameters, (learning rates, numFeatures + 1, numOutputs). */
    public final double[][][] parameters;

    /** Velocity of the optimiser, in the same shape. */
    public final double[][][] velocity;

    /** Norms of the mean gradients of the last mini-batch, (learning rates). */
    public final double[] gradientNorms;

    /** Total weights of the experts of the mixture, (experts). */
    public final double[] weights;

    /** Weights of the experts under each switching rate, (switching rates, experts). */
    private final double[][] expertWeights;

    /** Weights of the switching rates, (switching rates). */
    private final double[] rateWeights;

    /** Losses of the experts, and the weight, of each example that was trained on. */
    private final List<double[]> losses = new ArrayList<>();

    private final List<Double> lossWeights = new ArrayList<>();

    public final double[] mean;
    public final double[] squaredDeviations;

    /** Features of a scaler that clips outliers; empty for any other. */
    public final PlainFeature[] features;

    public long count;
    public long steps;
    public long version;
    private boolean hasVelocity;
    private double boost = 1;
    private long boostedSteps;

    /** Holds the last good parameters; null for the initial ones. */
    private @Nullable PlainLoop good;

    private long stepsSinceCopy;
    private long stepsSinceRollBack;

    // Counts of the baselines: label transitions and label frequencies.
    private final double[][] transitions;
    private final double[] frequencies;
    private int lastLabel = Examples.UNLABELLED;

    /** Fading counts of the classes, (numClasses). */
    private final double[] classCounts;

    /** Balanced weights of the classes of the current mini-batch, (mini-batch). */
    private final double[] classWeights;

    public PlainLoop(LearnerSettings settings) {
        this.settings = settings;
        this.loss = settings.loss();
        this.numInputs = settings.numFeatures() + 1;
        this.numOutputs = settings.numOutputs();
        this.parameters = new double[settings.numRates()][numInputs][numOutputs];
        this.velocity = new double[settings.numRates()][numInputs][numOutputs];
        this.gradientNorms = new double[settings.numRates()];
        this.weights = new double[settings.numExperts()];
        Arrays.fill(weights, 1.0 / weights.length);
        Mixture mixture = settings.mixture();
        int switchingRates = mixture == null ? 1 : mixture.switchingRates().size();
        this.expertWeights = new double[switchingRates][];
        Arrays.setAll(expertWeights, a -> weights.clone());
        this.rateWeights = new double[switchingRates];
        Arrays.fill(rateWeights, 1.0 / switchingRates);
        this.mean = new double[settings.numFeatures()];
        this.squaredDeviations = new double[settings.numFeatures()];
        this.features = new PlainFeature[clip() > 0 ? settings.numFeatures() : 0];
        Arrays.setAll(features, f -> new PlainFeature(clip(), fadingFactor()));
        this.transitions = new double[settings.numClasses()][settings.numClasses()];
        this.frequencies = new double[settings.numClasses()];
        this.classCounts = new double[settings.numClasses()];
        this.classWeights = new double[settings.miniBatchSize()];
        Arrays.fill(classWeights, 1);
    }

    /** Tests and trains on a stream, including the last mini-batch if it is incomplete. */
    public RecordedEvaluation learn(Examples stream) {
        return learn(stream, size -> {});
    }

    /**
     * Tests and trains on a stream, including the last mini-batch if it is incomplete.
     *
     * @param afterStep called after each step with the size of its mini-batch
     */
    public RecordedEvaluation learn(Examples stream, IntConsumer afterStep) {
        RecordedEvaluation recorded = new RecordedEvaluation(stream.size());
        int[] batch = new int[settings.miniBatchSize()];
        int size = 0;
        for (int i = 0; i < stream.size(); i++) {
            if (stream.labels()[i] == Examples.UNLABELLED) {
                recorded.outcomes[i] = Outcome.PREDICTED;
                recorded.versions[i] = version;
                predict(stream, i, recorded);
            } else {
                batch[size++] = i;
                if (size == batch.length) {
                    step(stream, batch, size, recorded, afterStep);
                    size = 0;
                }
            }
        }
        if (size > 0) {
            step(stream, batch, size, recorded, afterStep);
        }
        return recorded;
    }

    /** Forgets the losses of the experts so far, of which a long stream has many. */
    public void forgetLosses() {
        losses.clear();
        lossWeights.clear();
    }

    private void step(
            Examples stream,
            int[] batch,
            int size,
            RecordedEvaluation recorded,
            IntConsumer afterStep) {
        for (int i = 0; i < size && loss.balancesClasses(); i++) {
            classWeights[i] = balance(stream.labels()[batch[i]], stream.weights()[batch[i]]);
        }
        double divisor = size;
        if (settings.reduction() == MiniBatchReduction.WEIGHTS) {
            divisor = 0;
            for (int i = 0; i < size; i++) {
                divisor +=
                        stream.weights()[batch[i]] * classWeights[i] * lossWeight(stream, batch[i]);
            }
            if (divisor == 0) {
                for (int i = 0; i < size; i++) {
                    recorded.outcomes[batch[i]] = Outcome.WEIGHTLESS;
                }
                return;
            }
        }
        for (int i = 0; i < size; i++) {
            observe(stream.features(), batch[i] * settings.numFeatures());
        }
        double[][] logLikelihoods = new double[size][];
        double[][] evidence = new double[size][];
        for (int i = 0; i < size; i++) {
            recorded.outcomes[batch[i]] = Outcome.TRAINED;
            logLikelihoods[i] = predict(stream, batch[i], recorded);
            evidence[i] =
                    settings.mixture() == null ? logLikelihoods[i] : evidence(stream, batch[i]);
        }
        for (int rate = 0; rate < parameters.length; rate++) {
            double[][] gradient = new double[numInputs][numOutputs];
            for (int i = 0; i < size; i++) {
                addGradient(
                        stream, batch[i], parameters[rate], classWeights[i] / divisor, gradient);
            }
            gradientNorms[rate] = norm(gradient);
            descend(rate, gradient);
        }
        Mixture mixture = settings.mixture();
        for (int i = 0; i < size && mixture != null; i++) {
            updateMixture(mixture, evidence[i], stream.weights()[batch[i]] * classWeights[i]);
            losses.add(Arrays.stream(logLikelihoods[i]).map(log -> -log).toArray());
            lossWeights.add((double) stream.weights()[batch[i]]);
            observeLabel(stream.labels()[batch[i]]);
        }
        steps++;
        version++;
        hasVelocity = true;
        boostedSteps--;
        stepsSinceRollBack++;
        if (++stepsSinceCopy == 1000) {
            good = new PlainLoop(settings);
            good.copyParameters(this);
            stepsSinceCopy = 0;
        }
        afterStep.accept(size);
    }

    // Changes that a reaction may make between two steps.

    public void resetScaler() {
        count = 0;
        Arrays.fill(mean, 0);
        Arrays.fill(squaredDeviations, 0);
        Arrays.setAll(features, f -> new PlainFeature(clip(), fadingFactor()));
        version++;
    }

    public void resetParameters() {
        copyParameters(new PlainLoop(settings));
        good = null;
        stepsSinceCopy = 0;
        version++;
    }

    public void rollBack() {
        if (stepsSinceRollBack == 0) {
            good = null;
        }
        copyParameters(good == null ? new PlainLoop(settings) : good);
        stepsSinceRollBack = 0;
        stepsSinceCopy = 0;
        version++;
    }

    public void resetOptimizer() {
        hasVelocity = false;
        version++;
    }

    public void boost(double factor, long numSteps) {
        boost = factor;
        boostedSteps = numSteps;
    }

    public void copyFrom(PlainLoop other) {
        copyParameters(other);
        copy(other.velocity, velocity);
        hasVelocity = other.hasVelocity;
        copy(other.transitions, transitions);
        System.arraycopy(other.frequencies, 0, frequencies, 0, frequencies.length);
        lastLabel = other.lastLabel;
        count = other.count;
        System.arraycopy(other.mean, 0, mean, 0, mean.length);
        System.arraycopy(other.squaredDeviations, 0, squaredDeviations, 0, mean.length);
        Arrays.setAll(features, f -> other.features[f].copy());
        version++;
    }

    /** Copies the parameters and the mixture's weights, and resets the velocity. */
    private void copyParameters(PlainLoop other) {
        copy(other.parameters, parameters);
        hasVelocity = false;
        copy(other.expertWeights, expertWeights);
        System.arraycopy(other.rateWeights, 0, rateWeights, 0, rateWeights.length);
        System.arraycopy(other.weights, 0, weights, 0, weights.length);
    }

    private static void copy(double[][][] from, double[][][] to) {
        for (int i = 0; i < from.length; i++) {
            copy(from[i], to[i]);
        }
    }

    private static void copy(double[][] from, double[][] to) {
        for (int i = 0; i < from.length; i++) {
            System.arraycopy(from[i], 0, to[i], 0, from[i].length);
        }
    }

    /**
     * Records probabilities and loss; returns the log-likelihood of the label under each expert.
     */
    private double[] predict(Examples stream, int row, RecordedEvaluation recorded) {
        double[] logLikelihoods = new double[weights.length];
        double[] mixed = new double[settings.numClasses()];
        double likelihood = 0;
        for (int k = 0; k < weights.length; k++) {
            double[] expertProbabilities;
            if (k < parameters.length) {
                double[] logits = logits(stream, row, parameters[k]);
                expertProbabilities = classes(probabilities(logits));
                logLikelihoods[k] = -reportedLoss(logits, stream, row);
            } else {
                expertProbabilities = k == parameters.length ? nextLabel() : withPrior(frequencies);
                logLikelihoods[k] = logLikelihood(expertProbabilities, stream, row);
            }
            for (int c = 0; c < mixed.length; c++) {
                mixed[c] += weights[k] * expertProbabilities[c];
            }
            likelihood += weights[k] * Math.exp(logLikelihoods[k]);
        }
        recorded.probabilities[row] = mixed;
        recorded.losses[row] = weights.length == 1 ? -logLikelihoods[0] : -Math.log(likelihood);
        score(stream, row, recorded);
        return logLikelihoods;
    }

    /** Records the scores of the probabilities. */
    private void score(Examples stream, int row, RecordedEvaluation recorded) {
        double[] probabilities = recorded.probabilities[row];
        recorded.confidences[row] = Arrays.stream(probabilities).max().getAsDouble();
        int label = stream.labels()[row];
        if (label == Examples.UNLABELLED) {
            return;
        }
        recorded.labelProbabilities[row] = probabilities[label];
        double[] targets = new double[numOutputs];
        Arrays.setAll(targets, c -> target(stream, row, c, numOutputs));
        targets = classes(targets);
        for (int c = 0; c < probabilities.length; c++) {
            recorded.briers[row] += Math.pow(probabilities[c] - targets[c], 2);
            if (probabilities[c] > probabilities[label]
                    || (probabilities[c] == probabilities[label] && c < label)) {
                recorded.ranks[row]++;
            }
        }
    }

    /** Returns minus the loss that training minimises of each expert of the mixture. */
    private double[] evidence(Examples stream, int row) {
        double[] evidence = new double[weights.length];
        for (int k = 0; k < weights.length; k++) {
            double[] logs = new double[numOutputs];
            if (k < parameters.length) {
                double[] logits = logits(stream, row, parameters[k]);
                double logSumExp = logSumExp(logits);
                Arrays.setAll(logs, c -> logits[c] - logSumExp);
            } else {
                double[] p = k == parameters.length ? nextLabel() : withPrior(frequencies);
                Arrays.setAll(logs, c -> Math.log(p[c]));
            }
            for (int c = 0; c < numOutputs; c++) {
                evidence[k] += coefficient(stream, row, c) * logs[c];
            }
        }
        return evidence;
    }

    /** Updates, by fixed share, the experts' weights and the weights of the switching rates. */
    private void updateMixture(Mixture mixture, double[] logLikelihoods, double exampleWeight) {
        double[] evidence = new double[rateWeights.length];
        for (int a = 0; a < evidence.length; a++) {
            for (int k = 0; k < weights.length; k++) {
                expertWeights[a][k] *= Math.exp(exampleWeight * logLikelihoods[k]);
                evidence[a] += expertWeights[a][k];
            }
            normalise(expertWeights[a], mixture.switchingRates().get(a));
            rateWeights[a] *= evidence[a];
        }
        normalise(rateWeights, 0.001);
        Arrays.fill(weights, 0);
        for (int a = 0; a < evidence.length; a++) {
            for (int k = 0; k < weights.length; k++) {
                weights[k] += rateWeights[a] * expertWeights[a][k];
            }
        }
    }

    /** Returns an expert's mean loss, an example's weight fading with each later one. */
    public double meanLoss(int expert) {
        double factor = (settings.lossSpan() - 1.0) / (settings.lossSpan() + 1.0);
        double sum = 0;
        double sumOfWeights = 0;
        for (int i = 0; i < losses.size(); i++) {
            double weight = lossWeights.get(i) * Math.pow(factor, losses.size() - 1 - i);
            sum += weight * losses.get(i)[expert];
            sumOfWeights += weight;
        }
        return sum / sumOfWeights;
    }

    private static void normalise(double[] posteriors, double switchingRate) {
        double sum = Arrays.stream(posteriors).sum();
        for (int k = 0; k < posteriors.length; k++) {
            posteriors[k] =
                    (1 - switchingRate) * posteriors[k] / sum + switchingRate / posteriors.length;
        }
    }

    /** Counts a label and returns n / (k n_c), as scikit-learn's balanced weight of its class. */
    private double balance(int label, double weight) {
        if (loss.ignores(label) || weight == 0) {
            return 1;
        }
        for (int c = 0; c < classCounts.length; c++) {
            classCounts[c] *= 0.9999;
        }
        classCounts[label] += weight;
        double occurred = Arrays.stream(classCounts).filter(count -> count > 0).count();
        double sum = Arrays.stream(classCounts).sum();
        return Math.min(50, sum / (occurred * classCounts[label]));
    }

    private void observeLabel(int label) {
        if (lastLabel != Examples.UNLABELLED) {
            count(transitions[lastLabel], label, 0.99f);
        }
        count(frequencies, label, 0.999f);
        lastLabel = label;
    }

    private static void count(double[] counts, int label, double fadingFactor) {
        for (int c = 0; c < counts.length; c++) {
            counts[c] *= fadingFactor;
        }
        counts[label]++;
    }

    private double[] nextLabel() {
        return withPrior(
                lastLabel == Examples.UNLABELLED
                        ? new double[settings.numClasses()]
                        : transitions[lastLabel]);
    }

    private static double[] withPrior(double[] counts) {
        double total = Arrays.stream(counts).sum() + 0.1 * counts.length;
        return Arrays.stream(counts).map(counted -> (counted + 0.1) / total).toArray();
    }

    private static double logLikelihood(double[] probabilities, Examples stream, int row) {
        double sum = 0;
        for (int c = 0; c < probabilities.length; c++) {
            sum += target(stream, row, c, probabilities.length) * Math.log(probabilities[c]);
        }
        return sum;
    }

    private double[] logits(Examples stream, int row, double[][] rateParameters) {
        double[] input = scale(stream.features(), row * settings.numFeatures());
        double[] logits = new double[numOutputs];
        for (int f = 0; f < numInputs; f++) {
            for (int c = 0; c < numOutputs; c++) {
                logits[c] += input[f] * rateParameters[f][c];
            }
        }
        return logits;
    }

    private double[] probabilities(double[] logits) {
        double[] probabilities = new double[logits.length];
        double logSumExp = logSumExp(logits);
        for (int c = 0; c < logits.length; c++) {
            probabilities[c] =
                    loss.activation() == Activation.SOFTMAX
                            ? Math.exp(logits[c] - logSumExp)
                            : 1 / (1 + Math.exp(-logits[c]));
        }
        return probabilities;
    }

    /** Returns one value per class; a single output is the value of class 1 of two. */
    private double[] classes(double[] outputs) {
        return outputs.length == settings.numClasses()
                ? outputs
                : new double[] {1 - outputs[0], outputs[0]};
    }

    /** Returns the reported loss: in nats, without weights and smoothing. */
    private double reportedLoss(double[] logits, Examples stream, int row) {
        double logSumExp = logSumExp(logits);
        double sum = 0;
        for (int c = 0; c < numOutputs; c++) {
            double target = target(stream, row, c, numOutputs);
            sum +=
                    loss.activation() == Activation.SOFTMAX
                            ? target * (logSumExp - logits[c])
                            : (target * Math.log1p(Math.exp(-logits[c]))
                                            + (1 - target) * Math.log1p(Math.exp(logits[c])))
                                    / numOutputs;
        }
        return sum;
    }

    private static double target(Examples stream, int row, int output, int numOutputs) {
        int label = stream.labels()[row];
        if (stream.numTargets() > 0) {
            return stream.targets()[row * stream.numTargets() + output];
        }
        return numOutputs == 1 ? label : output == label ? 1 : 0;
    }

    /** Returns the contribution of an example to the divisor of PyTorch's weighted mean. */
    private double lossWeight(Examples stream, int row) {
        int label = stream.labels()[row];
        if (loss instanceof CrossEntropy options && stream.numTargets() == 0) {
            return label == options.ignoreIndex() ? 0 : options.classWeights().get(label);
        }
        if (loss instanceof NegativeLogLikelihood options) {
            return label == options.ignoreIndex() ? 0 : options.classWeights().get(label);
        }
        return 1;
    }

    private void addGradient(
            Examples stream,
            int row,
            double[][] rateParameters,
            double scale,
            double[][] gradient) {
        double[] residual =
                residual(probabilities(logits(stream, row, rateParameters)), stream, row);
        double[] input = scale(stream.features(), row * settings.numFeatures());
        double factor = scale * stream.weights()[row];
        for (int f = 0; f < numInputs; f++) {
            for (int c = 0; c < numOutputs; c++) {
                gradient[f][c] += input[f] * residual[c] * factor;
            }
        }
    }

    /** Returns the factor of an output's log-probability in PyTorch's softmax losses. */
    private double coefficient(Examples stream, int row, int output) {
        double y = target(stream, row, output, numOutputs);
        if (stream.numTargets() == 0 && loss.ignores(stream.labels()[row])) {
            return 0;
        }
        if (loss instanceof CrossEntropy options) {
            double smoothing = options.labelSmoothing();
            y = (1 - smoothing) * y + smoothing / numOutputs;
            return options.classWeights().get(output) * y;
        }
        return loss instanceof NegativeLogLikelihood options
                ? options.classWeights().get(output) * y
                : 0;
    }

    /** Returns the gradient at the logits by PyTorch's definitions. */
    private double[] residual(double[] p, Examples stream, int row) {
        double[] residual = new double[numOutputs];
        double[] coefficients = new double[numOutputs];
        double sum = 0;
        for (int c = 0; c < numOutputs; c++) {
            double y = target(stream, row, c, numOutputs);
            coefficients[c] = coefficient(stream, row, c);
            if (loss instanceof BinaryCrossEntropyWithLogits options) {
                double positive = options.positiveWeights().get(c) * y;
                double unweighted = (1 - y) * p[c] - positive * (1 - p[c]);
                residual[c] = options.outputWeights().get(c) * unweighted / numOutputs;
            } else if (loss instanceof BinaryCrossEntropy options) {
                residual[c] = options.outputWeights().get(c) * (p[c] - y) / numOutputs;
            }
            sum += coefficients[c];
        }
        if (loss.activation() == Activation.SOFTMAX) {
            for (int c = 0; c < numOutputs; c++) {
                residual[c] = sum * p[c] - coefficients[c];
            }
        }
        return residual;
    }

    /**
     * Takes a step of {@code torch.optim.SGD}; the first velocity is the gradient, not dampened.
     */
    private void descend(int rate, double[][] gradient) {
        Sgd sgd = ((Sgd) settings.optimizer());
        Mixture mixture = settings.mixture();
        double learningRate =
                mixture == null
                        ? sgd.learningRate().at(steps) * (boostedSteps > 0 ? boost : 1)
                        : mixture.rates().get(rate);
        double kept = hasVelocity ? sgd.momentum() : 0;
        double taken = hasVelocity ? 1 - sgd.dampening() : 1;
        for (int f = 0; f < numInputs; f++) {
            for (int c = 0; c < numOutputs; c++) {
                double slope = gradient[f][c] + sgd.weightDecay() * parameters[rate][f][c];
                double v = kept * velocity[rate][f][c] + taken * slope;
                velocity[rate][f][c] = v;
                parameters[rate][f][c] -=
                        learningRate * (sgd.nesterov() ? slope + sgd.momentum() * v : v);
            }
        }
    }

    /** Returns the Euclidean norm. */
    public static double norm(double[][] values) {
        double squares = 0;
        for (double[] row : values) {
            for (double value : row) {
                squares += value * value;
            }
        }
        return Math.sqrt(squares);
    }

    public static double logSumExp(double[] logits) {
        double max = Arrays.stream(logits).max().getAsDouble();
        double sum = 0;
        for (double logit : logits) {
            sum += Math.exp(logit - max);
        }
        return max + Math.log(sum);
    }

    private void observe(float[] features, int offset) {
        count++;
        for (int f = 0; f < this.features.length; f++) {
            this.features[f].observe(features[offset + f]);
            PlainFeature total = this.features[f].total();
            mean[f] = total.mean();
            squaredDeviations[f] = total.squares();
        }
        if (this.features.length > 0) {
            return;
        }
        double fadingFactor = fadingFactor();
        for (int f = 0; f < mean.length; f++) {
            double difference = features[offset + f] - mean[f];
            mean[f] += difference / sumOfWeights();
            squaredDeviations[f] =
                    fadingFactor * squaredDeviations[f]
                            + difference * (features[offset + f] - mean[f]);
        }
    }

    private double fadingFactor() {
        return settings.scaler() instanceof FadingStandardization fading
                ? Math.pow(0.5, 1 / fading.halfLife())
                : 1;
    }

    private double clip() {
        if (settings.scaler() instanceof FadingStandardization fading) {
            return fading.clip();
        }
        return settings.scaler() instanceof Standardization standard ? standard.clip() : 0;
    }

    /** Returns the sum of the weights of the examples that the scaler has observed. */
    private double sumOfWeights() {
        if (!(settings.scaler() instanceof FadingStandardization fading)) {
            return (double) count;
        }
        double fadingFactor = Math.pow(0.5, 1 / fading.halfLife());
        return (1 - Math.pow(fadingFactor, (double) count)) / (1 - fadingFactor);
    }

    private double[] scale(float[] features, int offset) {
        double[] input = new double[numInputs];
        for (int f = 0; f < mean.length; f++) {
            double value = features[offset + f];
            if (this.features.length > 0) {
                input[f] = this.features[f].scale(value);
                continue;
            }
            double deviation = count == 0 ? 0 : Math.sqrt(squaredDeviations[f] / sumOfWeights());
            double scaled = deviation == 0 ? 0 : (value - mean[f]) / deviation;
            if (settings.scaler() instanceof FadingStandardization) {
                double limit = Math.sqrt(sumOfWeights());
                scaled = Math.max(-limit, Math.min(limit, scaled));
            }
            input[f] = settings.scaler() == null ? value : scaled;
        }
        input[mean.length] = 1;
        return input;
    }
}
