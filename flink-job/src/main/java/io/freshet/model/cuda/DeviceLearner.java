package io.freshet.model.cuda;

import io.freshet.model.cuda.DeviceBlock.Stages;
import io.freshet.model.cuda.device.Device;
import io.freshet.model.cuda.device.DeviceEvent;
import io.freshet.model.cuda.device.DeviceGraph;
import io.freshet.model.cuda.device.DeviceMemory;
import io.freshet.model.cuda.device.DeviceStream;
import io.freshet.model.cuda.device.PinnedMemory;
import io.freshet.model.ensemble.EnsembleState;
import io.freshet.model.scale.OutlierState;
import io.freshet.model.scale.ScalerState;
import java.nio.ByteBuffer;
import java.nio.DoubleBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * Linear models that learn on a device, block by block.
 *
 * <p>The results are those of one step after the other, up to rounding. Blocks may be submitted one
 * after the other before the first has been finished; they run in the order in which they were
 * submitted. For one thread at a time.
 */
public final class DeviceLearner implements AutoCloseable {
    private static final List<List<Integer>> AFTER = List.of(List.of(), List.of(0), List.of(1));

    private final Device device;
    private final LinearModel model;
    private final LearnerKernels kernels;
    private final ModelStates states;
    private final DeviceStream[] streams;
    private final DeviceMemory rates;
    private final @Nullable DeviceMemory switchingRates;
    private final @Nullable EnsembleGraph ensemble;

    /** For each stage of a block the stages that it waits for. */
    private final List<List<Integer>> after;

    private final ParameterSums ofParameters;
    private final PinnedMemory sums;
    private final DeviceMemory deviceSums;

    /**
     * @param device the device, which is closed with the learner
     * @param numSlots number of models whose state can be held
     */
    public DeviceLearner(Device device, LinearModel model, int numSlots) {
        this.device = device;
        this.model = model;
        this.kernels = new LearnerKernels(device, model);
        this.after = model.ensemble() == null ? AFTER : EnsembleGraph.AFTER;
        this.streams = new DeviceStream[after.size()];
        Arrays.setAll(streams, i -> device.newStream());
        this.states = new ModelStates(device, streams[0], model, numSlots);
        DeviceConstants constants = new DeviceConstants(device, streams[0]);
        this.rates = constants.floats(model.learningRates());
        this.switchingRates =
                model.mixture() == null
                        ? null
                        : constants.doubles(model.mixture().switchingRates());
        this.ensemble =
                model.ensemble() == null || switchingRates == null
                        ? null
                        : new EnsembleGraph(
                                constants, model, kernels, states, rates, switchingRates);
        this.ofParameters = new ParameterSums(model);
        int bytes = ofParameters.size() * Double.BYTES;
        this.sums = device.allocatePinned(bytes);
        this.deviceSums = device.allocate(bytes);
    }

    /** Returns the models' settings. */
    public LinearModel model() {
        return model;
    }

    /** Creates a block, with memory of its own. */
    public DeviceBlock newBlock(BlockShape shape) {
        int maxRows = Recursion.of(model.numOutputs(), shape.gradient()).maxRows();
        if (shape.rows() > maxRows) {
            throw new IllegalArgumentException(
                    "a block of "
                            + model.numOutputs()
                            + " outputs has at most "
                            + maxRows
                            + " rows, not "
                            + shape.rows());
        }
        // No kernel is loaded and no memory allocated while work is captured.
        kernels.recursion(shape.gradient());
        BlockMemory memory = new BlockMemory(device, model, shape);
        List<Stage> stages =
                ensemble != null
                        ? ensemble.stages(shape, memory)
                        : List.of(
                                new ScaleStage(model, shape, kernels, states, memory),
                                new StepStage(model, shape, kernels, states, memory, rates),
                                new ScoreStage(
                                        model, shape, kernels, states, memory, switchingRates));
        List<DeviceGraph> graphs = new ArrayList<>();
        for (int i = 0; i < streams.length; i++) {
            graphs.add(capture(streams[i], stages.get(i)));
        }
        DeviceGraph undo =
                capture(streams[0], new UndoStage(model, shape, kernels, states, memory));
        List<DeviceEvent> ends = Stream.generate(device::newEvent).limit(streams.length).toList();
        return new DeviceBlock(model, shape, memory, new Stages(List.copyOf(graphs), ends, undo));
    }

    private static DeviceGraph capture(DeviceStream stream, Stage stage) {
        return stream.capture(() -> stage.run(stream));
    }

    /** Starts a block that has been filled; returns before it ends. */
    public void submit(DeviceBlock block) {
        for (int stage = 0; stage < streams.length; stage++) {
            for (int before : after.get(stage)) {
                streams[stage].await(block.stages.ends().get(before));
            }
            streams[stage].launch(block.stages.graphs().get(stage));
            if (stage == streams.length - 1 && block.wantsProbabilities()) {
                streams[stage].copyToHost(
                        block.memory().probabilities, block.memory().hostProbabilities, 0);
            }
            streams[stage].record(block.stages.ends().get(stage));
        }
    }

    /** Waits until a block that was submitted has ended, so that its scores can be read. */
    public void finish(DeviceBlock block) {
        block.stages.ends().get(streams.length - 1).synchronize();
    }

    /**
     * Restores the models as they were before a block. Blocks that were submitted after it must
     * have been undone before, the last one first.
     */
    public void undo(DeviceBlock block) {
        finish(block);
        streams[0].launch(block.stages.undo());
        streams[0].synchronize();
    }

    /**
     * Fills the scratch and the outputs of a block with NaN, so that what a kernel reads before it
     * was written, or does not write, shows in the results. For checks.
     */
    public void poison(DeviceBlock block) {
        awaitAll();
        BlockMemory memory = block.memory();
        PinnedMemory values = memory.hostOutputs;
        while (values.buffer().hasRemaining()) {
            values.buffer().put((byte) 0xff);
        }
        values.buffer().clear();
        streams[0].copyToDevice(values, 0, memory.outputs);
        poison(values, memory.scratch);
        if (memory.ensemble != null) {
            poison(values, memory.ensemble.scratch);
        }
        streams[0].synchronize();
    }

    private void poison(PinnedMemory values, DeviceMemory memory) {
        long step = values.bytes();
        for (long offset = 0; offset < memory.bytes(); offset += step) {
            long bytes = Math.min(step, memory.bytes() - offset);
            streams[0].copyToDevice(values, 0, memory.part(offset, bytes));
        }
    }

    private void awaitAll() {
        for (DeviceStream stream : streams) {
            stream.synchronize();
        }
    }

    /**
     * Copies the parameters, the velocity if there is one, and the ensemble if there is one, but
     * not the mixture, of one model to another.
     */
    public void copyParameters(int from, int to) {
        awaitAll();
        for (ModelPart part : ModelPart.values()) {
            if (states.has(part) && part.isOfParameters()) {
                streams[0].copy(states.of(part, from), states.of(part, to));
            }
        }
        streams[0].synchronize();
    }

    /** Returns the parameters of a model, and its velocity if it has one. */
    public LinearState linear(int slot) {
        return LinearState.of(model, read(ModelPart.LINEAR, slot));
    }

    /** Replaces the parameters of a model, and its velocity if it has one. */
    public void linear(int slot, LinearState state) {
        write(ModelPart.LINEAR, slot, state.toBytes(model));
    }

    /**
     * Returns the state of a model's scaler.
     *
     * @param count number of examples observed
     */
    public ScalerState scaler(int slot, long count) {
        return StateBytes.toScaler(model, read(ModelPart.SCALER, slot), count);
    }

    /** Replaces the state of a model's scaler, except for the numbers of clipped values. */
    public void scaler(int slot, ScalerState state) {
        double[] clipped = StateBytes.clipped(read(ModelPart.SCALER, slot));
        write(ModelPart.SCALER, slot, StateBytes.ofScaler(model, state, clipped));
    }

    /** Begins the state of a model's scaler, with the numbers of clipped values of the state. */
    public void startScaler(int slot, ScalerState state) {
        OutlierState outliers = state.outliers();
        double[] clipped = new double[model.numFeatures()];
        if (outliers != null) {
            Arrays.setAll(clipped, f -> outliers.clipped()[f]);
        }
        write(ModelPart.SCALER, slot, StateBytes.ofScaler(model, state, clipped));
    }

    /** Replaces the state of a model's mixture. */
    public void mixture(int slot, double[] state) {
        write(ModelPart.MIXTURE, slot, StateBytes.ofDoubles(state));
    }

    /** Returns the counts of a model's baselines. */
    public float[] baselineCounts(int slot) {
        return StateBytes.toCounts(model.numOutputs(), read(ModelPart.BASELINES, slot));
    }

    /** Returns the newest label of a model's baselines; -1 before the first. */
    public int lastLabel(int slot) {
        return StateBytes.toLastLabel(read(ModelPart.BASELINES, slot));
    }

    /** Replaces the state of a model's baselines. */
    public void baselines(int slot, float[] counts, int lastLabel) {
        write(ModelPart.BASELINES, slot, StateBytes.ofBaselines(counts, lastLabel));
    }

    /** Returns the state of a model's ensemble, without that of its mixture. */
    public EnsembleState ensemble(int slot) {
        awaitAll();
        return new EnsembleBytes(model, states, slot).read();
    }

    /**
     * Replaces the state of a model's ensemble, except for its mixture.
     *
     * @param state of an ensemble that has chosen the tests of its ferns
     */
    public void ensemble(int slot, EnsembleState state) {
        awaitAll();
        new EnsembleBytes(model, states, slot).write(state);
    }

    private ByteBuffer read(ModelPart part, int slot) {
        awaitAll();
        return states.read(part, slot);
    }

    private void write(ModelPart part, int slot, ByteBuffer values) {
        awaitAll();
        states.write(part, slot, values);
    }

    /**
     * Computes sums over the parameters of a model, or its velocity, for each learning rate.
     *
     * @return (rates, 2): the sum of magnitudes, and the sum of squares
     */
    public double[] magnitudes(int slot, boolean ofVelocity) {
        awaitAll();
        DeviceStream stream = streams[0];
        DeviceMemory values = states.of(ModelPart.LINEAR, slot);
        if (ofVelocity) {
            values = values.from((long) model.numParameters() * Float.BYTES);
        }
        ofParameters.run(stream, kernels, 1, values, Stage.NONE, deviceSums);
        stream.copyToHost(deviceSums, sums, 0);
        stream.synchronize();
        double[] result = new double[model.numRates() * 2];
        DoubleBuffer found = sums.buffer().asDoubleBuffer();
        for (int rate = 0; rate < model.numRates(); rate++) {
            result[2 * rate] = ofParameters.ofMagnitudes(found, 0, rate);
            result[2 * rate + 1] = ofParameters.ofSquares(found, 0, rate);
        }
        return result;
    }

    @Override
    public void close() {
        device.close();
    }
}
