package io.freshet.learn;

import io.freshet.config.Key;
import io.freshet.ingest.Audit;
import io.freshet.ingest.ExampleBlock;
import io.freshet.ingest.Fate;
import io.freshet.ingest.IgnoredReason;
import io.freshet.ingest.IngestConfig;
import io.freshet.ingest.Origin;
import io.freshet.learn.drift.DetectorReport;
import io.freshet.learn.drift.DriftAlert;
import io.freshet.learn.drift.DriftMonitor;
import io.freshet.learn.drift.DriftMonitorState;
import io.freshet.model.LearnerCounters;
import io.freshet.model.LearnerState;
import io.freshet.model.SoftmaxLearner;
import io.freshet.model.example.Evaluation;
import io.freshet.model.example.Examples;
import io.freshet.model.scale.ScalerType;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * One model's test-then-train: cuts mini-batches by count out of whatever blocks arrive, steps, and
 * keeps the model's audit.
 *
 * <p>Labelled rows wait until their mini-batch is full; only then are they scored, trained on and
 * counted. Unlabelled rows are answered by the parameters in force at their place in the stream:
 * those after the last full mini-batch before them. So nothing here but the rounding depends on how
 * the stream was cut into blocks. Knows no Flink and no clock. Not thread-safe.
 */
public final class Learner implements AutoCloseable {
    private static final long NEVER = Long.MAX_VALUE;

    private static final DetectorReport[] NO_REPORTS = {};

    private final String modelId;
    private final LearnerWorkspace workspace;
    private final LearnConfig config;
    private final Audit audit;
    private final Map<ExampleBlock.Source, Long> lastOffsets = new LinkedHashMap<>();
    private long timestamp = ModelProgress.NO_TIMESTAMP;
    private long publishedVersion = -1;
    private boolean changed;

    // When, in processing time: kept for the operator, of no meaning to what is learnt.
    private long deadline = NEVER;
    private long publishedAt = Long.MIN_VALUE / 2;

    private @Nullable SoftmaxLearner model;

    /** Rows that wait for their mini-batch to be full; null between blocks if there are none. */
    private @Nullable PendingExamples pending;

    private Origin newest = Origin.NONE;
    private @Nullable ExampleBlock restoredRows;
    private final @Nullable DriftMonitor watch;

    /** What detectors remembered that are switched off: their alerts go on from it. */
    private @Nullable DriftMonitorState restingDrift;

    /** The last good parameters that are in state: they change seldom. */
    private float[] savedGoodParameters = new float[0];

    /** A learner of a model that has seen nothing. */
    public Learner(String modelId, LearnerWorkspace workspace) {
        this(modelId, workspace, Audit.empty());
    }

    private Learner(String modelId, LearnerWorkspace workspace, Audit audit) {
        this.modelId = modelId;
        this.workspace = workspace;
        this.config = workspace.config();
        this.audit = audit;
        watch =
                config.drift().detectors().isEmpty()
                        ? null
                        : new DriftMonitor(
                                modelId,
                                config.drift(),
                                config.learner(),
                                audit.count(Fate.ACCEPTED),
                                workspace::blocks,
                                workspace.successorEvaluation());
    }

    /**
     * A learner that goes on where another was saved.
     *
     * @param memory not modified
     * @param state its parameters, if it had any
     * @param successor those of a learner that was started at a warning, if there was one
     * @param rows its open mini-batch
     */
    public static Learner restore(
            String modelId,
            LearnerWorkspace workspace,
            ModelState memory,
            @Nullable LearnerState state,
            @Nullable LearnerState successor,
            @Nullable ExampleBlock rows) {
        LearnConfig config = workspace.config();
        if (!Arrays.asList(memory.classes()).equals(config.classes())) {
            throw new StateMismatchException(
                    "The state of model \""
                            + modelId
                            + "\" has the classes "
                            + Arrays.toString(memory.classes())
                            + ", the configuration "
                            + config.classes());
        }
        Learner learner = new Learner(modelId, workspace, memory.audit().copy());
        for (PartitionOffset last : memory.offsets()) {
            learner.lastOffsets.put(
                    new ExampleBlock.Source(last.topic(), last.partition()), last.offset());
        }
        learner.timestamp = memory.timestamp();
        learner.publishedVersion = memory.publishedVersion();
        if (config.miniBatchMaxWait() != null) {
            learner.deadline = memory.deadline();
        }
        if (rows != null && rows.numTargets() != config.numTargets()) {
            throw new StateMismatchException(
                    "The state of model \""
                            + modelId
                            + "\" has an open mini-batch whose labels have "
                            + rows.numTargets()
                            + " values each; the configuration, "
                            + IngestConfig.LABEL_TYPE
                            + " = "
                            + Key.kebab(config.labelType())
                            + ", asks for "
                            + config.numTargets());
        }
        if (state != null) {
            int expected = config.learner().numParameters();
            if (state.parameters().length != expected) {
                throw new StateMismatchException(
                        "The state of model \""
                                + modelId
                                + "\" has "
                                + state.parameters().length
                                + " parameters; the configuration asks for ("
                                + config.learner().numFeatures()
                                + " features + 1) x "
                                + config.learner().numOutputs()
                                + " outputs x "
                                + config.learner().numRates()
                                + " learning rates = "
                                + expected);
            }
            learner.savedGoodParameters = state.goodParameters();
            learner.model = new SoftmaxLearner(workspace.blocks(), state);
        }
        DriftMonitorState drift = memory.drift();
        if (learner.watch == null) {
            learner.restingDrift = drift;
        } else if (drift != null) {
            learner.watch.restore(drift, successor);
        }
        learner.restoredRows = rows;
        return learner;
    }

    /**
     * Takes a block.
     *
     * @param block the next examples of this model, and events that became none. Not modified.
     * @param predictions takes the answers to the rows without a label, in their order
     * @param alerts takes the drifts that were found, in their order
     * @return what was found about the examples whose mini-batches were completed
     */
    public BlockEvaluation process(
            ExampleBlock block, Consumer<Prediction> predictions, Consumer<DriftAlert> alerts) {
        takeRestoredRows();
        audit.add(block.audit());
        take(block);
        learn(false, predictions, alerts);
        changed = true;
        return workspace.results().evaluation(modelId, progress());
    }

    /** Closes the open mini-batch, however short. */
    public BlockEvaluation closeMiniBatch(
            Consumer<Prediction> predictions, Consumer<DriftAlert> alerts) {
        takeRestoredRows();
        learn(true, predictions, alerts);
        return workspace.results().evaluation(modelId, progress());
    }

    /** Rows that were saved in an open mini-batch fill it again, or the smaller ones of today. */
    private void takeRestoredRows() {
        ExampleBlock rows = restoredRows;
        restoredRows = null;
        if (rows != null) {
            take(rows);
        }
    }

    private void take(ExampleBlock block) {
        PendingExamples rows = pending;
        if (rows == null) {
            rows = workspace.takePending();
            pending = rows;
        }
        rows.append(block);
    }

    private void learn(
            boolean closeLast, Consumer<Prediction> predictions, Consumer<DriftAlert> alerts) {
        PendingExamples rows = pending;
        BlockResults results = workspace.results();
        results.begin(rows == null ? 0 : rows.size());
        if (rows == null) {
            return;
        }
        if (rows.size() > 0) {
            learn(rows, closeLast, predictions, alerts);
        }
        if (rows.size() == 0) {
            pending = null;
            workspace.handBack(rows);
        }
    }

    private void learn(
            PendingExamples rows,
            boolean closeLast,
            Consumer<Prediction> predictions,
            Consumer<DriftAlert> alerts) {
        Examples examples = rows.examples();
        Origin[] origins = rows.origins();
        Evaluation evaluation = workspace.evaluation();
        BlockResults results = workspace.results();
        if (watch == null) {
            model().learn(examples, closeLast, evaluation);
        } else {
            watch.begin(origins, alerts);
            model().learn(examples, closeLast, evaluation, watch);
            watch.end();
        }
        int inMiniBatch = 0;
        for (int i = 0; i < examples.size(); i++) {
            Origin origin = origins[i];
            boolean isLearnt = examples.labels()[i] != Examples.UNLABELLED;
            switch (evaluation.outcome(i)) {
                case TRAINED -> {
                    accept(origin);
                    results.addExample(examples, evaluation, i);
                }
                case SKIPPED_LOSS -> ignore(origin, IgnoredReason.NON_FINITE_LOSS);
                case SKIPPED_STEP -> ignore(origin, IgnoredReason.NON_FINITE_STEP);
                case WEIGHTLESS -> ignore(origin, IgnoredReason.ZERO_WEIGHT);
                case ANSWERED -> answer(i, origin, predictions);
                case OPEN -> {}
            }
            if (isLearnt && ++inMiniBatch == config.learner().miniBatchSize()) {
                results.endMiniBatch();
                inMiniBatch = 0;
            }
        }
        results.endMiniBatch();
        noteOffset(newest);
        newest = Origin.NONE;
        rows.retainOpen(evaluation);
        changed = true;
    }

    private void ignore(Origin origin, IgnoredReason reason) {
        audit.ignore(origin.hash, reason);
        deadline = NEVER;
    }

    private void accept(Origin origin) {
        audit.accept(origin.hash);
        deadline = NEVER;
        timestamp = Math.max(timestamp, origin.timestamp);
        if (!newest.source.equals(origin.source)) {
            noteOffset(newest);
        }
        newest = origin;
    }

    /** Offsets rise within a partition, so that the last of a run of rows tells for all. */
    private void noteOffset(Origin origin) {
        if (origin != Origin.NONE) {
            lastOffsets.merge(origin.source, origin.offset, Math::max);
        }
    }

    private void answer(int row, Origin origin, Consumer<Prediction> predictions) {
        Evaluation evaluation = workspace.evaluation();
        float[] probabilities = evaluation.probabilities(row);
        if (!allFinite(probabilities)) {
            audit.ignore(origin.hash, IgnoredReason.NON_FINITE_PREDICTION);
            return;
        }
        audit.unlabelled(origin.hash);
        workspace.results().addAnswer(evaluation.confidences()[row]);
        predictions.accept(
                new Prediction(
                        modelId,
                        origin.id,
                        origin.timestamp,
                        new PartitionOffset(
                                origin.source.topic(), origin.source.partition(), origin.offset),
                        evaluation.modelVersion(row),
                        evaluation.predictedClasses()[row],
                        probabilities));
    }

    private static boolean allFinite(float[] values) {
        for (float value : values) {
            if (!Float.isFinite(value)) {
                return false;
            }
        }
        return true;
    }

    /** The model, made when it is first needed: a model of dead letters only needs none. */
    private SoftmaxLearner model() {
        SoftmaxLearner made = model;
        if (made == null) {
            made = new SoftmaxLearner(workspace.blocks(), LearnerState.initial(config.learner()));
            model = made;
        }
        return made;
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
                live == null ? config.learner().learningRate() : live.learningRate(),
                experts(),
                counters.rollBacks(),
                live == null ? Double.NaN : live.gradientNorm(),
                live == null ? 0 : live.parameterNorm(),
                alerts(),
                watch == null ? NO_REPORTS : watch.reports());
    }

    private long alerts() {
        if (watch != null) {
            return watch.alerts();
        }
        return restingDrift == null ? 0 : restingDrift.alerts();
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
                            live == null || !isRate ? 0 : live.restarts(k));
        }
        return experts;
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

    /** Whether rows wait in an open mini-batch. */
    boolean hasOpenMiniBatch() {
        return pending != null || restoredRows != null;
    }

    /** Whether rows wait in an open mini-batch of which nobody said when to close it. */
    boolean waitsForever() {
        return hasOpenMiniBatch() && deadline == NEVER;
    }

    /** Whether rows wait in an open mini-batch that was to be closed by now. */
    boolean hasWaitedUntil(long now) {
        return hasOpenMiniBatch() && deadline <= now;
    }

    /** Says when to close the open mini-batch; forgotten when it is closed. */
    void closeBy(long newDeadline) {
        deadline = newDeadline;
    }

    /** When the newest snapshot was published by this object. */
    long publishedAt() {
        return publishedAt;
    }

    void publishedAt(long now) {
        publishedAt = now;
    }

    /** Whether the parameters changed since they were last published. */
    boolean hasNewVersion() {
        return modelVersion() > Math.max(0, publishedVersion);
    }

    /** The parameters for others to use; notes that they are published. */
    ModelSnapshot publish() {
        LearnerState state = model().state();
        boolean scaled = config.learner().scaler() != ScalerType.NONE;
        double[] variance = new double[state.scalerSquaredDeviations().length];
        for (int i = 0; i < variance.length; i++) {
            variance[i] =
                    state.scalerCount() == 0
                            ? 0
                            : state.scalerSquaredDeviations()[i] / state.scalerCount();
        }
        publishedVersion = state.counters().modelVersion();
        changed = true;
        return new ModelSnapshot(
                modelId,
                progress(),
                state.parameters(),
                state.scalerCount(),
                scaled ? state.scalerMean() : null,
                scaled ? variance : null,
                config.learner().numOutputs(),
                config.learner().loss().activation().name().toLowerCase(Locale.ROOT));
    }

    /** Whether there is something to save since the last {@link #saved()}. */
    boolean changed() {
        return changed;
    }

    /** Notes that everything is in state. */
    void saved() {
        changed = false;
    }

    /** The parameters in new arrays; null if none were ever needed. */
    public @Nullable LearnerState state() {
        return model == null ? null : model.state();
    }

    /** Whether the last good parameters of a state are not yet in Flink's. */
    boolean hasNewGoodParameters(LearnerState state) {
        return state.goodParameters() != savedGoodParameters;
    }

    /** Notes that the last good parameters of a state are in Flink's. */
    void savedGoodParameters(LearnerState state) {
        savedGoodParameters = state.goodParameters();
    }

    /** The parameters of a learner that was started at a warning, likewise. */
    public @Nullable LearnerState successorState() {
        return watch == null ? null : watch.successorState();
    }

    /**
     * Everything but what is kept in chunks and the open mini-batch, in new arrays.
     *
     * @param state what {@link #state()} gave
     * @param successor what {@link #successorState()} gave
     */
    public ModelState memory(@Nullable LearnerState state, @Nullable LearnerState successor) {
        return new ModelState(
                config.classes().toArray(String[]::new),
                deadline,
                publishedVersion,
                timestamp,
                audit.copy(),
                lastOffsets(),
                state == null ? null : LearnerStateHeader.of(state),
                watch == null ? restingDrift : watch.state(),
                successor == null ? null : LearnerStateHeader.of(successor));
    }

    /** The rows of the open mini-batch in a new block; null if there are none. */
    public @Nullable ExampleBlock openRows() {
        if (restoredRows != null) {
            return restoredRows;
        }
        return pending == null ? null : pending.toBlock(modelId);
    }

    @Override
    public void close() {
        if (model != null) {
            model.close();
        }
        if (watch != null) {
            watch.close();
        }
    }
}
