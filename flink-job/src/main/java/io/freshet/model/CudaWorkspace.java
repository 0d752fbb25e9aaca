package io.freshet.model;

import io.freshet.model.cuda.BlockShape;
import io.freshet.model.cuda.DeviceBlock;
import io.freshet.model.cuda.DeviceLearner;
import io.freshet.model.cuda.Gradient;
import io.freshet.model.cuda.LinearModel;
import io.freshet.model.cuda.LinearModel.Mixing;
import io.freshet.model.cuda.LinearModel.OtherExperts;
import io.freshet.model.cuda.LinearModel.Scaling;
import io.freshet.model.cuda.MemoryNeed;
import io.freshet.model.cuda.device.Device;
import io.freshet.model.loss.Activation;
import io.freshet.model.mixture.Mixture;
import io.freshet.model.scale.FadingStandardization;
import io.freshet.model.scale.ScalerRule;
import io.freshet.model.scale.Standardization;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/** The memory of a CUDA device that {@link CudaSgd} uses, and the states of its models there. */
public final class CudaWorkspace implements StepWorkspace {
    /** Rows of a block; more make it faster, and let its first rows wait longer. */
    static final int MAX_ROWS = 256;

    /** Largest number of models whose blocks are in one launch. */
    public static final int MAX_MODELS = 1024;

    private static final long MAX_SHARED_BYTES = 1L << 28;
    private static final int FIRST_SLOTS = 2;

    private final LearnerSettings settings;
    private final Supplier<Device> devices;
    private final LinearModel model;
    private final LossGradients gradients;
    private final List<DeviceResident> models = new ArrayList<>();
    private final BitSet usedSlots = new BitSet();
    private final Map<BlockShape, DeviceBlock> blocks = new HashMap<>();
    private final Map<BlockShape, Integer> maxModels = new HashMap<>();
    private int numSlots = FIRST_SLOTS;
    private volatile Device device;
    private DeviceLearner learner;
    private @Nullable BlockWorkspace checked;
    private boolean inUse;
    private volatile boolean closed;

    /**
     * @param settings settings without an {@link #obstacle}
     * @param devices opens the device; a new object at each call
     */
    public CudaWorkspace(LearnerSettings settings, Supplier<Device> devices) {
        this.settings = settings;
        this.devices = devices;
        this.model = modelOf(settings);
        this.gradients = new LossGradients(settings.loss());
        this.device = devices.get();
        this.learner = newLearner(device);
    }

    /** Creates the models on a device, which is closed if that fails. */
    private DeviceLearner newLearner(Device opened) {
        try {
            return new DeviceLearner(opened, model, numSlots);
        } catch (RuntimeException e) {
            try (opened) {
                throw e;
            }
        }
    }

    /**
     * Returns the bytes of a device's memory that one model with its last good parameters takes,
     * and the blocks of all sizes.
     *
     * @param settings settings without an {@link #obstacle}
     * @param numTargets number of target values of each label; 0 where labels are classes
     */
    static long deviceBytes(LearnerSettings settings, int numTargets) {
        boolean hasTargets = numTargets > 0;
        Gradient gradient = new LossGradients(settings.loss()).form(hasTargets);
        List<BlockShape> shapes = new ArrayList<>();
        for (int rows = BlockShape.ROW_MULTIPLE; rows <= MAX_ROWS; rows *= 2) {
            shapes.add(new BlockShape(1, rows, gradient, hasTargets));
        }
        return MemoryNeed.of(modelOf(settings), FIRST_SLOTS, shapes);
    }

    /**
     * Returns the reason why a learner with these settings learns on the CPU, in the form "…, which
     * has no kernel"; null if there is none.
     */
    public static @Nullable String obstacle(LearnerSettings settings) {
        Mixture mixture = settings.mixture();
        if (settings.isSparse()) {
            return "features are sparse";
        }
        if (settings.ensemble() != null
                && (settings.numClasses() < 2
                        || settings.numClasses() > OtherExperts.MAX_CLASSES
                        || settings.numRates() < 2)) {
            return "the ensemble has more than "
                    + OtherExperts.MAX_CLASSES
                    + " classes, or a single class or learning rate";
        }
        if (settings.optimizer().linearRule() == null) {
            return "the optimiser is " + settings.optimizer().getClass().getSimpleName();
        }
        if (settings.numOutputs() > LinearModel.MAX_OUTPUTS) {
            return "the model has more than " + LinearModel.MAX_OUTPUTS + " outputs";
        }
        if (settings.miniBatchSize() > MAX_ROWS) {
            return "mini-batches have more than " + MAX_ROWS + " examples";
        }
        if (mixture != null && settings.numExperts() > LinearModel.MAX_EXPERTS) {
            return "the mixture has more than " + LinearModel.MAX_EXPERTS + " experts";
        }
        if (mixture != null && mixture.switchingRates().size() > LinearModel.MAX_SWITCHING_RATES) {
            return "the mixture has more than "
                    + LinearModel.MAX_SWITCHING_RATES
                    + " switching rates";
        }
        ScalerRule scaler = settings.scaler();
        if (scaler != null
                && !(scaler instanceof Standardization)
                && !(scaler instanceof FadingStandardization)) {
            return "the scaler is " + scaler.getClass().getSimpleName();
        }
        if (!new LossGradients(settings.loss()).isLinear()) {
            return "the loss is " + settings.loss().getClass().getSimpleName();
        }
        return null;
    }

    private static LinearModel modelOf(LearnerSettings settings) {
        Mixture mixture = settings.mixture();
        ScalerRule scaler = settings.scaler();
        return new LinearModel(
                settings.numFeatures(),
                settings.numOutputs(),
                settings.loss().activation() == Activation.SIGMOID,
                settings.loss().trainsOnReportedLoss(),
                mixture == null ? List.of(1.0) : mixture.rates(),
                mixture == null ? null : new Mixing(mixture.switchingRates(), mixture.baselines()),
                settings.miniBatchSize() > 1,
                settings.optimizer().isPlain(),
                !settings.optimizer().stateNames().isEmpty(),
                scaler == null
                        ? null
                        : new Scaling(
                                scaler.lossPerExample(), scaler.clip(), scaler.acceptsMissing()),
                settings.ensemble() == null
                        ? null
                        : new OtherExperts(settings.ensemble().labelExperts()));
    }

    @Override
    public LearnerSettings settings() {
        return settings;
    }

    LossGradients gradients() {
        return gradients;
    }

    /** Returns the models on the device; another object after {@link #takeSlot}. */
    DeviceLearner learner() {
        return learner;
    }

    /**
     * Returns the block of a shape, of which there is one.
     *
     * @param models number of models; at most {@link #maxModels}
     * @param rows capacity for the rows of each
     */
    DeviceBlock block(int models, int rows, boolean hasTargets) {
        return blocks.computeIfAbsent(shape(models, rows, hasTargets), learner::newBlock);
    }

    private BlockShape shape(int models, int rows, boolean hasTargets) {
        return new BlockShape(models, rows, gradients.form(hasTargets), hasTargets);
    }

    /**
     * Returns the largest number of models whose rows are in one block, a power of two: its memory
     * is at most {@value #MAX_SHARED_BYTES} bytes, and an eighth of what was free on the device.
     *
     * @param rows capacity for the rows of each
     */
    int maxModels(int rows, boolean hasTargets) {
        return maxModels.computeIfAbsent(
                shape(1, rows, hasTargets),
                single -> {
                    long most = Math.min(MAX_SHARED_BYTES, device.freeBytes() / 8);
                    long ofModels =
                            most
                                    / (MemoryNeed.of(
                                                    model,
                                                    FIRST_SLOTS,
                                                    List.of(shape(2, rows, hasTargets)))
                                            - MemoryNeed.of(model, FIRST_SLOTS, List.of(single)));
                    return Integer.highestOneBit((int) Math.max(1, Math.min(MAX_MODELS, ofModels)));
                });
    }

    /** Returns the workspace on the CPU for steps that must be checked. */
    BlockWorkspace checked() {
        BlockWorkspace made = checked;
        if (made == null) {
            made = new BlockWorkspace(settings);
            checked = made;
        }
        return made;
    }

    /** Returns the place of a new model's state; the states of all models may move. */
    int takeSlot() {
        requireIdle();
        int slot = usedSlots.nextClearBit(0);
        if (slot == numSlots) {
            grow();
        }
        usedSlots.set(slot);
        return slot;
    }

    /** Gives a place back. */
    void giveBackSlot(int slot) {
        usedSlots.clear(slot);
    }

    /** Adds a model, whose state moves when there are more. */
    void add(DeviceResident resident) {
        models.add(resident);
    }

    void remove(DeviceResident resident) {
        models.remove(resident);
    }

    /** Moves the states of all models to a learner with twice as many places. */
    private void grow() {
        List<Runnable> moves = new ArrayList<>();
        for (DeviceResident resident : models) {
            moves.add(resident.beginMove());
        }
        blocks.clear();
        maxModels.clear();
        learner.close();
        numSlots *= 2;
        device = devices.get();
        learner = newLearner(device);
        moves.forEach(Runnable::run);
    }

    /** A model whose state is on the device. */
    interface DeviceResident {
        /** Reads the state from the learner; the result writes it to the next one. */
        Runnable beginMove();
    }

    /** Marks the beginning of a learner's run, during which no other learner may run. */
    void begin() {
        requireIdle();
        inUse = true;
    }

    private void requireIdle() {
        if (inUse) {
            throw new IllegalStateException("another learner is in the middle of a block");
        }
    }

    /** Marks the end of a learner's run. */
    void end() {
        inUse = false;
    }

    /** Returns the bytes of the device's memory that are allocated. Any thread may call. */
    long allocatedBytes() {
        return device.allocatedBytes();
    }

    /** Returns whether the workspace was closed. Any thread may call. */
    boolean isClosed() {
        return closed;
    }

    @Override
    public void close() {
        closed = true;
        try {
            learner.close();
        } finally {
            if (checked != null) {
                checked.close();
            }
        }
    }
}
