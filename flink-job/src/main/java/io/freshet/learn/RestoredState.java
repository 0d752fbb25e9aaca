package io.freshet.learn;

import io.freshet.config.Key;
import io.freshet.ingest.ExampleBlock;
import io.freshet.ingest.FeatureEncoding;
import io.freshet.ingest.IngestConfig;
import io.freshet.ingest.MissingValues;
import io.freshet.learn.training.TrainingConfig;
import io.freshet.model.LearnerSettings;
import io.freshet.model.LearnerState;
import io.freshet.model.example.Examples;
import io.freshet.model.sparse.SparseState;
import java.util.Arrays;
import java.util.List;
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
     * Returns the state of a learner with a configuration that continues from this state: with the
     * features and classes that the configuration adds at the end. All checks of a restored state
     * against the configuration are made here, except those of the learner's own state ({@link
     * TrainingConfig#findMismatch}).
     *
     * @throws StateMismatchException if a learner cannot continue from this state
     */
    RestoredState extendedTo(LearnConfig config) {
        requireClasses(config);
        RestoredState extended =
                new RestoredState(
                        modelId,
                        modelState,
                        extended(learnerState, modelState.model(), config),
                        extended(successorState, modelState.successor(), config),
                        extendedPending(config));
        extended.requireFits(config);
        return extended;
    }

    private void requireClasses(LearnConfig config) {
        int numClasses = config.learner().numClasses();
        if (config.classesAreOpen()) {
            if (classes().size() > numClasses) {
                throw mismatch(
                        "has "
                                + classes().size()
                                + " classes, the configuration has "
                                + IngestConfig.CLASSES_CAPACITY
                                + " = "
                                + numClasses);
            }
        } else if (!Key.startsWith(classes(), config.classes())) {
            throw mismatch(
                    "has the classes " + classes() + ", the configuration " + config.classes());
        }
    }

    private List<String> classes() {
        return Arrays.asList(modelState.classes());
    }

    /** Returns the state of a learner with what is added; unchanged if that is impossible. */
    private @Nullable LearnerState extended(
            @Nullable LearnerState state, @Nullable LearnerStateHeader header, LearnConfig config) {
        if (state == null
                || header == null
                || (state.sparse() != null) != config.learner().isSparse()) {
            return state;
        }
        int numOutputs = numOutputs(header, config);
        LearnerSettings settings = settings(numOutputs, config);
        SparseState sparse = state.sparse();
        int numInputs =
                sparse == null
                        ? state.parameters().length / (state.restarts().length * numOutputs)
                        : sparse.numColumns() + 1;
        boolean hasOutputPerClass =
                numOutputs == classes().size() && settings.numOutputs() == settings.numClasses();
        boolean isExtensible =
                state.restarts().length == settings.numRates()
                        && numInputs <= settings.numFeatures() + 1
                        && (config.encoding() != FeatureEncoding.HASHED
                                || numInputs == settings.numFeatures() + 1)
                        && (numOutputs == settings.numOutputs() || hasOutputPerClass);
        LearnerState extended =
                isExtensible ? state.extended(numInputs - 1, numOutputs, settings) : state;
        return extended.withClassCounts(settings);
    }

    private int numOutputs(LearnerStateHeader header, LearnConfig config) {
        if (header.numOutputs() > 0) {
            return header.numOutputs();
        }
        return config.learner().numOutputs() == 1 ? 1 : classes().size();
    }

    /** Returns the settings of a learner with a number of outputs at least. */
    private static LearnerSettings settings(int numOutputs, LearnConfig config) {
        LearnerSettings settings = config.learner();
        return config.classesAreOpen()
                ? settings.withClasses(Math.min(numOutputs, settings.numClasses()))
                : settings;
    }

    /** Returns the pending examples, in which features that are added are missing or 0. */
    private @Nullable ExampleBlock extendedPending(LearnConfig config) {
        ExampleBlock block = pendingExamples;
        if (block == null) {
            return null;
        }
        Examples examples = block.examples();
        int numFeatures = config.learner().numFeatures();
        boolean addsTargets =
                examples.numTargets() > 0 && config.numTargets() > examples.numTargets();
        boolean sameKind = (examples.sparse() != null) == config.learner().isSparse();
        if (!sameKind || (!addsTargets && examples.numFeatures() >= numFeatures)) {
            return block;
        }
        return new ExampleBlock(
                modelId,
                examples.extended(
                        Math.max(numFeatures, examples.numFeatures()),
                        addsTargets ? config.numTargets() : examples.numTargets(),
                        config.missing() == MissingValues.MEAN ? Float.NaN : 0),
                block.origins());
    }

    /**
     * Returns the number of missing values of each configured feature, with those of features that
     * are added and that the pending examples of this state lack; null if there are none.
     */
    long @Nullable [] missing(LearnConfig config) {
        long[] saved = modelState.missing();
        int numFeatures = config.learner().numFeatures();
        ExampleBlock pending = pendingExamples;
        int lacking =
                pending == null || config.missing() != MissingValues.MEAN ? 0 : pending.size();
        int present = pending == null ? numFeatures : pending.examples().numFeatures();
        if (saved == null && (lacking == 0 || present >= numFeatures)) {
            return null;
        }
        long[] missing = saved == null ? new long[numFeatures] : Arrays.copyOf(saved, numFeatures);
        for (int f = present; f < numFeatures; f++) {
            missing[f] += lacking;
        }
        return missing;
    }

    private void requireFits(LearnConfig config) {
        String encoding = modelState.encoding();
        String configured = Key.kebab(config.encoding());
        if (encoding != null && !encoding.equals(configured)) {
            throw mismatch(
                    "was saved with "
                            + IngestConfig.ENCODING
                            + " = "
                            + encoding
                            + ", the configuration has "
                            + configured);
        }
        if (pendingExamples != null) {
            requireFits(pendingExamples, config);
        }
        if (learnerState != null && modelState.model() != null) {
            requireFits(learnerState, modelState.model(), config);
        }
        if (successorState != null && modelState.successor() != null) {
            requireFits(successorState, modelState.successor(), config);
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

    private void requireFits(LearnerState state, LearnerStateHeader header, LearnConfig config) {
        LearnerSettings settings = settings(numOutputs(header, config), config);
        TrainingConfig.findMismatch(settings, state)
                .ifPresent(
                        difference -> {
                            throw mismatch(difference);
                        });
    }

    private StateMismatchException mismatch(String difference) {
        return new StateMismatchException("The state of model \"" + modelId + "\" " + difference);
    }
}
