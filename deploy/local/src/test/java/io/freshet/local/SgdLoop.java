package io.freshet.local;

import io.freshet.local.stream.LabelledStream.Example;
import java.util.ArrayList;
import java.util.List;

/**
 * The training loop of PyTorch's tutorials in plain double arithmetic: softmax regression from
 * zero, mean cross-entropy over mini-batches of 32, SGD with learning rate 0.001 and momentum 0.9.
 */
final class SgdLoop {
    private static final int MINI_BATCH = 32;
    private static final double LEARNING_RATE = 0.001;
    private static final double MOMENTUM = 0.9;

    private final List<String> classes;
    private final double[][] weights;
    private final double[][] velocity;

    SgdLoop(int features, List<String> classes) {
        this.classes = classes;
        weights = new double[classes.size()][features + 1];
        velocity = new double[classes.size()][features + 1];
    }

    /** Trains on examples, and returns the mean loss of every {@code every} mini-batches. */
    List<Double> train(List<Example> examples, int every) {
        List<Double> running = new ArrayList<>();
        double sum = 0;
        for (int start = 0, i = 1; start < examples.size(); start += MINI_BATCH, i++) {
            int end = Math.min(examples.size(), start + MINI_BATCH);
            sum += step(examples.subList(start, end));
            if (i % every == 0) {
                running.add(sum / every);
                sum = 0;
            }
        }
        return running;
    }

    private double step(List<Example> batch) {
        double[][] gradient = new double[weights.length][weights[0].length];
        double loss = 0;
        for (Example example : batch) {
            int label = classes.indexOf(example.label());
            double[] probabilities = probabilities(example.features());
            loss -= Math.log(probabilities[label]) / batch.size();
            for (int k = 0; k < weights.length; k++) {
                double error = (probabilities[k] - (k == label ? 1 : 0)) / batch.size();
                for (int j = 0; j < example.features().length; j++) {
                    gradient[k][j] += error * example.features()[j];
                }
                gradient[k][example.features().length] += error;
            }
        }
        for (int k = 0; k < weights.length; k++) {
            for (int j = 0; j < weights[k].length; j++) {
                velocity[k][j] = MOMENTUM * velocity[k][j] + gradient[k][j];
                weights[k][j] -= LEARNING_RATE * velocity[k][j];
            }
        }
        return loss;
    }

    private double[] probabilities(float[] features) {
        double[] exponentials = new double[weights.length];
        double sum = 0;
        for (int k = 0; k < weights.length; k++) {
            double logit = weights[k][features.length];
            for (int j = 0; j < features.length; j++) {
                logit += weights[k][j] * features[j];
            }
            exponentials[k] = Math.exp(logit);
            sum += exponentials[k];
        }
        for (int k = 0; k < exponentials.length; k++) {
            exponentials[k] /= sum;
        }
        return exponentials;
    }

    double accuracy(List<Example> examples) {
        int hits = 0;
        for (Example example : examples) {
            double[] probabilities = probabilities(example.features());
            int best = 0;
            for (int k = 1; k < probabilities.length; k++) {
                best = probabilities[k] > probabilities[best] ? k : best;
            }
            hits += classes.get(best).equals(example.label()) ? 1 : 0;
        }
        return (double) hits / examples.size();
    }
}
