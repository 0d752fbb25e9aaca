package io.freshet.model;

/**
 * Softmax SGD by the book: double loops over one example, class and feature at a time, no library.
 * What the learner is held to.
 */
final class PlainLoop {
    private final LearnerSettings settings;
    final double[][] parameters;
    final double[][] velocity;
    final double[] mean;
    final double[] squaredDeviations;
    private long count;

    PlainLoop(LearnerSettings settings) {
        this.settings = settings;
        this.parameters = new double[settings.numFeatures() + 1][settings.numClasses()];
        this.velocity = new double[settings.numFeatures() + 1][settings.numClasses()];
        this.mean = new double[settings.numFeatures()];
        this.squaredDeviations = new double[settings.numFeatures()];
    }

    /** Tests, then trains; returns the loss of each example before. */
    double[] step(MiniBatch batch) {
        int size = batch.size();
        double[][] inputs = new double[size][];
        for (int i = 0; i < size; i++) {
            observe(batch.features(), i * settings.numFeatures());
        }
        for (int i = 0; i < size; i++) {
            inputs[i] = scale(batch.features(), i * settings.numFeatures());
        }
        double sumOfWeights = 0;
        for (int i = 0; i < size; i++) {
            sumOfWeights += batch.weights()[i];
        }
        double divisor = settings.reduction() == Reduction.EXAMPLES ? size : sumOfWeights;
        double[] losses = new double[size];
        double[][] gradient = new double[parameters.length][settings.numClasses()];
        for (int i = 0; i < size; i++) {
            double[] logits = logits(inputs[i]);
            double logSumExp = logSumExp(logits);
            int label = batch.labels()[i];
            losses[i] = logSumExp - logits[label];
            for (int c = 0; c < logits.length; c++) {
                double residual = Math.exp(logits[c] - logSumExp) - (c == label ? 1 : 0);
                for (int f = 0; f < parameters.length; f++) {
                    gradient[f][c] += inputs[i][f] * residual * batch.weights()[i] / divisor;
                }
            }
        }
        for (int f = 0; f < parameters.length; f++) {
            for (int c = 0; c < settings.numClasses(); c++) {
                velocity[f][c] = settings.sgd().momentum() * velocity[f][c] + gradient[f][c];
                parameters[f][c] -= settings.sgd().learningRate() * velocity[f][c];
            }
        }
        return losses;
    }

    /** Returns the probabilities of one example by parameters and moments as they are. */
    double[] probabilities(float[] features, int offset) {
        double[] logits = logits(scale(features, offset));
        double logSumExp = logSumExp(logits);
        for (int c = 0; c < logits.length; c++) {
            logits[c] = Math.exp(logits[c] - logSumExp);
        }
        return logits;
    }

    private double[] logits(double[] input) {
        double[] logits = new double[settings.numClasses()];
        for (int c = 0; c < logits.length; c++) {
            for (int f = 0; f < input.length; f++) {
                logits[c] += input[f] * parameters[f][c];
            }
        }
        return logits;
    }

    static double logSumExp(double[] logits) {
        double largest = Double.NEGATIVE_INFINITY;
        for (double logit : logits) {
            largest = Math.max(largest, logit);
        }
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
        double[] input = new double[mean.length + 1];
        for (int f = 0; f < mean.length; f++) {
            double value = features[offset + f];
            double deviation = Math.sqrt(squaredDeviations[f] / count);
            input[f] =
                    settings.scaler() == ScalerType.NONE
                            ? value
                            : deviation == 0 ? 0 : (value - mean[f]) / deviation;
        }
        input[mean.length] = 1;
        return input;
    }
}
