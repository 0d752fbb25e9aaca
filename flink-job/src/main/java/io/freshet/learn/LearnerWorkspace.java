package io.freshet.learn;

import io.freshet.config.Key;
import io.freshet.ingest.PredictedEvents;
import io.freshet.model.BlockWorkspaces;
import io.freshet.model.LearnerEngine;
import io.freshet.model.LearnerSettings;
import io.freshet.model.ensemble.EnsembleRule;
import io.freshet.model.example.Evaluation;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Scratch memory that the {@link Learner}s of one operator share, one after the other, so that an
 * idle model takes little more memory than its parameters.
 *
 * <p>A learner without pending examples returns its {@link PendingExamples} for the next one to
 * reuse. Not thread-safe. Must be closed after its learners.
 */
public final class LearnerWorkspace implements AutoCloseable {
    private final LearnConfig config;
    private final LearnerEngine engine;
    private final String[] expertNames;
    private final Evaluation successorEvaluation;
    private final ArrayDeque<BlockResults> recycledResults = new ArrayDeque<>();
    private @Nullable PendingExamples recycledPending;
    private @Nullable BlockWorkspaces blocks;

    /** Creates a workspace of learners that learn on the CPU. */
    public LearnerWorkspace(LearnConfig config) {
        this(config, LearnerEngine.onCpu("CPU"));
    }

    /**
     * @param engine the engine on which the models learn
     */
    public LearnerWorkspace(LearnConfig config, LearnerEngine engine) {
        this.config = config;
        this.engine = engine;
        expertNames = expertNames(config.learner());
        successorEvaluation = new Evaluation(config.learner().numClasses());
    }

    private static String[] expertNames(LearnerSettings settings) {
        List<String> names = new ArrayList<>();
        for (double rate : settings.learningRates()) {
            names.add("rate " + Key.text(rate));
        }
        EnsembleRule ensemble = settings.ensemble();
        if (ensemble != null) {
            names.addAll(ensemble.otherExperts());
            return names.toArray(String[]::new);
        }
        names.addAll(LearnerSettings.BASELINES.subList(0, settings.numExperts() - names.size()));
        return names.toArray(String[]::new);
    }

    /** Returns the configuration of the learners. */
    public LearnConfig config() {
        return config;
    }

    /** Returns the name of the device on which the models learn, such as {@code CPU}. */
    String device() {
        return engine.device();
    }

    /** Returns the names of the mixture's experts; not a copy. */
    String[] expertNames() {
        return expertNames;
    }

    /** Returns the evaluation for learners that were started at a drift warning. */
    public Evaluation successorEvaluation() {
        return successorEvaluation;
    }

    /** Returns results for a call; reuses returned ones if there are any. */
    BlockResults takeResults() {
        BlockResults reused = recycledResults.poll();
        return reused == null
                ? new BlockResults(config.learner(), config.predictions() == PredictedEvents.ALL)
                : reused;
    }

    /** Keeps the results of an ended call, for {@link #takeResults()} to reuse. */
    void recycle(BlockResults ended) {
        // On a device there are as many as models of a launch.
        ended.rows().forgetProbabilities();
        recycledResults.push(ended);
    }

    /** Returns whether models learn on a CUDA device. */
    boolean isOnDevice() {
        return engine.isOnDevice();
    }

    /** Returns the scratch memory of the models, created on first use. */
    public BlockWorkspaces blocks() {
        BlockWorkspaces workspace = blocks;
        if (workspace == null) {
            workspace =
                    new BlockWorkspaces(config.learner(), config.classesAreOpen(), engine::open);
            blocks = workspace;
        }
        return workspace;
    }

    /** Returns empty pending examples; reuses returned ones if there are any. */
    PendingExamples takePending() {
        PendingExamples reused = recycledPending;
        recycledPending = null;
        return reused == null ? new PendingExamples(config) : reused;
    }

    /**
     * Keeps pending examples that are no longer needed, for {@link #takePending()} to reuse.
     *
     * @param empty without examples
     */
    void recyclePending(PendingExamples empty) {
        recycledPending = empty;
    }

    @Override
    public void close() {
        if (blocks != null) {
            blocks.close();
        }
    }
}
