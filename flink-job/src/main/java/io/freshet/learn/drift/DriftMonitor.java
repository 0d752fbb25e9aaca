package io.freshet.learn.drift;

import io.freshet.ingest.Origins;
import io.freshet.model.BlockWorkspaces;
import io.freshet.model.LearnerControl;
import io.freshet.model.LearnerSettings;
import io.freshet.model.LearnerState;
import io.freshet.model.SoftmaxLearner;
import io.freshet.model.StepObserver;
import io.freshet.model.example.Evaluation;
import io.freshet.model.example.Examples;
import java.util.function.Consumer;
import java.util.function.IntFunction;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * Drift detection of one model: runs its detectors, emits alerts and carries out the reaction.
 *
 * <p>The detectors see every example that the model is trained on, in stream order. The first drift
 * that one of them detects causes an alert and the reaction, between the mini-batch of its example
 * and the next one. No other alert follows for {@code drift.cool-down} examples; see {@link
 * DetectorGroup}. Neither a clock nor random numbers are involved: equal streams lead to the same
 * alerts.
 *
 * <p>For a hand-over a second learner, the successor, is started when a detector begins to warn. It
 * is trained on the same mini-batches after each execution block of the model, and dropped when no
 * detector warns any more.
 */
public final class DriftMonitor implements StepObserver, AutoCloseable {
    private static final Origins NO_ORIGINS = new Origins();

    private final String modelId;
    private final DriftConfig config;
    private final LearnerSettings settings;
    private final Supplier<BlockWorkspaces> blocks;
    private final Evaluation successorEvaluation;
    private final IntFunction<String> classNames;
    private final DetectorGroup detectors;
    private final DriftEvidence evidence;
    private long alerts;

    // Arguments of the current call.
    private Origins origins = NO_ORIGINS;
    private @Nullable Consumer<DriftAlert> alertSink;

    /** The drift to react to; null if there is none. */
    private @Nullable DetectedDrift pendingDrift;

    private @Nullable SoftmaxLearner successor;

    /**
     * Examples that the successor is still to be trained on, before which it starts if there is
     * none yet; null if there is to be none.
     */
    private @Nullable Examples successorExamples;

    /** Number of classes of a successor that starts. */
    private int numClassesOfSuccessor;

    /** A detected drift, with the values at its detection that the alert reports. */
    @SuppressWarnings("ArrayRecordComponent") // never compared
    private record DetectedDrift(
            DetectorGroup.Detection detection,
            long examplesSeen,
            long timestamp,
            DriftWindow before,
            DriftWindow after,
            ClassChange[] classes) {}

    /**
     * @param settings settings of the model's learner
     * @param examplesSeen number of examples that the model has been trained on
     * @param blocks supplies the workspaces of a successor, for equal settings; called when a
     *     successor is first started
     * @param successorEvaluation scratch for the evaluations of a successor. Modified.
     * @param classNames name of each class that the model has when it is called
     */
    public DriftMonitor(
            String modelId,
            DriftConfig config,
            LearnerSettings settings,
            long examplesSeen,
            Supplier<BlockWorkspaces> blocks,
            Evaluation successorEvaluation,
            IntFunction<String> classNames) {
        this.modelId = modelId;
        this.config = config;
        this.settings = settings;
        this.blocks = blocks;
        this.successorEvaluation = successorEvaluation;
        this.classNames = classNames;
        detectors = new DetectorGroup(config, examplesSeen);
        evidence = new DriftEvidence(config.evidence());
    }

    /**
     * Continues from a saved state. Detectors that are not in the state, or have other parameters
     * there, start from their initial state.
     *
     * @param state Not modified.
     * @param successorState state of the successor; null if there was none
     */
    public void restore(DriftMonitorState state, @Nullable LearnerState successorState) {
        detectors.restore(state.examplesSeen(), state.coolDownEnd(), state.detectors());
        alerts = state.alerts();
        evidence.restore(state.evidence());
        if (successorState != null && config.reaction() == DriftReaction.HAND_OVER) {
            successor = new SoftmaxLearner(blocks.get(), successorState);
        }
    }

    /**
     * Prepares for a call of the learner.
     *
     * @param origins origin of each example of the call. Not modified, not kept after {@link
     *     #end()}.
     * @param alertSink receives the alerts
     */
    public void begin(Origins origins, Consumer<DriftAlert> alertSink) {
        this.origins = origins;
        this.alertSink = alertSink;
    }

    /** Completes a call of the learner. */
    public void end() {
        origins = NO_ORIGINS;
    }

    /** Trains the successor on the block's examples. */
    @Override
    public void endBlock() {
        trainSuccessor();
    }

    @Override
    public boolean observe(Examples examples, Evaluation evaluation, int[] rows, int from, int to) {
        for (int i = from; i < to; i++) {
            int row = rows[i];
            evidence.add(examples, evaluation, row, origins);
            boolean isError = evaluation.predictedClasses()[row] != examples.labels()[row];
            DetectorGroup.Detection detection = detectors.detect(evaluation.losses()[row], isError);
            if (detection != null && pendingDrift == null) {
                pendingDrift = describe(detection, origins.timestamp(row));
            }
        }
        if (config.reaction() == DriftReaction.HAND_OVER) {
            prepareSuccessor(
                    detectors.isWarning(), examples, evaluation.numClasses(), rows, from, to);
        }
        return pendingDrift != null;
    }

    private DetectedDrift describe(DetectorGroup.Detection detection, long timestamp) {
        int after = evidence.after(detection.examplesSinceChange());
        int before = evidence.before(after);
        return new DetectedDrift(
                detection,
                detectors.examplesSeen(),
                timestamp,
                evidence.window(after, before),
                evidence.window(0, after),
                evidence.classes(
                        settings.numClasses(), classNames, before, after, config.maxClasses()));
    }

    @Override
    public void react(LearnerControl learner) {
        DetectedDrift drift = pendingDrift;
        Consumer<DriftAlert> sink = alertSink;
        pendingDrift = null;
        if (drift == null || sink == null) {
            throw new IllegalStateException("there is no drift to react to");
        }
        long modelVersion = learner.modelVersion();
        switch (config.reaction()) {
            case NONE -> {}
            case RESET_SCALER -> learner.resetScaler();
            case RESET_PARAMETERS -> learner.resetParameters();
            case ROLL_BACK -> learner.rollBack();
            case HAND_OVER -> handOver(learner);
            case BOOST -> learner.boost(config.boostFactor(), config.boostSteps());
            case RESET_OPTIMIZER -> learner.resetOptimizer();
        }
        sink.accept(
                new DriftAlert(
                        modelId,
                        alerts++,
                        drift.timestamp,
                        drift.detection.detector().name(),
                        drift.detection.detector().signal(),
                        drift.examplesSeen,
                        modelVersion,
                        drift.detection.statistic(),
                        drift.detection.threshold(),
                        drift.detection.warningAt(),
                        drift.before,
                        drift.after,
                        drift.classes,
                        config.reaction()));
    }

    private void handOver(LearnerControl learner) {
        trainSuccessor();
        if (successor == null) {
            throw new IllegalStateException("a drift was detected, but no successor was started");
        }
        learner.copyFrom(successor.state());
        dropSuccessor();
    }

    /**
     * Collects the examples of a mini-batch for the successor, from a warning or, without one
     * before it, from a drift on; drops it when no detector warns.
     */
    private void prepareSuccessor(
            boolean warned, Examples examples, int numClasses, int[] rows, int from, int to) {
        if (!warned && pendingDrift == null) {
            dropSuccessor();
            return;
        }
        numClassesOfSuccessor = numClasses;
        Examples collected = successorExamples;
        if (collected == null) {
            collected = settings.newExamples(examples.numTargets());
            successorExamples = collected;
        }
        for (int i = from; i < to; i++) {
            collected.addFrom(examples, rows[i]);
        }
    }

    /** Trains the successor, which starts if there is none yet, on the collected examples. */
    private void trainSuccessor() {
        Examples collected = successorExamples;
        if (collected == null) {
            return;
        }
        SoftmaxLearner trained = successor;
        if (trained == null) {
            BlockWorkspaces workspaces = blocks.get();
            trained =
                    new SoftmaxLearner(
                            workspaces,
                            LearnerState.initial(workspaces.settings(numClassesOfSuccessor)));
            successor = trained;
        }
        trained.learn(collected, true, successorEvaluation);
        collected.clear();
    }

    private void dropSuccessor() {
        successorExamples = null;
        if (successor != null) {
            successor.close();
            successor = null;
        }
    }

    /** Returns the number of alerts so far. */
    public long alerts() {
        return alerts;
    }

    /** Returns the status of each detector. */
    public DetectorReport[] reports() {
        return detectors.reports();
    }

    /** Returns the state, without the successor's, in new arrays. */
    public DriftMonitorState state() {
        return new DriftMonitorState(
                detectors.examplesSeen(),
                detectors.coolDownEnd(),
                alerts,
                detectors.states(),
                evidence.state());
    }

    /** Returns the state of the successor; null if there is none. */
    public @Nullable LearnerState successorState() {
        return successor == null ? null : successor.state();
    }

    @Override
    public void close() {
        dropSuccessor();
    }
}
