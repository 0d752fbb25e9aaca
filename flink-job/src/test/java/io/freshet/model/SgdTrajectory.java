package io.freshet.model;

import io.freshet.model.loss.Loss;
import java.util.List;
import java.util.function.IntToDoubleFunction;

/**
 * Golden trajectory of a linear model over 200 steps of {@code torch.optim.SGD}, with all inputs
 * needed to repeat it. {@code golden/sgd.py} wrote it and documents the options.
 *
 * <p>Step {@code s}, counted from 0, uses the rows {@link #row(int, int) row(s, 0)}, {@code row(s,
 * 1)}, … of the data, which are the same for all trajectories. Parameters are (numFeatures + 1,
 * numOutputs) row-major, with the bias in the last row, and start at zero.
 */
record SgdTrajectory(GoldenCase data, GoldenCase golden) {
    static final int STEPS = 200;

    /** Returns all trajectories. */
    static List<SgdTrajectory> read() {
        List<GoldenCase> cases = GoldenCase.read(GoldenCase.class, "sgd.txt");
        GoldenCase data = cases.get(0);
        return cases.stream().skip(1).map(golden -> new SgdTrajectory(data, golden)).toList();
    }

    int numExamples() {
        return data.integers("shape")[0];
    }

    int numFeatures() {
        return data.integers("shape")[1];
    }

    int numOutputs() {
        return data.integers("shape")[2];
    }

    int miniBatchSize() {
        return data.integers("batch_size")[0];
    }

    /** Returns the row of the data that is the n-th example of a step. */
    int row(int step, int n) {
        return (step * miniBatchSize() + n) % numExamples();
    }

    /** Returns the features, (numExamples, numFeatures). */
    float[] features() {
        return data.floats("features");
    }

    /** Returns the classes, (numExamples), of the softmax losses. */
    int[] labels() {
        return data.integers("labels");
    }

    /** Returns the targets, (numExamples, numOutputs), of the sigmoid losses. */
    float[] targets() {
        return data.floats("targets");
    }

    Loss loss() {
        return golden.loss(numOutputs());
    }

    double momentum() {
        return golden.number("momentum");
    }

    double dampening() {
        return golden.number("dampening");
    }

    boolean nesterov() {
        return Boolean.parseBoolean(golden.text("nesterov"));
    }

    double weightDecay() {
        return golden.number("weight_decay");
    }

    double learningRate() {
        return golden.number("learning_rate");
    }

    /** Returns the schedule's name: constant, step, exponential or inverse_time. */
    String schedule() {
        return golden.text("schedule");
    }

    /** Returns the learning rate of each step, from 0. */
    IntToDoubleFunction learningRates() {
        double initial = learningRate();
        return switch (schedule()) {
            case "constant" -> step -> initial;
            case "step" -> step -> initial * Math.pow(0.5, Math.floorDiv(step, 50));
            case "exponential" -> step -> initial * Math.pow(0.99, step);
            case "inverse_time" -> step -> initial / (1 + 0.05 * step);
            default -> throw new IllegalArgumentException("no such schedule: " + schedule());
        };
    }

    /** Returns the mean loss of each step's mini-batch under the parameters before it, (STEPS). */
    double[] losses() {
        return golden.doubles("losses");
    }

    /** Returns the parameters after 50, 100, 150 or 200 steps. */
    double[] parametersAfter(int steps) {
        return golden.doubles("parameters." + steps);
    }

    /** Returns whether the parameters after this number of steps are known. */
    boolean hasParametersAfter(int steps) {
        return golden.has("parameters." + steps);
    }

    @Override
    public String toString() {
        StringBuilder options = new StringBuilder();
        golden.lines()
                .forEach(
                        (name, value) -> {
                            if (!name.startsWith("parameters") && !name.equals("losses")) {
                                options.append(name).append(' ').append(value).append(", ");
                            }
                        });
        return options.append(golden).toString();
    }
}
