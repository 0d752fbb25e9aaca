package io.freshet.model;

import io.freshet.model.example.Evaluation.Outcome;
import io.freshet.model.example.Examples;
import io.freshet.model.loss.Activation;
import io.freshet.model.loss.BinaryCrossEntropy;
import io.freshet.model.loss.BinaryCrossEntropyWithLogits;
import io.freshet.model.loss.CrossEntropy;
import io.freshet.model.loss.Loss;
import io.freshet.model.loss.MiniBatchReduction;
import io.freshet.model.loss.NegativeLogLikelihood;
import io.freshet.model.optim.Sgd;
import io.freshet.model.scale.ScalerType;
import java.util.Arrays;
import java.util.function.IntConsumer;

/**
 * Online learning by the book: double loops over one example, class and feature at a time, one step
 * after the other, no library. What the learner is held to wherever all numbers are finite.
 */
final class PlainLoop {
    private final LearnerSettings settings;
    private final Loss loss;
    private final int numInputs;
    private final int numOutputs;

    /** (learning rates, numFeatures + 1, numOutputs). */
    final double[][][] parameters;

    final double[][][] velocity;

    /** (learning rates), the norms of the last mini-batch's mean gradients. */
    final double[] gradientNorms;

    /** (experts), of the mixture. */
    final double[] weights;

    private final double[][] underShare;
    private final double[] shareWeights;

    final double[] mean;
    final double[] squaredDeviations;
    long count;
    long steps;
    long version;
    private boolean hasVelocity;
    private double boost = 1;
    private long boostedSteps;

    /** The last good parameters; null for those of the start. */
    private PlainLoop good;

    private long stepsSinceCopy;
    private long stepsSinceRollBack;

    // The baselines: by the label before, and over all.
    private final double[][] transitions;
    private final double[] frequencies;
    private int lastLabel = Examples.UNLABELLED;

    PlainLoop(LearnerSettings settings) {
        this.settings = settings;
        this.loss = settings.loss();
        this.numInputs = settings.numFeatures() + 1;
        this.numOutputs = settings.numOutputs();
        this.parameters = new double[settings.numRates()][numInputs][numOutputs];
        this.velocity = new double[settings.numRates()][numInputs][numOutputs];
        this.gradientNorms = new double[settings.numRates()];
        this.weights = new double[settings.numExperts()];
        Arrays.fill(weights, 1.0 / weights.length);
        int shares = settings.mixture() == null ? 1 : settings.mixture().switchingRates().size();
        this.underShare = new double[shares][];
        Arrays.setAll(underShare, a -> weights.clone());
        this.shareWeights = new double[shares];
        Arrays.fill(shareWeights, 1.0 / shares);
        this.mean = new double[settings.numFeatures()];
        this.squaredDeviations = new double[settings.numFeatures()];
        this.transitions = new double[settings.numClasses()][settings.numClasses()];
        this.frequencies = new double[settings.numClasses()];
    }

    /** Tests on a stream, and trains on it; the last mini-batch is closed. */
    RecordedEvaluation learn(Examples stream) {
        return learn(stream, size -> {});
    }

    /**
     * Tests on a stream, and trains on it; the last mini-batch is closed.
     *
     * @param afterStep gets the size of each mini-batch when its step has been taken
     */
    RecordedEvaluation learn(Examples stream, IntConsumer afterStep) {
        RecordedEvaluation found = new RecordedEvaluation(stream.size());
        int[] batch = new int[settings.miniBatchSize()];
        int size = 0;
        for (int i = 0; i < stream.size(); i++) {
            if (stream.labels()[i] == Examples.UNLABELLED) {
                found.outcomes[i] = Outcome.ANSWERED;
                found.versions[i] = version;
                answer(stream, i, found);
            } else {
                batch[size++] = i;
                if (size == batch.length) {
                    step(stream, batch, size, found, afterStep);
                    size = 0;
                }
            }
        }
        if (size > 0) {
            step(stream, batch, size, found, afterStep);
        }
        return found;
    }

    private void step(
            Examples stream,
            int[] batch,
            int size,
            RecordedEvaluation found,
            IntConsumer afterStep) {
        double divisor = size;
        if (settings.reduction() == MiniBatchReduction.WEIGHTS) {
            divisor = 0;
            for (int i = 0; i < size; i++) {
                divisor += stream.weights()[batch[i]] * lossWeight(stream, batch[i]);
            }
            if (divisor == 0) {
                for (int i = 0; i < size; i++) {
                    found.outcomes[batch[i]] = Outcome.WEIGHTLESS;
                }
                return;
            }
        }
        for (int i = 0; i < size; i++) {
            observe(stream.features(), batch[i] * settings.numFeatures());
        }
        double[][] logLikelihoods = new double[size][];
        for (int i = 0; i < size; i++) {
            found.outcomes[batch[i]] = Outcome.TRAINED;
            logLikelihoods[i] = answer(stream, batch[i], found);
        }
        for (int rate = 0; rate < parameters.length; rate++) {
            double[][] gradient = new double[numInputs][numOutputs];
            for (int i = 0; i < size; i++) {
                addGradient(stream, batch[i], parameters[rate], divisor, gradient);
            }
            gradientNorms[rate] = norm(gradient);
            descend(rate, gradient);
        }
        for (int i = 0; i < size && settings.mixture() != null; i++) {
            share(logLikelihoods[i], stream.weights()[batch[i]]);
            observeLabel(stream.labels()[batch[i]]);
        }
        steps++;
        version++;
        hasVelocity = true;
        boostedSteps--;
        stepsSinceRollBack++;
        if (++stepsSinceCopy == 1000) {
            good = new PlainLoop(settings);
            good.takeParameters(this);
            stepsSinceCopy = 0;
        }
        afterStep.accept(size);
    }

    // What a reaction may do between two steps.

    void resetScaler() {
        count = 0;
        Arrays.fill(mean, 0);
        Arrays.fill(squaredDeviations, 0);
        version++;
    }

    void resetParameters() {
        takeParameters(new PlainLoop(settings));
        good = null;
        stepsSinceCopy = 0;
        version++;
    }

    void rollBack() {
        if (stepsSinceRollBack == 0) {
            good = null;
        }
        takeParameters(good == null ? new PlainLoop(settings) : good);
        stepsSinceRollBack = 0;
        stepsSinceCopy = 0;
        version++;
    }

    void resetOptimizer() {
        hasVelocity = false;
        version++;
    }

    void boost(double factor, long ofSteps) {
        boost = factor;
        boostedSteps = ofSteps;
    }

    void copyFrom(PlainLoop other) {
        takeParameters(other);
        copy(other.velocity, velocity);
        hasVelocity = other.hasVelocity;
        copy(other.transitions, transitions);
        System.arraycopy(other.frequencies, 0, frequencies, 0, frequencies.length);
        lastLabel = other.lastLabel;
        count = other.count;
        System.arraycopy(other.mean, 0, mean, 0, mean.length);
        System.arraycopy(other.squaredDeviations, 0, squaredDeviations, 0, mean.length);
        version++;
    }

    /** Takes parameters and the mixture's weights, and no velocity. */
    private void takeParameters(PlainLoop other) {
        copy(other.parameters, parameters);
        hasVelocity = false;
        copy(other.underShare, underShare);
        System.arraycopy(other.shareWeights, 0, shareWeights, 0, shareWeights.length);
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

    /** Writes probabilities and loss; returns the log-likelihood of each expert. */
    private double[] answer(Examples stream, int row, RecordedEvaluation found) {
        double[] logLikelihoods = new double[weights.length];
        double[] mixed = new double[settings.numClasses()];
        double likelihood = 0;
        for (int k = 0; k < weights.length; k++) {
            double[] ofExpert;
            if (k < parameters.length) {
                double[] logits = logits(stream, row, parameters[k]);
                ofExpert = classes(probabilities(logits));
                logLikelihoods[k] = -reportedLoss(logits, stream, row);
            } else {
                ofExpert = k == parameters.length ? noChange() : share(frequencies);
                logLikelihoods[k] = logLikelihood(ofExpert, stream, row);
            }
            for (int c = 0; c < mixed.length; c++) {
                mixed[c] += weights[k] * ofExpert[c];
            }
            likelihood += weights[k] * Math.exp(logLikelihoods[k]);
        }
        found.probabilities[row] = mixed;
        found.losses[row] = weights.length == 1 ? -logLikelihoods[0] : -Math.log(likelihood);
        score(stream, row, found);
        return logLikelihoods;
    }

    /** Writes what the probabilities of the classes are worth. */
    private void score(Examples stream, int row, RecordedEvaluation found) {
        double[] probabilities = found.probabilities[row];
        found.confidences[row] = Arrays.stream(probabilities).max().getAsDouble();
        int label = stream.labels()[row];
        if (label == Examples.UNLABELLED) {
            return;
        }
        found.labelProbabilities[row] = probabilities[label];
        double[] targets = new double[numOutputs];
        Arrays.setAll(targets, c -> target(stream, row, c, numOutputs));
        targets = classes(targets);
        for (int c = 0; c < probabilities.length; c++) {
            found.briers[row] += Math.pow(probabilities[c] - targets[c], 2);
            if (probabilities[c] > probabilities[label]
                    || (probabilities[c] == probabilities[label] && c < label)) {
                found.ranks[row]++;
            }
        }
    }

    /** Fixed share under each share, and of the shares. */
    private void share(double[] logLikelihoods, double exampleWeight) {
        double[] evidence = new double[shareWeights.length];
        for (int a = 0; a < evidence.length; a++) {
            for (int k = 0; k < weights.length; k++) {
                underShare[a][k] *= Math.exp(exampleWeight * logLikelihoods[k]);
                evidence[a] += underShare[a][k];
            }
            normalise(underShare[a], settings.mixture().switchingRates().get(a));
            shareWeights[a] *= evidence[a];
        }
        normalise(shareWeights, 0.001);
        Arrays.fill(weights, 0);
        for (int a = 0; a < evidence.length; a++) {
            for (int k = 0; k < weights.length; k++) {
                weights[k] += shareWeights[a] * underShare[a][k];
            }
        }
    }

    private static void normalise(double[] posteriors, double share) {
        double sum = Arrays.stream(posteriors).sum();
        for (int k = 0; k < posteriors.length; k++) {
            posteriors[k] = (1 - share) * posteriors[k] / sum + share / posteriors.length;
        }
    }

    private void observeLabel(int label) {
        if (lastLabel != Examples.UNLABELLED) {
            count(transitions[lastLabel], label, 0.99f);
        }
        count(frequencies, label, 0.999f);
        lastLabel = label;
    }

    private static void count(double[] counts, int label, double kept) {
        for (int c = 0; c < counts.length; c++) {
            counts[c] *= kept;
        }
        counts[label]++;
    }

    private double[] noChange() {
        return share(
                lastLabel == Examples.UNLABELLED
                        ? new double[settings.numClasses()]
                        : transitions[lastLabel]);
    }

    private static double[] share(double[] counts) {
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

    private double[] logits(Examples stream, int row, double[][] of) {
        double[] input = scale(stream.features(), row * settings.numFeatures());
        double[] logits = new double[numOutputs];
        for (int f = 0; f < numInputs; f++) {
            for (int c = 0; c < numOutputs; c++) {
                logits[c] += input[f] * of[f][c];
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

    /** One output is the probability, or the target, of class 1 of two. */
    private double[] classes(double[] ofOutputs) {
        return ofOutputs.length == settings.numClasses()
                ? ofOutputs
                : new double[] {1 - ofOutputs[0], ofOutputs[0]};
    }

    /** The loss that is reported: in nats, without weights and smoothing. */
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

    /** What an example adds to the divisor of PyTorch's weighted mean. */
    private double lossWeight(Examples stream, int row) {
        int label = stream.labels()[row];
        if (loss instanceof CrossEntropy rule && stream.numTargets() == 0) {
            return label == rule.ignoreIndex() ? 0 : rule.classWeights().get(label);
        }
        if (loss instanceof NegativeLogLikelihood rule) {
            return label == rule.ignoreIndex() ? 0 : rule.classWeights().get(label);
        }
        return 1;
    }

    private void addGradient(
            Examples stream, int row, double[][] of, double divisor, double[][] gradient) {
        double[] residual = residual(probabilities(logits(stream, row, of)), stream, row);
        double[] input = scale(stream.features(), row * settings.numFeatures());
        double factor = stream.weights()[row] / divisor;
        for (int f = 0; f < numInputs; f++) {
            for (int c = 0; c < numOutputs; c++) {
                gradient[f][c] += input[f] * residual[c] * factor;
            }
        }
    }

    /** The gradient at the logits, from PyTorch's definitions. */
    private double[] residual(double[] p, Examples stream, int row) {
        double[] residual = new double[numOutputs];
        double[] coefficients = new double[numOutputs];
        double sum = 0;
        for (int c = 0; c < numOutputs; c++) {
            double y = target(stream, row, c, numOutputs);
            if (loss instanceof CrossEntropy rule) {
                double smoothing = rule.labelSmoothing();
                y = (1 - smoothing) * y + smoothing / numOutputs;
                coefficients[c] = rule.classWeights().get(c) * y;
            } else if (loss instanceof NegativeLogLikelihood rule) {
                coefficients[c] = rule.classWeights().get(c) * y;
            } else if (loss instanceof BinaryCrossEntropyWithLogits rule) {
                double positive = rule.positiveWeights().get(c) * y;
                double plain = (1 - y) * p[c] - positive * (1 - p[c]);
                residual[c] = rule.outputWeights().get(c) * plain / numOutputs;
            } else if (loss instanceof BinaryCrossEntropy rule) {
                residual[c] = rule.outputWeights().get(c) * (p[c] - y) / numOutputs;
            }
            sum += coefficients[c];
        }
        if (loss.activation() == Activation.SOFTMAX
                && !(stream.numTargets() == 0 && loss.ignores(stream.labels()[row]))) {
            for (int c = 0; c < numOutputs; c++) {
                residual[c] = sum * p[c] - coefficients[c];
            }
        }
        return residual;
    }

    /** One step of {@code torch.optim.SGD}; the first velocity is the gradient, not dampened. */
    private void descend(int rate, double[][] gradient) {
        Sgd sgd = settings.sgd();
        double learningRate =
                settings.mixture() == null
                        ? sgd.learningRate().at(steps) * (boostedSteps > 0 ? boost : 1)
                        : settings.mixture().rates().get(rate);
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
    static double norm(double[][] values) {
        double squares = 0;
        for (double[] row : values) {
            for (double value : row) {
                squares += value * value;
            }
        }
        return Math.sqrt(squares);
    }

    static double logSumExp(double[] logits) {
        double largest = Arrays.stream(logits).max().getAsDouble();
        double sum = 0;
        for (double logit : logits) {
            sum += Math.exp(logit - largest);
        }
        return largest + Math.log(sum);
    }

    private void observe(float[] features, int offset) {
        count++;
        for (int f = 0; f < mean.length; f++) {
            double difference = features[offset + f] - mean[f];
            mean[f] += difference / count;
            squaredDeviations[f] += difference * (features[offset + f] - mean[f]);
        }
    }

    private double[] scale(float[] features, int offset) {
        double[] input = new double[numInputs];
        for (int f = 0; f < mean.length; f++) {
            double value = features[offset + f];
            double deviation = count == 0 ? 0 : Math.sqrt(squaredDeviations[f] / count);
            input[f] =
                    settings.scaler() == ScalerType.NONE
                            ? value
                            : deviation == 0 ? 0 : (value - mean[f]) / deviation;
        }
        input[mean.length] = 1;
        return input;
    }
}
