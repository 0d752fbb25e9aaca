package io.freshet.learn;

import io.freshet.config.Key;
import io.freshet.ingest.ExampleBlock;
import io.freshet.ingest.ExampleBlockTypeInfo;
import io.freshet.learn.drift.DriftAlert;
import io.freshet.model.CudaWorkspace;
import io.freshet.model.EngineChoice;
import io.freshet.model.EngineChooser;
import io.freshet.model.LearnerEngine;
import io.freshet.model.LearnerSettings;
import io.freshet.model.LearnerState;
import io.freshet.model.cuda.device.DeviceException;
import io.freshet.model.cuda.device.DeviceFailure;
import io.freshet.model.cuda.device.Devices;
import io.freshet.model.device.Backend;
import io.freshet.model.device.DeviceDecision;
import io.freshet.model.device.DeviceFallback;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import java.util.concurrent.ScheduledFuture;
import org.apache.commons.lang3.exception.ExceptionUtils;
import org.apache.flink.api.common.state.KeyedStateStore;
import org.apache.flink.api.common.state.ValueState;
import org.apache.flink.api.common.state.ValueStateDescriptor;
import org.apache.flink.api.common.typeinfo.TypeInformation;
import org.apache.flink.configuration.TaskManagerOptions;
import org.apache.flink.metrics.Gauge;
import org.apache.flink.metrics.MetricGroup;
import org.apache.flink.runtime.execution.SuppressRestartsException;
import org.apache.flink.runtime.state.VoidNamespace;
import org.apache.flink.runtime.state.VoidNamespaceSerializer;
import org.apache.flink.streaming.api.operators.InternalTimer;
import org.apache.flink.streaming.api.operators.InternalTimerService;
import org.apache.flink.streaming.api.operators.Triggerable;
import org.apache.flink.streaming.api.watermark.Watermark;
import org.apache.flink.streaming.runtime.streamrecord.StreamRecord;
import org.apache.flink.streaming.runtime.watermarkstatus.WatermarkStatus;
import org.apache.flink.util.OutputTag;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Flink operator that trains the models, with one {@link Learner} in memory per key.
 *
 * <p>The state of a model consists of its parameters, the optimiser's state, the last good
 * parameters and the baselines' counts, in chunks of fixed size; the same for the learner that was
 * started at a drift warning, if any; the {@link ModelState}; and the examples of an incomplete
 * mini-batch or, if blocks are cut by count, execution block. After a failure each model continues
 * from the last checkpoint: the source repeats the later events, which have not affected the
 * restored parameters.
 *
 * <p>Where models learn on a CUDA device, blocks wait up to {@value #MAX_WAIT_MILLIS} ms, so that
 * those of different models run in one launch. Those of one model keep their order, and all run
 * before a watermark, a barrier and the end of input.
 *
 * <p>Emits one {@link BlockEvaluation} per block. Side outputs are predictions, drift alerts and,
 * at checkpoints and at the end of input, snapshots of models that changed.
 */
public final class LearnOperator extends LiveStateOperator<Learner, ExampleBlock, BlockEvaluation>
        implements Triggerable<String, VoidNamespace> {
    private static final long serialVersionUID = 1;
    private static final Logger LOG = LoggerFactory.getLogger(LearnOperator.class);

    /** Side output of predictions for events without a label. */
    public static final OutputTag<Prediction> PREDICTIONS =
            new OutputTag<>("predictions") {
                private static final long serialVersionUID = 1;
            };

    /** Side output of alerts of detected drifts. */
    public static final OutputTag<DriftAlert> DRIFT_ALERTS =
            new OutputTag<>("drift-alerts") {
                private static final long serialVersionUID = 1;
            };

    /** Side output of snapshots of the models. */
    public static final OutputTag<ModelSnapshot> SNAPSHOTS =
            new OutputTag<>("snapshots") {
                private static final long serialVersionUID = 1;
            };

    private static final String MODEL_STATE = "learner";

    /** Number of classes with which engines are timed where classes are open. */
    private static final int TIMED_OPEN_CLASSES = 10;

    /** Milliseconds for which a block waits at most for those of other models, on a device. */
    static final int MAX_WAIT_MILLIS = 5;

    private final LearnConfig learnConfig;
    private final Devices devices;

    private transient LearnerEngine engine;
    private transient LearnerWorkspace workspace;
    private transient ValueState<ModelState> modelState;
    private transient ModelChunks chunks;
    private transient ModelChunks successorChunks;
    private transient ValueState<ExampleBlock> pendingExamples;
    private transient InternalTimerService<VoidNamespace> timers;
    private transient StreamRecord<BlockEvaluation> evaluationRecord;

    /** Blocks that are to run together; empty where models learn on the CPU. */
    private transient WaitingBlocks waiting;

    /** Timer that ends the wait; null if there is none. */
    private transient @Nullable ScheduledFuture<?> endOfWait;

    private transient boolean loggedOptimizerReset;
    private transient boolean loggedNewFeatures;

    /**
     * Models whose newest version is not published yet, with the processing time from which it may
     * be. They may be in state only.
     */
    private transient Map<String, Long> unpublished;

    /**
     * Processing time of the newest snapshot of each model of which one was published within the
     * publish interval. A model that is evicted and reloaded would not know it.
     */
    private transient Map<String, Long> recentlyPublished;

    @SuppressWarnings("NullAway.Init") // transient fields are set in openState() and open()
    public LearnOperator(LearnConfig learnConfig) {
        this(learnConfig, ModelCost.NONE);
    }

    /**
     * @param costOfLaterStages memory that a model takes in the later stages of the same process
     */
    public LearnOperator(LearnConfig learnConfig, ModelCost costOfLaterStages) {
        this(learnConfig, costOfLaterStages, learnConfig.device().devices());
    }

    /**
     * @param devices the CUDA devices of the machine on which the operator runs
     */
    @SuppressWarnings("NullAway.Init") // as above
    LearnOperator(LearnConfig learnConfig, ModelCost costOfLaterStages, Devices devices) {
        super(learnConfig.maxModels(), ModelCost.of(learnConfig).plus(costOfLaterStages));
        this.learnConfig = learnConfig;
        this.devices = devices;
    }

    @Override
    protected void openState(KeyedStateStore store) {
        modelState =
                store.getState(
                        new ValueStateDescriptor<>(
                                MODEL_STATE, TypeInformation.of(ModelState.class)));
        List<String> optimizerArrays = learnConfig.learner().optimizer().stateNames();
        chunks = new ModelChunks(store, "", optimizerArrays);
        successorChunks = new ModelChunks(store, "successor-", optimizerArrays);
        pendingExamples =
                store.getState(new ValueStateDescriptor<>("open-rows", new ExampleBlockTypeInfo()));
    }

    @Override
    public void open() throws Exception {
        super.open();
        engine = startEngine();
        checkHeap();
        addMemoryGauges(getMetricGroup().addGroup("freshet"));
        workspace = new LearnerWorkspace(learnConfig, engine);
        timers = getInternalTimerService("mini-batch", VoidNamespaceSerializer.INSTANCE, this);
        evaluationRecord = new StreamRecord<>(null);
        waiting = new WaitingBlocks(Math.min(CudaWorkspace.MAX_MODELS, learnConfig.maxModels()));
        unpublished = new LinkedHashMap<>();
        recentlyPublished = new HashMap<>();
        findUnpublished();
    }

    /** Finds restored models whose newest version is not published yet. */
    private void findUnpublished() throws Exception {
        for (String modelId : savedKeys()) {
            setCurrentKey(modelId);
            ModelState saved = modelState.value();
            LearnerStateHeader model = saved == null ? null : saved.model();
            if (model != null
                    && model.counters().modelVersion() > Math.max(0, saved.publishedVersion())) {
                unpublished.put(modelId, Long.MIN_VALUE);
            }
        }
    }

    @Override
    public void processElement(StreamRecord<ExampleBlock> element) throws Exception {
        if (!workspace.isOnDevice()) {
            super.processElement(element);
            return;
        }
        waiting.add(element.getValue());
        // Nothing is won by waiting once each model in memory has a block.
        if (waiting.isFull() || waiting.numModels() >= numLive()) {
            learnWaiting();
        } else if (endOfWait == null) {
            endOfWait =
                    getProcessingTimeService()
                            .registerTimer(
                                    getProcessingTimeService().getCurrentProcessingTime()
                                            + MAX_WAIT_MILLIS,
                                    now -> {
                                        endOfWait = null;
                                        learnWaiting();
                                    });
        }
    }

    /** Learns the blocks that wait, those of different models together. */
    private void learnWaiting() throws Exception {
        onDevice(
                () -> {
                    while (!waiting.isEmpty()) {
                        learnTogether(waiting.takeOldest());
                    }
                });
    }

    /**
     * @param blocks of different models
     */
    private void learnTogether(List<ExampleBlock> blocks) throws Exception {
        List<Learner> learners = new ArrayList<>();
        for (ExampleBlock block : blocks) {
            learners.add(live(block.modelId()));
        }
        for (int i = 0; i < blocks.size(); i++) {
            if (!isLive(blocks.get(i).modelId(), learners.get(i))) {
                // The heap is so full that a model was evicted when a later one was loaded.
                learnOneByOne(blocks);
                return;
            }
        }
        for (int i = 0; i < blocks.size(); i++) {
            learners.get(i).begin(blocks.get(i), this::emit, this::emit);
        }
        Learner.runTogether(learners);
        for (int i = 0; i < blocks.size(); i++) {
            setCurrentKey(blocks.get(i).modelId());
            end(learners.get(i), learners.get(i).end());
        }
    }

    private void learnOneByOne(List<ExampleBlock> blocks) throws Exception {
        for (ExampleBlock block : blocks) {
            setCurrentKey(block.modelId());
            process(live(block.modelId()), block);
        }
    }

    @Override
    public void processWatermark(Watermark mark) throws Exception {
        learnWaiting();
        super.processWatermark(mark);
    }

    @Override
    public void processWatermarkStatus(WatermarkStatus status) throws Exception {
        learnWaiting();
        super.processWatermarkStatus(status);
    }

    @Override
    public void endInput() throws Exception {
        learnWaiting();
        onDevice(super::endInput);
    }

    @Override
    public void prepareSnapshotPreBarrier(long checkpointId) throws Exception {
        learnWaiting();
        onDevice(
                () -> {
                    super.prepareSnapshotPreBarrier(checkpointId);
                    publishFromState();
                });
        long now = getProcessingTimeService().getCurrentProcessingTime();
        long interval = learnConfig.publishInterval().toMillis();
        recentlyPublished.values().removeIf(published -> now - published >= interval);
    }

    /**
     * Publishes versions that are due of models that are in state only, as many as fit in memory.
     */
    private void publishFromState() throws Exception {
        long now = getProcessingTimeService().getCurrentProcessingTime();
        List<String> due =
                unpublished.entrySet().stream()
                        .filter(model -> model.getValue() <= now && !isLive(model.getKey()))
                        .map(Map.Entry::getKey)
                        .limit(learnConfig.maxModels())
                        .toList();
        for (String modelId : due) {
            Learner learner = live(modelId);
            setCurrentKey(modelId);
            save(learner);
        }
    }

    /**
     * Starts ND4J and chooses the engine, in that order, since steps that must be checked are taken
     * on the CPU. If the device that is asked for cannot be used, a restart would not help, and the
     * job fails.
     */
    private LearnerEngine startEngine() throws Exception {
        DeviceDecision backend = startBackend();
        if (backend.outcome() == DeviceDecision.Outcome.REFUSED) {
            throw refusal(backend.reason());
        }
        if (!backend.reason().isEmpty()) {
            LOG.warn("{}; models learn on the CPU", backend.reason());
        }
        EngineChoice choice = chooseEngine();
        return switch (choice.outcome()) {
            case REFUSED -> throw refusal(choice.reason());
            case CPU -> {
                String device = Backend.deviceName();
                if (choice.isWarning()) {
                    LOG.warn("{}; models learn on the {}", choice.reason(), device);
                    LOG.info("{}", Backend.describe());
                } else {
                    LOG.info(
                            "Models learn on the {} ({}): {}",
                            device,
                            choice.reason(),
                            Backend.describe());
                }
                yield LearnerEngine.onCpu(device);
            }
            case CUDA -> {
                LOG.info(
                        "Models learn on {} ({}), and steps that must be checked on {}",
                        choice.device(),
                        choice.reason(),
                        Backend.describe());
                yield LearnerEngine.onDevice(choice.device(), () -> devices.open(LOG::warn));
            }
        };
    }

    private SuppressRestartsException refusal(String reason) {
        return new SuppressRestartsException(
                new IllegalStateException(
                        reason
                                + "; "
                                + DeviceConfig.FALLBACK
                                + " is "
                                + Key.kebab(learnConfig.device().fallback())));
    }

    private EngineChoice chooseEngine() {
        LearnerSettings settings = learnConfig.learner();
        if (learnConfig.classesAreOpen()) {
            settings = settings.withClasses(Math.min(TIMED_OPEN_CLASSES, settings.numClasses()));
        }
        DeviceConfig device = learnConfig.device();
        return new EngineChooser(
                        settings,
                        learnConfig.numTargets(),
                        device.preference(),
                        device.fallback(),
                        devices,
                        LOG::warn)
                .choose();
    }

    /** Work in which an error of the device may be thrown. */
    private interface DeviceWork {
        void run() throws Exception;
    }

    /**
     * Does some work. If the device reports an error, this process does not use it again, and the
     * task fails: Flink restarts the job from its last checkpoint, unless it is to stop.
     */
    private void onDevice(DeviceWork work) throws Exception {
        try {
            work.run();
        } catch (DeviceException e) {
            DeviceFailure.note(e);
            String line = "An error of the GPU: " + e.getMessage();
            if (learnConfig.device().fallback() == DeviceFallback.STOP) {
                SuppressRestartsException refusal = refusal(line);
                refusal.addSuppressed(e);
                throw refusal;
            }
            throw new IllegalStateException(
                    line + "; after a restart from the last checkpoint, models learn on the CPU",
                    e);
        }
    }

    /** Fails the job if ND4J cannot be initialised, which cannot succeed later in this process. */
    private DeviceDecision startBackend() throws InterruptedException {
        try {
            return Backend.start(
                    learnConfig.device().preference(), learnConfig.device().fallback());
        } catch (IOException | RuntimeException | LinkageError e) {
            throw new SuppressRestartsException(
                    new IllegalStateException(
                            "ND4J cannot be used in this process: "
                                    + ExceptionUtils.getRootCause(e)
                                    + (e instanceof LinkageError
                                            ? "; the class path needs " + nativeLibraries()
                                            : ""),
                            e));
        }
    }

    /** Returns the libraries that are not part of the job's jar. */
    private static String nativeLibraries() {
        try (InputStream in =
                LearnOperator.class.getResourceAsStream("native-libraries.properties")) {
            Properties properties = new Properties();
            properties.load(in);
            return properties.getProperty("needed");
        } catch (IOException e) {
            throw new UncheckedIOException("native-libraries.properties cannot be read", e);
        }
    }

    /**
     * Fails the job if not even one model fits into the heap. If fewer than {@code models.max} fit,
     * only warns: the number of models is not known in advance, and the heap is checked when they
     * are loaded.
     */
    private void checkHeap() {
        long heap = HeapUsage.maxBytes();
        cost().requireRoomForOne(heap);
        cost().shortage(
                        learnConfig.maxModels(),
                        subtasksInProcess(),
                        heap,
                        Backend.maxBytesBesideHeap())
                .ifPresent(LOG::warn);
    }

    /**
     * Adds gauges of the memory of the process, which is the same for all its subtasks, and of that
     * of the GPU, which is the subtask's own.
     */
    private void addMemoryGauges(MetricGroup group) {
        group.gauge("device_memory_bytes", (Gauge<Long>) this::deviceBytes);
        group.gauge("native_memory_bytes", (Gauge<Long>) Backend::allocatedBytes);
        group.gauge("process_memory_bytes", (Gauge<Long>) Backend::processBytes);
        group.gauge(
                "process_memory_limit_bytes",
                (Gauge<Double>)
                        () -> {
                            long limit = Backend.maxProcessBytes();
                            return limit == 0 ? Double.POSITIVE_INFINITY : limit;
                        });
    }

    /** Returns the bytes of the GPU's memory that the models of this subtask take. */
    long deviceBytes() {
        return engine.deviceBytes();
    }

    /** Returns the maximum number of subtasks of this operator in this process. */
    private int subtasksInProcess() {
        int slots =
                getContainingTask()
                        .getEnvironment()
                        .getTaskManagerInfo()
                        .getConfiguration()
                        .get(TaskManagerOptions.NUM_TASK_SLOTS);
        return Math.min(slots, getRuntimeContext().getTaskInfo().getNumberOfParallelSubtasks());
    }

    @Override
    protected String commonStateName() {
        return MODEL_STATE;
    }

    @Override
    protected void process(Learner learner, ExampleBlock block) {
        end(learner, learner.process(block, this::emit, this::emit));
    }

    /** Emits the results of a block of the current key. */
    private void end(Learner learner, BlockEvaluation evaluation) {
        emit(evaluation);
        if (learnConfig.miniBatchMaxWait() != null && learner.needsDeadline()) {
            long deadline =
                    timers.currentProcessingTime() + learnConfig.miniBatchMaxWait().toMillis();
            learner.setDeadline(deadline);
            timers.registerProcessingTimeTimer(VoidNamespace.INSTANCE, deadline);
        }
    }

    /** Ends a mini-batch that has waited for {@code mini-batch.max-wait}. */
    @Override
    public void onProcessingTime(InternalTimer<String, VoidNamespace> timer) throws Exception {
        learnWaiting();
        setCurrentKey(timer.getKey());
        onDevice(() -> closeOverdue(timer));
    }

    private void closeOverdue(InternalTimer<String, VoidNamespace> timer) throws Exception {
        Learner learner = live(timer.getKey());
        if (learner.isOverdue(timer.getTimestamp())) {
            emit(learner.closeMiniBatch(this::emit, this::emit));
        }
    }

    @Override
    public void onEventTime(InternalTimer<String, VoidNamespace> timer) {
        throw new IllegalStateException("no event-time timer is registered");
    }

    @Override
    protected void finish(Learner learner) throws Exception {
        if (learner.hasPendingExamples()) {
            emit(learner.closeMiniBatch(this::emit, this::emit));
        }
        if (learner.hasNewVersion()) {
            emit(learner.publish());
        }
    }

    private void emit(BlockEvaluation evaluation) {
        output.collect(evaluationRecord.replace(evaluation));
    }

    private void emit(DriftAlert alert) {
        output.collect(DRIFT_ALERTS, new StreamRecord<>(alert));
    }

    private void emit(Prediction prediction) {
        output.collect(PREDICTIONS, new StreamRecord<>(prediction));
    }

    private void emit(ModelSnapshot snapshot) {
        output.collect(SNAPSHOTS, new StreamRecord<>(snapshot));
    }

    @Override
    protected void save(Learner learner) throws Exception {
        String modelId = (String) getCurrentKey();
        long now = getProcessingTimeService().getCurrentProcessingTime();
        if (learner.hasNewVersion()
                && now - learner.publishedAt() >= learnConfig.publishInterval().toMillis()) {
            emit(learner.publish());
            learner.publishedAt(now);
            recentlyPublished.put(modelId, now);
        }
        if (learner.hasNewVersion()) {
            unpublished.put(
                    modelId, learner.publishedAt() + learnConfig.publishInterval().toMillis());
        } else {
            unpublished.remove(modelId);
        }
        if (!learner.hasUnsavedChanges()) {
            return;
        }
        LearnerState state = learner.learnerState();
        LearnerState successor = learner.successorState();
        modelState.update(learner.modelState(state, successor));
        if (state != null) {
            chunks.save(state, learner.savedArrays());
            learner.savedArrays(SavedArrays.of(state));
        }
        if (successor == null) {
            successorChunks.clear();
            learner.savedSuccessor(SavedArrays.NONE);
        } else {
            successorChunks.save(successor, learner.savedSuccessor());
            learner.savedSuccessor(SavedArrays.of(successor));
        }
        pendingExamples.update(learner.pendingExamples());
        learner.markSaved();
    }

    @Override
    protected Learner load(String modelId) throws Exception {
        ModelState saved = modelState.value();
        if (saved == null) {
            return new Learner(modelId, workspace);
        }
        LearnerStateHeader model = saved.model();
        LearnerStateHeader successor = saved.successor();
        Learner learner;
        try {
            learner =
                    Learner.restore(
                            modelId,
                            workspace,
                            saved,
                            model == null ? null : chunks.load(model),
                            successor == null ? null : successorChunks.load(successor),
                            pendingExamples.value());
        } catch (StateMismatchException e) {
            // A restart would find the same state and the same configuration.
            throw new SuppressRestartsException(e);
        }
        clearUnconfiguredArrays(learner, model, successor);
        logNewFeatures(model);
        Long published = recentlyPublished.get(modelId);
        if (published != null) {
            learner.publishedAt(published);
        }
        return learner;
    }

    /** Logs that an ensemble has new features; the first model for which this happens. */
    private void logNewFeatures(@Nullable LearnerStateHeader model) {
        LearnerStateHeader.EnsembleHeader ensemble = model == null ? null : model.ensemble();
        int numFeatures = workspace.config().learner().numFeatures();
        if (ensemble == null
                || workspace.config().learner().isSparse()
                || ensemble.featureWeights().length == numFeatures
                || loggedNewFeatures) {
            return;
        }
        loggedNewFeatures = true;
        LOG.info(
                "The state of model \"{}\" has {} features, and there are {} now: the ferns and the"
                    + " nearest examples of its ensemble begin anew, since their tests and"
                    + " distances are others; everything else goes on. The same for further models"
                    + " is not logged.",
                getCurrentKey(),
                ensemble.featureWeights().length,
                numFeatures);
    }

    /**
     * Removes the arrays of an optimiser that is not configured any more from the state of a
     * restored model. The first model for which this happens is logged.
     */
    private void clearUnconfiguredArrays(
            Learner learner,
            @Nullable LearnerStateHeader model,
            @Nullable LearnerStateHeader successor) {
        List<String> removed = model == null ? List.of() : chunks.clearUnconfigured(model);
        List<String> removedOfSuccessor =
                successor == null ? List.of() : successorChunks.clearUnconfigured(successor);
        if (removed.isEmpty() && removedOfSuccessor.isEmpty()) {
            return;
        }
        // The headers in state still name the removed arrays.
        learner.markChanged();
        if (!loggedOptimizerReset) {
            loggedOptimizerReset = true;
            LOG.info(
                    "The state of model \"{}\" was saved with another optimiser, whose arrays {}"
                        + " are removed; the state of the configured optimiser begins at zero. The"
                        + " same for further models of this kind is not logged.",
                    getCurrentKey(),
                    removed.isEmpty() ? removedOfSuccessor : removed);
        }
    }

    @Override
    public void close() throws Exception {
        try {
            super.close();
        } finally {
            if (workspace != null) {
                closeWorkspace();
            }
        }
    }

    /** Frees the workspace. After an error of the device, CUDA reports it for each call again. */
    private void closeWorkspace() {
        try {
            workspace.close();
        } catch (DeviceException e) {
            if (DeviceFailure.noted().isEmpty()) {
                DeviceFailure.note(e);
                throw e;
            }
            LOG.debug("The memory of a GPU was not freed after its error", e);
        }
    }
}
