package io.freshet.learn;

import io.freshet.config.Key;
import io.freshet.ingest.ExampleBlock;
import io.freshet.ingest.IngestConfig;
import io.freshet.learn.training.TrainingConfig;
import io.freshet.model.LearnerState;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * The saved state of one model, before a {@link Learner} continues from it.
 *
 * @param modelId id of the model
 * @param modelState state without the large arrays. Not modified.
 * @param learnerState state of the learner; null before the first example
 * @param successorState state of the learner that was started at a drift warning; null if there is
 *     none
 * @param pendingExamples examples that wait for later ones; null if there are none
 */
record RestoredState(
        String modelId,
        ModelState modelState,
        @Nullable LearnerState learnerState,
        @Nullable LearnerState successorState,
        @Nullable ExampleBlock pendingExamples) {
    /**
     * Checks that a learner with a configuration can continue from this state. All checks of a
     * restored state against the configuration are made here, except those of the learner's own
     * state ({@link TrainingConfig#findMismatch}).
     *
     * @throws StateMismatchException if it cannot
     */
    void requireFits(LearnConfig config) {
        if (!Arrays.asList(modelState.classes()).equals(config.classes())) {
            throw mismatch(
                    "has the classes "
                            + Arrays.toString(modelState.classes())
                            + ", the configuration "
                            + config.classes());
        }
        if (pendingExamples != null) {
            requireFits(pendingExamples, config);
        }
        if (learnerState != null) {
            requireFits(learnerState, config);
        }
        if (successorState != null) {
            requireFits(successorState, config);
        }
    }

    private void requireFits(ExampleBlock pending, LearnConfig config) {
        if (pending.examples().numTargets() != config.numTargets()) {
            throw mismatch(
                    "has pending examples whose labels have "
                            + pending.examples().numTargets()
                            + " values each; the configuration ("
                            + IngestConfig.LABEL_TYPE
                            + " = "
                            + Key.kebab(config.labelType())
                            + ") requires "
                            + config.numTargets());
        }
        if ((pending.examples().sparse() != null) != config.learner().isSparse()) {
            throw mismatch(
                    "has pending examples whose features are "
                            + (config.learner().isSparse() ? "dense" : "sparse")
                            + "; the configuration has "
                            + IngestConfig.ENCODING
                            + " = "
                            + Key.kebab(config.encoding()));
        }
        if (pending.examples().numFeatures() != config.learner().numFeatures()) {
            throw mismatch(
                    "has pending examples with "
                            + IngestConfig.NUM_FEATURES
                            + " = "
                            + pending.examples().numFeatures()
                            + ", the configuration has "
                            + config.learner().numFeatures());
        }
    }

    private void requireFits(LearnerState state, LearnConfig config) {
        TrainingConfig.findMismatch(config.learner(), state)
                .ifPresent(
                        difference -> {
                            throw mismatch(difference);
                        });
    }

    private StateMismatchException mismatch(String difference) {
        return new StateMismatchException("The state of model \"" + modelId + "\" " + difference);
    }
}
