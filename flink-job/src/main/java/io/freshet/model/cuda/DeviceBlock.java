package io.freshet.model.cuda;

import io.freshet.model.cuda.device.DeviceEvent;
import io.freshet.model.cuda.device.DeviceGraph;
import java.nio.ByteBuffer;
import java.nio.FloatBuffer;
import java.nio.IntBuffer;
import java.util.Arrays;
import java.util.List;

/**
 * The rows of a block of some models, to be filled before it runs.
 *
 * <p>For each model, in turn: {@link #begin}, then {@link #add} for each row and {@link #step} for
 * each mini-batch, in the order of the stream, then {@link #end}. Rows that belong to no mini-batch
 * are predicted only.
 */
public final class DeviceBlock {
    private final LinearModel model;
    private final BlockShape shape;
    private final int rows;

    private final IntBuffer slots;
    private final IntBuffer counts;
    private final IntBuffer lasts;
    private final FloatBuffer closing;
    private final IntBuffer labels;
    private final IntBuffer ends;
    private final IntBuffer batches;
    private final FloatBuffer scales;
    private final FloatBuffer exponents;
    private final FloatBuffer labelWeights;
    private final FloatBuffer factors;
    private final FloatBuffer lastCoefficients;
    private final FloatBuffer coefficients;
    private final FloatBuffer targets;
    private final FloatBuffer offsets;
    private final FloatBuffer slopes;
    private final IntBuffer classes;
    private final FloatBuffer raw;

    private final int[] unlabelled;
    private final float[] zeros;
    private final BlockMemory memory;
    private final BlockScores scores;
    private boolean wantsProbabilities;
    private int current;
    private int count;
    private int steps;

    /** The graphs of the stages, and the events at their ends; see {@link DeviceLearner}. */
    final Stages stages;

    /**
     * The captured work of a block.
     *
     * @param graphs a graph for each stage
     * @param ends the event at the end of each stage
     * @param undo a graph that restores the states before the block
     */
    record Stages(List<DeviceGraph> graphs, List<DeviceEvent> ends, DeviceGraph undo) {}

    DeviceBlock(LinearModel model, BlockShape shape, BlockMemory memory, Stages stages) {
        this.model = model;
        this.shape = shape;
        this.rows = shape.rows();
        this.memory = memory;
        this.scores = new BlockScores(model, shape, memory);
        this.stages = stages;
        ByteBuffer in = memory.hostInputs.buffer();
        slots = BlockMemory.ints(in, memory.slots);
        counts = BlockMemory.ints(in, memory.counts);
        lasts = BlockMemory.ints(in, memory.lasts);
        closing = BlockMemory.floats(in, memory.closing);
        labels = BlockMemory.ints(in, memory.labels);
        ends = BlockMemory.ints(in, memory.ends);
        batches = BlockMemory.ints(in, memory.batches);
        scales = BlockMemory.floats(in, memory.scales);
        exponents = BlockMemory.floats(in, memory.exponents);
        labelWeights = BlockMemory.floats(in, memory.labelWeights);
        factors = BlockMemory.floats(in, memory.factors);
        lastCoefficients = BlockMemory.floats(in, memory.lastCoefficients);
        coefficients = BlockMemory.floats(in, memory.coefficients);
        targets = BlockMemory.floats(in, memory.targets);
        offsets = BlockMemory.floats(in, memory.offsets);
        slopes = BlockMemory.floats(in, memory.slopes);
        classes = BlockMemory.ints(in, memory.classes);
        raw = BlockMemory.floats(in, memory.raw);
        unlabelled = new int[rows];
        Arrays.fill(unlabelled, -1);
        zeros = new float[rows];
    }

    /** Returns the shape. */
    public BlockShape shape() {
        return shape;
    }

    /** Returns the scores of the rows, to be read when the block has ended. */
    public BlockScores scores() {
        return scores;
    }

    BlockMemory memory() {
        return memory;
    }

    /** Says whether {@link BlockScores#probabilities} are to be available; by default not. */
    public void wantProbabilities(boolean wants) {
        wantsProbabilities = wants;
    }

    boolean wantsProbabilities() {
        return wantsProbabilities;
    }

    /**
     * Begins the rows of a model.
     *
     * @param place index of the model in the block
     * @param slot index of its state; different for each model of the block
     */
    public void begin(int place, int slot) {
        current = place;
        count = 0;
        steps = 0;
        slots.put(place, slot);
        lasts.put(2 * place, 0);
        lasts.put(2 * place + 1, 0);
    }

    /**
     * Adds a row without a step.
     *
     * @param features its features from {@code offset} on; finite, or NaN if missing values are
     *     accepted. Not modified.
     * @return index of the row
     */
    public int add(float[] features, int offset) {
        int at = current * rows + count;
        raw.put(at * model.numFeatures(), features, offset, model.numFeatures());
        labels.put(at, -1);
        ends.put(at, -1);
        batches.put(at, steps);
        scales.put(at, 0);
        exponents.put(at, 0);
        labelWeights.put(at, 0);
        if (model.ensemble() != null) {
            classes.put(at, -1);
        }
        return count++;
    }

    /**
     * Sets the label of a row that belongs to a mini-batch.
     *
     * @param label class
     * @param scale factor of its gradient: reduction, weights and, for a single learning rate with
     *     plain steps, the learning rate
     * @param exponent weight of the example in the mixture
     * @param labelWeight weight of its class in the training loss
     */
    public void label(int row, int label, double scale, double exponent, double labelWeight) {
        int at = current * rows + row;
        labels.put(at, label);
        scales.put(at, (float) scale);
        exponents.put(at, (float) exponent);
        labelWeights.put(at, (float) labelWeight);
    }

    /**
     * Sets the class that an ensemble learns from a row, that of the largest target; by default it
     * learns none. Its weight is the exponent of {@link #label}: that of the example, times that of
     * its class, times the sum of its targets.
     */
    public void learn(int row, int learntClass) {
        classes.put(current * rows + row, learntClass);
    }

    /**
     * Sets the target of an output of a row, if the shape has targets.
     *
     * @param target 0 to 1
     */
    public void target(int row, int output, double target) {
        targets.put((current * rows + row) * model.numOutputs() + output, (float) target);
    }

    /**
     * Sets {@code a} and {@code b} of the gradient {@code a p − b} of an output, unless the
     * gradient is that of a label.
     *
     * @param slope {@code a}; only used for sigmoid
     * @param offset {@code b}
     */
    public void gradient(int row, int output, double slope, double offset) {
        int at = (current * rows + row) * model.numOutputs() + output;
        offsets.put(at, (float) offset);
        if (shape.gradient() == Gradient.OF_SIGMOID) {
            slopes.put(at, (float) slope);
        }
    }

    /**
     * Makes a mini-batch of the rows from {@code begin} on, which have labels.
     *
     * @param begin its first row
     */
    public void step(int begin) {
        for (int row = begin; row < count; row++) {
            ends.put(current * rows + row, count);
        }
        lasts.put(2 * current, begin);
        lasts.put(2 * current + 1, count);
        steps++;
    }

    /**
     * Sets the coefficients of an optimiser whose steps are not plain, after some steps of the
     * block.
     *
     * @param taken number of steps
     * @param parameterFactor factor of the parameters before the block
     * @param velocityFactor factor of the velocity before the block
     * @param ofGradients (taken) coefficients of the gradients in the parameters. Not modified.
     */
    public void coefficients(
            int taken, double parameterFactor, double velocityFactor, double[] ofGradients) {
        int at = current * (rows + 1) + taken;
        factors.put(2 * at, (float) parameterFactor);
        factors.put(2 * at + 1, (float) velocityFactor);
        for (int step = 0; step < taken; step++) {
            coefficients.put(at * rows + step, (float) ofGradients[step]);
        }
    }

    /**
     * Ends the rows of a model whose steps are plain: the parameters change by the gradients alone.
     */
    public void end() {
        end(1, 0, 0, 0, new double[0], new double[0]);
    }

    /**
     * Ends the rows of a model.
     *
     * @param parametersOfParameters factor of the parameters before the block in those after it
     * @param parametersOfVelocity factor of the velocity before the block in the parameters
     * @param velocityOfParameters factor of the parameters before the block in the velocity
     * @param velocityOfVelocity factor of the velocity before the block in the velocity; 0 if there
     *     is none yet
     * @param inParameters (steps) coefficients of the gradients in the parameters. Not modified.
     * @param inVelocity (steps) coefficients of the gradients in the velocity. Not modified.
     */
    public void end(
            double parametersOfParameters,
            double parametersOfVelocity,
            double velocityOfParameters,
            double velocityOfVelocity,
            double[] inParameters,
            double[] inVelocity) {
        counts.put(current, count);
        closing.put(4 * current, (float) parametersOfParameters);
        closing.put(4 * current + 1, (float) parametersOfVelocity);
        closing.put(4 * current + 2, (float) velocityOfParameters);
        closing.put(4 * current + 3, (float) velocityOfVelocity);
        int at = current * rows;
        int rest = rows - count;
        labels.put(at + count, unlabelled, 0, rest);
        if (model.ensemble() != null) {
            classes.put(at + count, unlabelled, 0, rest);
        }
        ends.put(at + count, unlabelled, 0, rest);
        scales.put(at + count, zeros, 0, rest);
        for (int row = count; row < rows; row++) {
            batches.put(at + row, steps);
        }
        if (model.isPlain()) {
            return;
        }
        for (int which = 0; which < 2; which++) {
            double[] from = which == 0 ? inParameters : inVelocity;
            int first = (current * 2 + which) * rows;
            lastCoefficients.put(first, zeros, 0, rows);
            for (int step = 0; step < from.length; step++) {
                lastCoefficients.put(first + step, (float) from[step]);
            }
        }
    }

    /** Returns the number of rows of the model that began last. */
    public int count() {
        return count;
    }
}
