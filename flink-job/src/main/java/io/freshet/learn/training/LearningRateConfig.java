package io.freshet.learn.training;

import io.freshet.config.Key;
import io.freshet.config.OptionKeys;
import io.freshet.config.Settings;
import io.freshet.ingest.IngestConfig;
import io.freshet.model.LearnerSettings;
import io.freshet.model.ensemble.EnsembleRule;
import io.freshet.model.mixture.Mixture;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/** Configuration of the learning rate: a fixed one, or a mixture of several. */
public final class LearningRateConfig {
    private static final OptionKeys<Mixture> MIXTURE_KEYS = new OptionKeys<>(Mixture.class);

    public static final Key<Optional<Double>> LEARNING_RATE =
            Key.ofDoubleOr(
                    "auto",
                    "training.learning-rate",
                    "auto",
                    Double.MIN_VALUE,
                    Float.MAX_VALUE,
                    "Learning rate of the optimiser. Auto: one expert is trained for each learning"
                        + " rate in training.experts.rates. The prediction is the weighted mean of"
                        + " the experts' predictions; experts that predicted well recently have"
                        + " large weights. A number needs learner.type = softmax.");
    static final Key<Optional<List<Double>>> EXPERTS_RATES =
            MIXTURE_KEYS.add(
                    Key.ofDoublesOr(
                                    "auto",
                                    "training.experts.rates",
                                    0,
                                    Float.MAX_VALUE,
                                    "Learning rates of the mixture's experts, one for each expert."
                                            + " Auto: "
                                            + Key.text(EnsembleRule.LINEAR_RATES)
                                            + " for an ensemble, which has no others. For"
                                            + " learner.type = softmax "
                                            + Key.text(Mixture.DEFAULT_RATES)
                                            + ", and with more than "
                                            + Mixture.MAX_FEATURES_OF_DEFAULT_RATES
                                            + " dense features before them "
                                            + Key.text(Mixture.RATES_FOR_MANY_FEATURES)
                                            + ". An expert with learning rate 0 keeps the"
                                            + " parameters that it began with, by default equal"
                                            + " probabilities, so that the mixture is hardly worse"
                                            + " than that.")
                            .withFormerDefault(Key.text(Mixture.DEFAULT_RATES)),
                    Mixture::rates);
    static final Key<List<Double>> EXPERTS_SHARES =
            MIXTURE_KEYS.add(
                    Key.ofDoubles(
                            "training.experts.shares",
                            Key.text(Mixture.DEFAULT_SWITCHING_RATES),
                            0,
                            Math.nextDown(1.0),
                            "Switching rates of the mixture. After each example, this fraction of"
                                + " the total weight is distributed evenly over the experts, so"
                                + " that another expert can take over; the higher the rate, the"
                                + " faster. With 0 the weights follow Bayes' rule alone. With"
                                + " several switching rates, one mixture is computed for each, and"
                                + " these mixtures are mixed in the same way."),
                    Mixture::switchingRates);
    static final Key<Boolean> EXPERTS_BASELINES =
            MIXTURE_KEYS.add(
                    Key.ofBoolean(
                            "training.experts.baselines",
                            false,
                            "Whether the mixture includes two baselines that do not use the"
                                + " features: one predicts from the previous label, the other from"
                                + " the frequencies of the labels. An ensemble has a third one, of"
                                + " more recent frequencies. They are useful only if the label of"
                                + " each event is known before the next event arrives."),
                    Mixture::baselines);

    /** The keys of the learning rate and the mixture. */
    static final List<Key<?>> KEYS =
            Stream.concat(Stream.of(LEARNING_RATE), MIXTURE_KEYS.keys().stream()).toList();

    private LearningRateConfig() {}

    /**
     * Reads the mixture. Problems are recorded in the settings.
     *
     * @return null if the learning rate is fixed, or if there was a problem
     */
    static @Nullable Mixture mixture(Settings settings, IngestConfig ingest) {
        boolean baselines = settings.get(EXPERTS_BASELINES);
        if (settings.get(LEARNING_RATE).isPresent()) {
            if (baselines) {
                settings.problem(
                        settings.assignment(EXPERTS_BASELINES)
                                + " needs "
                                + LEARNING_RATE
                                + " = auto: the baselines are part of the mixture");
            }
            settings.refuseIneffective(
                    LEARNING_RATE, List.of(), List.of(EXPERTS_RATES, EXPERTS_SHARES));
            return null;
        }
        List<Double> rates =
                settings.get(EXPERTS_RATES)
                        .orElseGet(
                                () ->
                                        ingest.isSparse()
                                                ? Mixture.DEFAULT_RATES
                                                : Mixture.defaultRates(ingest.numFeatures()));
        return mixture(settings, rates, baselines);
    }

    /**
     * Reads the mixture over given learning rates. Problems are recorded in the settings.
     *
     * @return null if there was a problem
     */
    static @Nullable Mixture mixture(Settings settings, List<Double> rates, boolean baselines) {
        List<Double> shares = settings.get(EXPERTS_SHARES);
        boolean distinctRates = requireDistinct(settings, EXPERTS_RATES, rates);
        if (distinctRates && rates.stream().allMatch(rate -> rate == 0)) {
            settings.problem(
                    settings.assignment(EXPERTS_RATES) + ": must have a rate greater than 0");
            distinctRates = false;
        }
        boolean distinctShares = requireDistinct(settings, EXPERTS_SHARES, shares);
        return distinctRates && distinctShares ? new Mixture(rates, shares, baselines) : null;
    }

    private static boolean requireDistinct(Settings settings, Key<?> key, List<Double> values) {
        if (!values.isEmpty() && new HashSet<>(values).size() == values.size()) {
            return true;
        }
        settings.problem(
                settings.assignment(key) + ": must have at least one value and no duplicates");
        return false;
    }

    /** Returns the learning rate and, if it is a mixture, the mixture's parameters, by key. */
    static Map<String, String> hyperParameters(LearnerSettings learner) {
        Mixture mixture = learner.mixture();
        Map<String, String> values =
                mixture == null ? new TreeMap<>() : MIXTURE_KEYS.values(mixture);
        if (learner.ensemble() != null) {
            values.put(EXPERTS_BASELINES.name(), Key.text(learner.ensemble().labelExperts()));
        }
        values.put(
                LEARNING_RATE.name(), mixture == null ? Key.text(learner.learningRate()) : "auto");
        return values;
    }
}
