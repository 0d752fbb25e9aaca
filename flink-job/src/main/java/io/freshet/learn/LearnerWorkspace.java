package io.freshet.learn;

import io.freshet.config.Key;
import io.freshet.model.BlockWorkspace;
import io.freshet.model.LearnerSettings;
import io.freshet.model.example.Evaluation;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Scratch memory that the {@link Learner}s of one operator use one after the other, so that a model
 * that is not at work costs little more than what it has learnt.
 *
 * <p>A learner that has no row waiting hands its {@link PendingExamples} back for the next one. For
 * one thread at a time. Must outlive its learners.
 */
public final class LearnerWorkspace implements AutoCloseable {
    private final LearnConfig config;
    private final String[] expertNames;
    private final Evaluation evaluation;
    private final Evaluation successorEvaluation;
    private final BlockResults results = new BlockResults();
    private @Nullable PendingExamples spare;
    private @Nullable BlockWorkspace blocks;

    public LearnerWorkspace(LearnConfig config) {
        this.config = config;
        expertNames = expertNames(config.learner());
        evaluation = new Evaluation(config.learner().numClasses());
        successorEvaluation = new Evaluation(config.learner().numClasses());
    }

    private static String[] expertNames(LearnerSettings settings) {
        List<String> names = new ArrayList<>();
        for (double rate : settings.learningRates()) {
            names.add("rate " + Key.text(rate));
        }
        names.addAll(LearnerSettings.BASELINES.subList(0, settings.numExperts() - names.size()));
        return names.toArray(String[]::new);
    }

    /** How the learners learn. */
    public LearnConfig config() {
        return config;
    }

    /** The names of the mixture's members; not a copy. */
    String[] expertNames() {
        return expertNames;
    }

    /** What the block at hand completed. */
    Evaluation evaluation() {
        return evaluation;
    }

    /** The same of a learner that was started at a drift's warning. */
    public Evaluation successorEvaluation() {
        return successorEvaluation;
    }

    /** What becomes of the block at hand. */
    BlockResults results() {
        return results;
    }

    /** Memory for learners' blocks, made when a model is first needed. */
    public BlockWorkspace blocks() {
        BlockWorkspace made = blocks;
        if (made == null) {
            made = new BlockWorkspace(config.learner());
            blocks = made;
        }
        return made;
    }

    /** No rows, in memory that was handed back if there is some. */
    PendingExamples takePending() {
        PendingExamples taken = spare;
        spare = null;
        return taken == null ? new PendingExamples(config) : taken;
    }

    /**
     * Takes memory back.
     *
     * @param empty in which no row waits
     */
    void handBack(PendingExamples empty) {
        spare = empty;
    }

    @Override
    public void close() {
        if (blocks != null) {
            blocks.close();
        }
    }
}
