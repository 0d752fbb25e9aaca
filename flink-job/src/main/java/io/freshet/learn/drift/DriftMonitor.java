package io.freshet.learn.drift;

import io.freshet.config.Key;
import io.freshet.drift.DriftStatus;
import io.freshet.drift.RunningDetector;
import io.freshet.ingest.Origins;
import io.freshet.model.BlockWorkspace;
import io.freshet.model.LearnerControl;
import io.freshet.model.LearnerSettings;
import io.freshet.model.LearnerState;
import io.freshet.model.SoftmaxLearner;
import io.freshet.model.StepObserver;
import io.freshet.model.example.Evaluation;
import io.freshet.model.example.Examples;
import java.util.function.Consumer;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * A model's drift detectors at work, and what it does about a drift.
 *
 * <p>They see every example that is trained on, in the order of the stream. At the first drift that
 * one of them finds there is an alert, and the reaction, between the example's mini-batch and the
 * next; then none for {@code drift.cool-down} examples, though the detectors go on. No clock and no
 * chance is involved: the same stream gives the same alerts.
 *
 * <p>For a hand-over a second learner begins when a detector begins to warn, learns from the same
 * mini-batches, and is dropped when none warns any more.
 */
public final class DriftMonitor implements StepObserver, AutoCloseable {
    private static final Origins NO_ORIGINS = new Origins();

    private final String modelId;
    private final DriftConfig config;
    private final LearnerSettings settings;
    private final Supplier<BlockWorkspace> blocks;
    private final Evaluation successorEvaluation;
    private final Running[] running;
    private final DriftEvidence evidence;
    private long examples;
    private long quietUntil;
    private long alerts;

    // The call at hand.
    private Origins origins = NO_ORIGINS;
    private @Nullable Consumer<DriftAlert> alertSink;
    private @Nullable Found found;

    private @Nullable SoftmaxLearner successor;

    /** What the successor has still to learn from; null if there is none. */
    private @Nullable Examples successorExamples;

    /** A detector's test on this model. */
    private static final class Running {
        private final DriftConfig.Detector rule;
        private RunningDetector test;
        private long drifts;
        private long warningAt;

        Running(DriftConfig.Detector rule) {
            this.rule = rule;
            test = rule.detector().start();
        }

        /** Under which a test may go on. */
        String identity() {
            return rule.name() + " " + Key.kebab(rule.signal()) + " " + rule.detector();
        }

        DriftStatus update(Evaluation evaluation, int row, boolean hit, long examples) {
            double value = rule.signal().of(evaluation.losses()[row], !hit);
            DriftStatus status = test.update(value);
            if (status == DriftStatus.STABLE) {
                warningAt = 0;
            } else if (warningAt == 0 && status == DriftStatus.WARNING) {
                warningAt = examples;
            }
            return status;
        }
    }

    /** A drift that was found, and what is known of it at its example. */
    @SuppressWarnings("ArrayRecordComponent") // never compared
    private record Found(
            Running detector,
            long examples,
            long timestamp,
            double statistic,
            double threshold,
            @Nullable Long warningAt,
            DriftWindow before,
            DriftWindow after,
            ClassChange[] classes) {}

    /**
     * @param settings of the model's learner
     * @param examples number of examples that the model has been trained on
     * @param blocks workspace for a successor's blocks, of the same settings; asked for when a
     *     successor is first needed
     * @param successorEvaluation scratch for a successor's evaluations. Modified.
     */
    public DriftMonitor(
            String modelId,
            DriftConfig config,
            LearnerSettings settings,
            long examples,
            Supplier<BlockWorkspace> blocks,
            Evaluation successorEvaluation) {
        this.modelId = modelId;
        this.config = config;
        this.settings = settings;
        this.examples = examples;
        this.blocks = blocks;
        this.successorEvaluation = successorEvaluation;
        running = config.detectors().stream().map(Running::new).toArray(Running[]::new);
        evidence = new DriftEvidence(config.evidence());
    }

    /**
     * Goes on from where another one was saved. Detectors that were not there, or were others,
     * begin.
     *
     * @param memory not modified
     * @param successorState of the learner that was started at a warning; null if there was none
     */
    public void restore(DriftMonitorState memory, @Nullable LearnerState successorState) {
        examples = memory.examples();
        quietUntil = memory.quietUntil();
        alerts = memory.alerts();
        evidence.restore(memory.evidence());
        for (DetectorState saved : memory.detectors()) {
            for (Running detector : running) {
                if (detector.identity().equals(saved.name())) {
                    detector.test = detector.rule.detector().restore(saved.state());
                    detector.drifts = saved.drifts();
                    detector.warningAt = saved.warningAt();
                }
            }
        }
        if (successorState != null && config.reaction() == DriftReaction.HAND_OVER) {
            successor = new SoftmaxLearner(blocks.get(), successorState);
        }
    }

    /**
     * Begins a call of the learner.
     *
     * @param origins origin of each example of the call. Not modified, not kept after {@link
     *     #end()}.
     * @param alertSink receives the alerts
     */
    public void begin(Origins origins, Consumer<DriftAlert> alertSink) {
        this.origins = origins;
        this.alertSink = alertSink;
    }

    /** Ends a call of the learner. */
    public void end() {
        teachSuccessor();
        origins = NO_ORIGINS;
    }

    @Override
    public boolean observe(Examples of, Evaluation evaluation, int[] rows, int from, int to) {
        boolean warned = false;
        for (int i = from; i < to; i++) {
            int row = rows[i];
            examples++;
            evidence.add(of, evaluation, row, origins);
            boolean hit = evaluation.predictedClasses()[row] == of.labels()[row];
            warned = false;
            for (Running detector : running) {
                switch (detector.update(evaluation, row, hit, examples)) {
                    case STABLE -> {}
                    case WARNING -> warned = true;
                    case DRIFT -> {
                        warned = true;
                        noteDrift(detector, origins.timestamp(row));
                    }
                }
            }
        }
        if (config.reaction() == DriftReaction.HAND_OVER) {
            prepareSuccessor(warned, of, rows, from, to);
        }
        return found != null;
    }

    private void noteDrift(Running detector, long timestamp) {
        detector.drifts++;
        long warningAt = detector.warningAt;
        detector.warningAt = 0;
        if (found != null || examples <= quietUntil) {
            return;
        }
        quietUntil = examples + config.coolDown();
        int after = evidence.after(detector.test.valuesSinceChange());
        int before = evidence.before(after);
        found =
                new Found(
                        detector,
                        examples,
                        timestamp,
                        detector.test.statistic(),
                        detector.test.threshold(),
                        warningAt == 0 ? null : warningAt,
                        evidence.window(after, before),
                        evidence.window(0, after),
                        evidence.classes(
                                settings.numClasses(), before, after, config.maxClasses()));
    }

    @Override
    public void react(LearnerControl learner) {
        Found drift = found;
        Consumer<DriftAlert> sink = alertSink;
        found = null;
        if (drift == null || sink == null) {
            throw new IllegalStateException("there is nothing to react to");
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
                        drift.detector.rule.name(),
                        drift.detector.rule.signal(),
                        drift.examples,
                        modelVersion,
                        drift.statistic,
                        drift.threshold,
                        drift.warningAt,
                        drift.before,
                        drift.after,
                        drift.classes,
                        config.reaction()));
    }

    private void handOver(LearnerControl learner) {
        teachSuccessor();
        if (successor == null) {
            throw new IllegalStateException("a drift was found, and no successor was started");
        }
        learner.copyFrom(successor.state());
        dropSuccessor();
    }

    /** A drift without a warning before it has a successor that begins with it. */
    private void prepareSuccessor(boolean warned, Examples of, int[] rows, int from, int to) {
        if (!warned && found == null) {
            dropSuccessor();
            return;
        }
        if (successor == null) {
            successor = new SoftmaxLearner(blocks.get(), LearnerState.initial(settings));
        }
        Examples waiting = successorExamples;
        if (waiting == null) {
            waiting = new Examples(settings.numFeatures(), of.numTargets());
            successorExamples = waiting;
        }
        for (int i = from; i < to; i++) {
            waiting.addFrom(of, rows[i]);
        }
    }

    private void teachSuccessor() {
        if (successor != null && successorExamples != null) {
            successor.learn(successorExamples, true, successorEvaluation);
            successorExamples.clear();
        }
    }

    private void dropSuccessor() {
        successorExamples = null;
        if (successor != null) {
            successor.close();
            successor = null;
        }
    }

    /** Alerts so far. */
    public long alerts() {
        return alerts;
    }

    /** What the detectors say. */
    public DetectorReport[] reports() {
        DetectorReport[] reports = new DetectorReport[running.length];
        for (int i = 0; i < running.length; i++) {
            Running detector = running[i];
            reports[i] =
                    new DetectorReport(
                            detector.rule.name(),
                            detector.rule.signal(),
                            Key.kebab(detector.test.status()),
                            detector.test.statistic(),
                            detector.test.threshold(),
                            detector.drifts);
        }
        return reports;
    }

    /** Returns the state without the successor, in new arrays. */
    public DriftMonitorState state() {
        DetectorState[] detectors = new DetectorState[running.length];
        for (int i = 0; i < running.length; i++) {
            Running detector = running[i];
            detectors[i] =
                    new DetectorState(
                            detector.identity(),
                            detector.test.state(),
                            detector.drifts,
                            detector.warningAt);
        }
        return new DriftMonitorState(examples, quietUntil, alerts, detectors, evidence.state());
    }

    /** The learner that was started at a warning; null if there is none. */
    public @Nullable LearnerState successorState() {
        return successor == null ? null : successor.state();
    }

    @Override
    public void close() {
        dropSuccessor();
    }
}
