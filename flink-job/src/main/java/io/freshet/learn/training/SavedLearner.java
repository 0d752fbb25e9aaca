package io.freshet.learn.training;

import io.freshet.config.Key;
import io.freshet.ingest.IngestConfig;
import io.freshet.model.LearnerSettings;
import io.freshet.model.LearnerState;
import io.freshet.model.ensemble.EnsembleRule;
import io.freshet.model.ensemble.EnsembleState;
import io.freshet.model.mixture.Baselines;
import io.freshet.model.mixture.Mixture;
import io.freshet.model.sparse.SparseState;
import java.util.Optional;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * A learner's saved state, compared with the settings that are configured now.
 *
 * <p>A different optimiser is not a mismatch: the saved optimiser's state is discarded, and that of
 * the configured one begins at zero. Neither are classes that begin or cease to be balanced.
 * Hyper-parameters that do not determine the length of an array, such as the values of the learning
 * rates, may also differ.
 */
record SavedLearner(LearnerState state, LearnerSettings settings) {
    /** Returns the first difference, to follow "The state of model m"; empty if there is none. */
    Optional<String> mismatch() {
        if ((state.sparse() != null) != settings.isSparse()) {
            return Optional.of(
                    "is that of a "
                            + (state.sparse() == null ? "dense" : "sparse")
                            + " model, unlike the configuration");
        }
        return Stream.of(learner(), mixture(), features(), parameters(), scaler())
                .flatMap(Optional::stream)
                .findFirst();
    }

    private Optional<String> learner() {
        String saved = LearnerOption.of(state.ensemble() != null);
        return differ(LearnerOption.TYPE, saved, LearnerOption.of(settings.ensemble() != null))
                .map(mismatch -> mismatch + "; set " + LearnerOption.TYPE + " = " + saved);
    }

    private Optional<String> mixture() {
        EnsembleRule rule = settings.ensemble();
        EnsembleState ensemble = state.ensemble();
        if (rule != null && ensemble != null) {
            return differ(
                    LearningRateConfig.EXPERTS_BASELINES,
                    Key.text(ensemble.labelCounts().length > 0),
                    Key.text(rule.labelExperts()));
        }
        Mixture mixture = settings.mixture();
        boolean isMixture = state.weights().length > 0;
        if (mixture == null || !isMixture) {
            return differ(
                    LearningRateConfig.LEARNING_RATE,
                    isMixture ? "auto" : "fixed",
                    mixture != null ? "auto" : "fixed");
        }
        int rates = state.restarts().length;
        boolean baselines = state.baselineCounts().length > 0;
        int experts = rates + (baselines ? Baselines.COUNT : 0);
        int switchingRates = state.weights().length / (experts + 1);
        return Stream.of(
                        differ(
                                LearningRateConfig.EXPERTS_RATES,
                                values(rates),
                                values(mixture.rates().size())),
                        differ(
                                LearningRateConfig.EXPERTS_BASELINES,
                                Key.text(baselines),
                                Key.text(mixture.baselines())),
                        differ(
                                LearningRateConfig.EXPERTS_SHARES,
                                values(switchingRates),
                                values(mixture.switchingRates().size())))
                .flatMap(Optional::stream)
                .findFirst();
    }

    private Optional<String> features() {
        SparseState sparse = state.sparse();
        int scaled = sparse == null ? state.scaler().mean().length : sparse.numColumns();
        return scaled == 0
                ? Optional.empty()
                : differ(
                        IngestConfig.NUM_FEATURES,
                        Key.text(scaled),
                        Key.text(settings.numFeatures()));
    }

    private Optional<String> parameters() {
        SparseState sparse = state.sparse();
        if (sparse != null) {
            return differ(
                    LossOption.LOSS,
                    sparse.layout().numParameters() + " outputs of all learning rates",
                    settings.rowLayout().numParameters() + " outputs of all learning rates");
        }
        int expected = settings.numParameters();
        if (state.parameters().length == expected) {
            return Optional.empty();
        }
        return Optional.of(
                "has "
                        + state.parameters().length
                        + " parameters; the configuration requires ("
                        + settings.numFeatures()
                        + " features + 1) x "
                        + settings.numOutputs()
                        + " outputs x "
                        + settings.numRates()
                        + " learning rates = "
                        + expected
                        + " ("
                        + IngestConfig.NUM_FEATURES
                        + ", "
                        + LossOption.LOSS
                        + ", "
                        + IngestConfig.LABEL_TYPE
                        + ")");
    }

    private Optional<String> scaler() {
        SparseState sparse = state.sparse();
        boolean isScaled =
                sparse == null ? state.scaler().mean().length > 0 : sparse.layout().isScaled();
        String configured =
                ScalerOption.hyperParameters(settings.scaler()).get(ScalerOption.TYPE.name());
        if (isScaled == (settings.scaler() != null)) {
            return Optional.empty();
        }
        // The state does not record by which rule it was scaled.
        String scaling =
                Stream.of(ScalerOption.values())
                        .filter(option -> option != ScalerOption.NONE)
                        .map(Key::kebab)
                        .collect(Collectors.joining(" or "));
        return differ(
                ScalerOption.TYPE, isScaled ? scaling : Key.kebab(ScalerOption.NONE), configured);
    }

    private static String values(int count) {
        return count + (count == 1 ? " value" : " values");
    }

    private static Optional<String> differ(Key<?> key, String saved, @Nullable String configured) {
        return saved.equals(configured)
                ? Optional.empty()
                : Optional.of(
                        "was saved with "
                                + key
                                + " = "
                                + saved
                                + ", the configuration has "
                                + configured);
    }
}
