package io.freshet.learn;

import io.freshet.config.Key;
import io.freshet.ingest.Audit;
import io.freshet.ingest.EventOutcome;
import io.freshet.ingest.ExampleBlock;
import io.freshet.ingest.IgnoredReason;
import io.freshet.ingest.MissingValues;
import io.freshet.ingest.Origins;
import io.freshet.ingest.PartitionTallies;
import io.freshet.ingest.PartitionTally;
import io.freshet.ingest.RoundedValues;
import io.freshet.ingest.SourcePartition;
import io.freshet.learn.drift.DetectorReport;
import io.freshet.learn.drift.DriftAlert;
import io.freshet.learn.drift.DriftMonitor;
import io.freshet.learn.drift.DriftMonitorState;
import io.freshet.model.BlockWorkspaces;
import io.freshet.model.LearnerCounters;
import io.freshet.model.LearnerSettings;
import io.freshet.model.LearnerState;
import io.freshet.model.SoftmaxLearner;
import io.freshet.model.SoftmaxLearner.Remainder;
import io.freshet.model.ensemble.EnsembleParameters;
import io.freshet.model.ensemble.EnsembleRule;
import io.freshet.model.ensemble.EnsembleState;
import io.freshet.model.example.Evaluation;
import io.freshet.model.example.Examples;
import io.freshet.model.example.FiniteCheck;
import io.freshet.model.scale.ScalerRule;
import io.freshet.model.sparse.SparseParameters;
import io.freshet.model.sparse.SparseState;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * Test-then-train of one model on blocks of examples: divides the stream into mini-batches by
 * count, trains on each, and keeps the model's audit.
 *
 * <p>Labelled examples are pending until their mini-batch is full; only then are they scored,
 * trained on and counted. An example without a label is predicted by the parameters at its place in
 * the stream: those after the last full mini-batch before it. So the results do not depend on how
 * the stream was cut into blocks, except for rounding. If {@link LearnConfig#blocksByCount},
 * examples with and without a label are pending until they fill an execution block, and the results
 * do not depend on the arriving blocks at all. It does not depend on Flink or on a clock, and it is
 * not thread-safe.
 */
public final class Learner implements AutoCloseable {
    private static final long NEVER = Long.MAX_VALUE;

    private static final DetectorReport[] NO_REPORTS = {};
    private static final String[] NO_NAMES = {};
    private static final Origins NO_ORIGINS = new Origins();
    private static final ExpertCombination[] NO_COMBINATIONS = {};

    private final String modelId;
    private final LearnerWorkspace workspace;
    private final LearnConfig config;
    private final Audit audit;
    private final PartitionTallies read;
    private final ModelClasses classes;
    private final Map<SourcePartition, Long> lastOffsets = new LinkedHashMap<>();
    private long timestamp = ModelProgress.NO_TIMESTAMP;
    private long publishedVersion = -1;
    private boolean changed;

    // Processing times that the operator keeps here; they do not affect training.
    private long deadline = NEVER;
    private long publishedAt = Long.MIN_VALUE / 2;

    private @Nullable SoftmaxLearner model;

    /** The current call; null between calls. */
    private @Nullable Call call;

    /** Examples that wait for later ones; null between calls if there are none. */
    private @Nullable PendingExamples pending;

    /** Pending examples from state, until the first call appends them. Not modified. */
    private @Nullable ExampleBlock restoredExamples;

    private final @Nullable DriftMonitor driftMonitor;

    /**
     * State of detectors that are disabled in this configuration; kept so that alert sequence
     * numbers continue.
     */
    private @Nullable DriftMonitorState detachedDriftState;

    /** Number of missing values of each feature; null while there are none. */
    private long @Nullable [] missing;

    private SavedArrays savedArrays = SavedArrays.NONE;
    private SavedArrays savedSuccessor = SavedArrays.NONE;

    /** Numbers of values that one float does not hold. */
    private final RoundedValues rounded = new RoundedValues();

    /** Creates the learner of a new model. */
    public Learner(String modelId, LearnerWorkspace workspace) {
        this(modelId, workspace, new Audit(), new PartitionTallies());
    }

    private Learner(
            String modelId, LearnerWorkspace workspace, Audit audit, PartitionTallies read) {
        this.modelId = modelId;
        this.workspace = workspace;
        this.config = workspace.config();
        this.audit = audit;
        this.read = read;
        this.classes = new ModelClasses(config.classes(), config.learner().numClasses());
        driftMonitor =
                config.drift().detectors().isEmpty()
                        ? null
                        : new DriftMonitor(
                                modelId,
                                config.drift(),
                                config.learner(),
                                audit.count(EventOutcome.ACCEPTED),
                                workspace::blocks,
                                workspace.successorEvaluation(),
                                classes::name);
    }

    /**
     * Restores a learner from the saved state of another, which may have fewer features and
     * classes: those that the configuration adds at the end begin with parameters 0.
     *
     * @param modelState {@link #modelState} of the other. Not modified.
     * @param learnerState {@link #learnerState()} of the other
     * @param successorState {@link #successorState()} of the other
     * @param pendingExamples {@link #pendingExamples()} of the other. Not modified.
     * @throws StateMismatchException if the state does not fit the configuration
     */
    public static Learner restore(
            String modelId,
            LearnerWorkspace workspace,
            ModelState modelState,
            @Nullable LearnerState learnerState,
            @Nullable LearnerState successorState,
            @Nullable ExampleBlock pendingExamples) {
        LearnConfig config = workspace.config();
        RestoredState saved =
                new RestoredState(
                        modelId, modelState, learnerState, successorState, pendingExamples);
        RestoredState restored = saved.extendedTo(config);
        PartitionTally[] partitions = modelState.partitions();
        Learner learner =
                new Learner(
                        modelId,
                        workspace,
                        modelState.audit().copy(),
                        partitions == null
                                ? new PartitionTallies()
                                : new PartitionTallies(partitions));
        for (PartitionOffset last : modelState.offsets()) {
            learner.lastOffsets.put(
                    new SourcePartition(last.topic(), last.partition()), last.offset());
        }
        learner.classes.restore(modelState.classes());
        learner.timestamp = modelState.timestamp();
        learner.publishedVersion = modelState.publishedVersion();
        learner.missing = saved.missing(config);
        if (modelState.rounded() != null) {
            for (FeatureCount counted : modelState.rounded()) {
                learner.rounded.add(counted.feature(), counted.count());
            }
        }
        if (config.miniBatchMaxWait() != null) {
            learner.deadline = modelState.deadline();
        }
        if (learnerState != null && restored.learnerState() != null) {
            learner.savedArrays = SavedArrays.of(learnerState);
            learner.model = new SoftmaxLearner(workspace.blocks(), restored.learnerState());
        }
        DriftMonitorState drift = modelState.drift();
        if (learner.driftMonitor == null) {
            learner.detachedDriftState = drift;
        } else if (drift != null) {
            learner.driftMonitor.restore(drift, restored.successorState());
        }
        learner.restoredExamples = restored.pendingExamples();
        return learner;
    }

    /**
     * Processes a block: predicts its unlabelled examples, tests and trains on the mini-batches
     * that its labelled ones complete, and keeps copies of those left over. If {@link
     * LearnConfig#blocksByCount}, this is done with the execution blocks that it completes.
     *
     * @param newBlock the next examples of this model, and the audit of events that did not become
     *     examples. Not modified, not kept.
     * @param predictions receives the predictions for the examples without a label, in their order
     * @param alerts receives the drifts that were detected, in their order
     * @return the scores of the examples in the mini-batches that were completed
     */
    public BlockEvaluation process(
            ExampleBlock newBlock, Consumer<Prediction> predictions, Consumer<DriftAlert> alerts) {
        begin(newBlock, predictions, alerts);
        runTogether(List.of(this));
        return end();
    }

    /**
     * Begins {@link #process} in pieces, so that learners can run together: {@link #runTogether}
     * and {@link #end} must follow.
     *
     * @param newBlock Not modified, not kept after {@link #end}.
     */
    void begin(
            ExampleBlock newBlock, Consumer<Prediction> predictions, Consumer<DriftAlert> alerts) {
        appendRestoredExamples();
        audit.add(newBlock.audit());
        read.addAll(newBlock.read());
        rounded.addAll(newBlock.rounded());
        changed = true;
        ExampleBlock block = countMissing(resolveClasses(newBlock));
        if (pending == null) {
            beginCall(block, false, predictions, alerts);
        } else {
            pending.append(block);
            beginCall(null, false, predictions, alerts);
        }
    }

    /** The examples of a call, and where their results go. */
    private static final class Call {
        private final Examples examples;
        private final Origins origins;
        private final Consumer<Prediction> predictions;
        private final BlockResults results;

        /** The examples' block; null if they are the pending ones. */
        private final @Nullable ExampleBlock block;

        Call(
                Examples examples,
                Origins origins,
                @Nullable ExampleBlock block,
                Consumer<Prediction> predictions,
                BlockResults results) {
            this.examples = examples;
            this.origins = origins;
            this.block = block;
            this.predictions = predictions;
            this.results = results;
        }
    }

    /**
     * @param block a block to train on without copying it, when nothing is pending; null to train
     *     on the pending examples
     * @param closeLast whether to close the incomplete mini-batch
     */
    private void beginCall(
            @Nullable ExampleBlock block,
            boolean closeLast,
            Consumer<Prediction> predictions,
            Consumer<DriftAlert> alerts) {
        PendingExamples waiting = pending;
        Examples examples;
        Origins origins;
        if (block != null) {
            examples = block.examples();
            origins = block.origins();
        } else if (waiting != null) {
            examples = waiting.examples();
            origins = waiting.origins();
        } else {
            examples = config.learner().newExamples(0);
            origins = NO_ORIGINS;
        }
        BlockResults results = workspace.takeResults();
        results.begin(examples.size());
        call = new Call(examples, origins, block, predictions, results);
        if (examples.size() == 0) {
            return;
        }
        if (driftMonitor != null) {
            driftMonitor.begin(origins, alerts);
        }
        Remainder remainder =
                config.blocksByCount() ? Remainder.WITHOUT_BLOCK : Remainder.WITHOUT_MINI_BATCH;
        model().begin(
                        examples,
                        closeLast ? Remainder.LEARNT : remainder,
                        results.rows(),
                        driftMonitor);
    }

    private Call call() {
        Call current = call;
        if (current == null) {
            throw new IllegalStateException("the learner is not in the middle of a call");
        }
        return current;
    }

    /**
     * Trains the models of different learners, each on the examples with which it has begun. Blocks
     * that are full at the same time run together, where they are on one device.
     */
    static void runTogether(List<Learner> learners) {
        List<SoftmaxLearner> models = new ArrayList<>();
        for (Learner learner : learners) {
            if (learner.call().examples.size() > 0) {
                models.add(learner.model());
            }
        }
        SoftmaxLearner.runToEnd(models);
    }

    /** Ends what {@link #begin} has begun, and returns the scores of the examples. */
    BlockEvaluation end() {
        Call ended = call();
        call = null;
        if (ended.examples.size() > 0) {
            if (driftMonitor != null) {
                driftMonitor.end();
            }
            boolean somePending = record(ended);
            keepPending(ended, somePending);
            changed = true;
        }
        BlockEvaluation evaluation = ended.results.evaluation(modelId, progress());
        workspace.recycle(ended.results);
        return evaluation;
    }

    /**
     * Returns a block whose labels are indices of the model's classes, to which new ones are added,
     * where classes are open. Examples for whose class there is no room are ignored.
     */
    private ExampleBlock resolveClasses(ExampleBlock block) {
        List<String> names = block.classNames();
        if (names.isEmpty()) {
            return block;
        }
        int[] indexes = new int[names.size()];
        boolean fit = true;
        for (int i = 0; i < indexes.length; i++) {
            indexes[i] = classes.indexOf(names.get(i));
            fit &= indexes[i] != ModelClasses.NONE;
        }
        int[] labels = new int[block.size()];
        for (int row = 0; row < labels.length; row++) {
            int label = block.examples().labels()[row];
            labels[row] = label == Examples.UNLABELLED ? label : indexes[label];
        }
        Examples examples = block.examples().withLabels(labels);
        if (fit) {
            return new ExampleBlock(modelId, examples, block.origins());
        }
        Examples kept = config.learner().newExamples(examples.numTargets());
        Origins origins = new Origins();
        for (int row = 0; row < labels.length; row++) {
            boolean isLabelled = block.examples().labels()[row] != Examples.UNLABELLED;
            if (isLabelled && labels[row] == ModelClasses.NONE) {
                audit.ignore(block.origins().hash(row), IgnoredReason.CLASS_CAPACITY);
            } else {
                kept.addFrom(examples, row);
                origins.addFrom(block.origins(), row);
            }
        }
        return new ExampleBlock(modelId, kept, origins);
    }

    /**
     * Counts the missing values of a block; sparse examples do not have them. Returns the block, or
     * a copy in which they are 0 if that is how they are configured to be treated.
     */
    private ExampleBlock countMissing(ExampleBlock block) {
        if (config.learner().isSparse()) {
            return block;
        }
        float[] features = block.examples().features();
        int numFeatures = config.learner().numFeatures();
        if (config.missing() == MissingValues.DEAD_LETTER
                || FiniteCheck.allFinite(features, 0, block.size() * numFeatures)) {
            return block;
        }
        long[] counts = missing == null ? new long[numFeatures] : missing;
        missing = counts;
        for (int i = 0; i < block.size() * numFeatures; i++) {
            if (Float.isNaN(features[i])) {
                counts[i % numFeatures]++;
            }
        }
        if (config.missing() == MissingValues.MEAN) {
            return block;
        }
        Examples examples = block.examples().copy();
        examples.setMissingToZero();
        return new ExampleBlock(modelId, examples, block.origins());
    }

    /** Closes the incomplete mini-batch and execution block, however few examples they have. */
    public BlockEvaluation closeMiniBatch(
            Consumer<Prediction> predictions, Consumer<DriftAlert> alerts) {
        appendRestoredExamples();
        beginCall(null, true, predictions, alerts);
        runTogether(List.of(this));
        return end();
    }

    /** Makes restored examples pending; they may fill mini-batches if those are smaller now. */
    private void appendRestoredExamples() {
        ExampleBlock restored = restoredExamples;
        restoredExamples = null;
        if (restored != null && restored.size() > 0) {
            pending = workspace.takePending();
            pending.append(restored);
        }
    }

    /** Keeps copies of the examples that wait for later ones. */
    private void keepPending(Call ended, boolean somePending) {
        PendingExamples waiting = pending;
        if (ended.block == null && waiting != null) {
            waiting.retainPending(ended.results.rows());
            if (waiting.isEmpty()) {
                pending = null;
                workspace.recyclePending(waiting);
            }
        } else if (ended.block != null && somePending) {
            pending = workspace.takePending();
            pending.appendPending(ended.block, ended.results.rows());
        }
    }

    /** Records the results of the examples; returns whether some are pending. */
    private boolean record(Call ended) {
        Examples examples = ended.examples;
        Origins origins = ended.origins;
        BlockResults results = ended.results;
        Evaluation evaluation = results.rows();
        int inMiniBatch = 0;
        long examplesSeen = audit.count(EventOutcome.ACCEPTED);
        int lastAccepted = -1;
        boolean somePending = false;
        for (int i = 0; i < examples.size(); i++) {
            boolean isLabelled = examples.labels()[i] != Examples.UNLABELLED;
            if (inMiniBatch == 0) {
                examplesSeen = audit.count(EventOutcome.ACCEPTED);
            }
            switch (evaluation.outcome(i)) {
                case TRAINED -> {
                    // Offsets increase within a partition, so the last of a run is the largest.
                    if (lastAccepted >= 0
                            && origins.sourceIndex(i) != origins.sourceIndex(lastAccepted)) {
                        recordOffset(origins, lastAccepted);
                    }
                    lastAccepted = i;
                    accept(origins, i);
                    results.addExample(examples, evaluation, i);
                    if (evaluation.keepsAll()) {
                        int label = examples.labels()[i];
                        double loss = evaluation.losses()[i];
                        ended.predictions.accept(prediction(ended, i, examplesSeen, label, loss));
                    }
                }
                case SKIPPED_LOSS -> ignore(origins, i, IgnoredReason.NON_FINITE_LOSS);
                case SKIPPED_STEP -> ignore(origins, i, IgnoredReason.NON_FINITE_STEP);
                case WEIGHTLESS -> ignore(origins, i, IgnoredReason.ZERO_WEIGHT);
                case PREDICTED -> predict(ended, i, examplesSeen);
                case PENDING -> somePending = true;
            }
            if (isLabelled && ++inMiniBatch == config.learner().miniBatchSize()) {
                results.endMiniBatch();
                inMiniBatch = 0;
            }
        }
        results.endMiniBatch();
        if (lastAccepted >= 0) {
            recordOffset(origins, lastAccepted);
        }
        return somePending;
    }

    private void ignore(Origins origins, int row, IgnoredReason reason) {
        audit.ignore(origins.hash(row), reason);
        deadline = NEVER;
    }

    private void accept(Origins origins, int row) {
        audit.accept(origins.hash(row));
        deadline = NEVER;
        timestamp = Math.max(timestamp, origins.timestamp(row));
    }

    private void recordOffset(Origins origins, int row) {
        lastOffsets.merge(origins.source(row), origins.offset(row), Math::max);
    }

    private void predict(Call ended, int row, long examplesSeen) {
        Origins origins = ended.origins;
        Evaluation evaluation = ended.results.rows();
        float[] probabilities = evaluation.probabilities(row);
        if (config.classesAreOpen() && evaluation.modelVersion(row) == 0) {
            // The only class that a model has before its first step may not have a name yet.
            audit.ignore(origins.hash(row), IgnoredReason.NO_CLASS);
            return;
        }
        if (!FiniteCheck.allFinite(probabilities, 0, probabilities.length)) {
            audit.ignore(origins.hash(row), IgnoredReason.NON_FINITE_PREDICTION);
            return;
        }
        audit.unlabelled(origins.hash(row));
        ended.results.addPrediction(evaluation.confidences()[row]);
        ended.predictions.accept(
                prediction(ended, row, examplesSeen, Prediction.UNLABELLED, Double.NaN));
    }

    private Prediction prediction(Call ended, int row, long examplesSeen, int label, double loss) {
        Origins origins = ended.origins;
        Evaluation evaluation = ended.results.rows();
        SourcePartition source = origins.source(row);
        float[] probabilities = evaluation.probabilities(row);
        return new Prediction(
                modelId,
                origins.id(row),
                origins.timestamp(row),
                new PartitionOffset(source.topic(), source.partition(), origins.offset(row)),
                evaluation.modelVersion(row),
                examplesSeen,
                evaluation.predictedClasses()[row],
                classes.shared(probabilities.length),
                probabilities,
                label,
                loss);
    }

    /** The model, created on first use: a model that receives only dead letters has none. */
    private SoftmaxLearner model() {
        SoftmaxLearner live = model;
        if (live == null) {
            BlockWorkspaces blocks = workspace.blocks();
            live = new SoftmaxLearner(blocks, initialState(blocks.settings(1)));
            model = live;
        }
        return live;
    }

    private LearnerState initialState(LearnerSettings settings) {
        ModelStart start = config.start();
        return start == null ? LearnerState.initial(settings) : start.state(settings);
    }

    private long modelVersion() {
        return model == null ? 0 : model.modelVersion();
    }

    private ModelProgress progress() {
        SoftmaxLearner live = model;
        LearnerCounters counters = live == null ? LearnerCounters.NONE : live.counters();
        return new ModelProgress(
                counters.modelVersion(),
                counters.skippedSteps(),
                timestamp,
                audit.copy(),
                lastOffsets(),
                read.toArray(),
                live == null ? config.learner().learningRate() : live.learningRate(),
                experts(),
                combinations(),
                counters.rollBacks(),
                live == null ? Double.NaN : live.gradientNorm(),
                live == null ? 0 : live.parameterNorm(),
                alerts(),
                live == null ? FeatureCounts.NONE : FeatureCounts.of(live.clippedValues()),
                featureCounts(missing),
                FeatureCounts.of(rounded),
                live == null || !config.learner().isSparse() ? 0 : live.numColumns(),
                driftMonitor == null ? NO_REPORTS : driftMonitor.reports(),
                workspace.device(),
                openClasses());
    }

    /** Returns the names of the model's classes, where classes are open; none before a step. */
    private String[] openClasses() {
        SoftmaxLearner live = model;
        return config.classesAreOpen() && live != null && live.modelVersion() > 0
                ? classes.first(live.settings().numClasses())
                : NO_NAMES;
    }

    private static FeatureCounts featureCounts(long @Nullable [] counts) {
        return counts == null ? FeatureCounts.NONE : FeatureCounts.of(counts);
    }

    private long alerts() {
        if (driftMonitor != null) {
            return driftMonitor.alerts();
        }
        return detachedDriftState == null ? 0 : detachedDriftState.alerts();
    }

    private Expert[] experts() {
        SoftmaxLearner live = model;
        int rates = config.learner().numRates();
        String[] expertNames = workspace.expertNames();
        Expert[] experts = new Expert[expertNames.length];
        for (int k = 0; k < experts.length; k++) {
            boolean isRate = k < rates;
            experts[k] =
                    new Expert(
                            expertNames[k],
                            isRate ? config.learner().learningRates().get(k) : Double.NaN,
                            live == null ? 1.0 / experts.length : live.weight(k),
                            live == null || !isRate ? 0 : live.restarts(k),
                            live == null ? Double.NaN : live.stackWeight(k),
                            live == null ? Double.NaN : live.correctionWeight(k),
                            live == null ? Double.NaN : live.loss(k));
        }
        return experts;
    }

    private ExpertCombination[] combinations() {
        SoftmaxLearner live = model;
        if (config.learner().ensemble() == null) {
            return NO_COMBINATIONS;
        }
        ExpertCombination[] combinations = new ExpertCombination[EnsembleRule.COMBINATIONS.size()];
        for (int k = 0; k < combinations.length; k++) {
            combinations[k] =
                    new ExpertCombination(
                            EnsembleRule.COMBINATIONS.get(k),
                            live == null ? 1.0 / combinations.length : live.combinationWeight(k),
                            live == null ? Double.NaN : live.combinationLoss(k));
        }
        return combinations;
    }

    private PartitionOffset[] lastOffsets() {
        return lastOffsets.entrySet().stream()
                .map(
                        last ->
                                new PartitionOffset(
                                        last.getKey().topic(),
                                        last.getKey().partition(),
                                        last.getValue()))
                .toArray(PartitionOffset[]::new);
    }

    /** Returns whether there are examples that wait for later ones. */
    boolean hasPendingExamples() {
        return pending != null || restoredExamples != null;
    }

    /** Returns whether there are pending examples without a deadline for their mini-batch. */
    boolean needsDeadline() {
        return hasPendingExamples() && deadline == NEVER;
    }

    /** Returns whether there are pending examples whose mini-batch should be closed by now. */
    boolean isOverdue(long now) {
        return hasPendingExamples() && deadline <= now;
    }

    /** Sets when to close the incomplete mini-batch; closing it removes the deadline. */
    void setDeadline(long newDeadline) {
        deadline = newDeadline;
    }

    /** Returns when this object last published a snapshot, as set by {@link #publishedAt(long)}. */
    long publishedAt() {
        return publishedAt;
    }

    void publishedAt(long now) {
        publishedAt = now;
    }

    /** Returns whether the parameters have changed since they were last published. */
    boolean hasNewVersion() {
        return modelVersion() > Math.max(0, publishedVersion);
    }

    /** Returns a snapshot of the parameters and records that it is published. */
    ModelSnapshot publish() {
        LearnerState state = model().state();
        SparseState sparse = state.sparse();
        EnsembleState ensemble = state.ensemble();
        ScalerRule scaler = sparse == null ? config.learner().scaler() : null;
        publishedVersion = state.counters().modelVersion();
        changed = true;
        return new ModelSnapshot(
                modelId,
                progress(),
                state.parameters(),
                state.scaler().count(),
                scaler == null ? null : state.scaler().mean(),
                scaler == null ? null : state.scaler().variance(),
                scaler == null ? null : scaler.limits(state.scaler()),
                model().settings().numOutputs(),
                config.learner().loss().activation().name().toLowerCase(Locale.ROOT),
                sparse == null ? null : SparseParameters.of(sparse),
                ensemble == null
                        ? null
                        : EnsembleParameters.of(
                                ensemble, config.learner().numExperts(), state.weights()));
    }

    /** Returns whether something has changed since the last {@link #markSaved()}. */
    boolean hasUnsavedChanges() {
        return changed;
    }

    /** Records that the state in Flink must be written again. */
    void markChanged() {
        changed = true;
    }

    /** Records that the current state has been saved. */
    void markSaved() {
        changed = false;
    }

    /** Returns the state of the model in new arrays; null if there is no model yet. */
    public @Nullable LearnerState learnerState() {
        return model == null ? null : model.state();
    }

    /** Returns the arrays that are in Flink's state. */
    SavedArrays savedArrays() {
        return savedArrays;
    }

    void savedArrays(SavedArrays saved) {
        savedArrays = saved;
    }

    /** Returns the arrays of the {@link #successorState()} that are in Flink's state. */
    SavedArrays savedSuccessor() {
        return savedSuccessor;
    }

    void savedSuccessor(SavedArrays saved) {
        savedSuccessor = saved;
    }

    /**
     * Returns the state of the learner that was started at a drift warning, in new arrays; null if
     * there is none.
     */
    public @Nullable LearnerState successorState() {
        return driftMonitor == null ? null : driftMonitor.successorState();
    }

    /**
     * Returns the state of this learner in new arrays, without the pending examples and the large
     * arrays that {@link ModelChunks} stores.
     *
     * @param learnerState the current {@link #learnerState()}
     * @param successorState the current {@link #successorState()}
     */
    public ModelState modelState(
            @Nullable LearnerState learnerState, @Nullable LearnerState successorState) {
        return new ModelState(
                classes.toArray(),
                deadline,
                publishedVersion,
                timestamp,
                audit.copy(),
                lastOffsets(),
                learnerState == null ? null : header(learnerState),
                driftMonitor == null ? detachedDriftState : driftMonitor.state(),
                successorState == null ? null : header(successorState),
                read.toArray(),
                copy(missing),
                rounded.isEmpty() ? null : FeatureCounts.all(rounded),
                Key.kebab(config.encoding()));
    }

    private static long @Nullable [] copy(long @Nullable [] counts) {
        return counts == null ? null : counts.clone();
    }

    private LearnerStateHeader header(LearnerState state) {
        return LearnerStateHeader.of(state, config.learner().numFeatures());
    }

    /** Returns the examples that wait for later ones, in a block; null if there are none. */
    public @Nullable ExampleBlock pendingExamples() {
        if (restoredExamples != null) {
            return restoredExamples;
        }
        return pending == null ? null : pending.toBlock(modelId);
    }

    @Override
    public void close() {
        if (model != null) {
            model.close();
        }
        if (driftMonitor != null) {
            driftMonitor.close();
        }
    }
}
