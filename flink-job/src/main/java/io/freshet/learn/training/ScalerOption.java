package io.freshet.learn.training;

import io.freshet.config.Key;
import io.freshet.config.OptionKeys;
import io.freshet.config.Settings;
import io.freshet.ingest.IngestConfig;
import io.freshet.ingest.MissingValues;
import io.freshet.model.ensemble.EnsembleRule;
import io.freshet.model.scale.FadingStandardization;
import io.freshet.model.scale.ScalerRule;
import io.freshet.model.scale.Standardization;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Function;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * The scalings of features that can be configured. A constant is the only place to add one: it
 * declares the scaling's keys, each with the property that it sets, and its factory.
 */
@SuppressWarnings("ImmutableEnumChecker") // keys are complete once their constant is created
public enum ScalerOption {
    /** No scaling. */
    NONE("leaves the features as they are, for learner.type = softmax"),

    /** {@link Standardization}. */
    WELFORD(
            Standardization.class,
            "standardises each feature online to mean 0 and variance 1, by Welford's algorithm",
            keys -> {
                var clip = keys.add(SharedKeys.CLIP, Standardization::clip);
                return settings ->
                        new Standardization(clip(settings, clip), acceptsMissing(settings));
            }),

    /** {@link FadingStandardization}. */
    FADING(
            FadingStandardization.class,
            "standardises by a mean and a variance in which older examples fade, and so follows"
                    + " features whose level changes",
            keys -> {
                var halfLife =
                        keys.add(
                                Key.ofDouble(
                                        "scaler.half-life",
                                        10_000,
                                        1,
                                        1e15,
                                        "Number of examples after which the weight of an"
                                                + " example in the mean and the variance is halved,"
                                                + " for scaler.type = fading."),
                                FadingStandardization::halfLife);
                var clip = keys.add(SharedKeys.CLIP, FadingStandardization::clip);
                return settings ->
                        new FadingStandardization(
                                settings.get(halfLife),
                                clip(settings, clip),
                                acceptsMissing(settings));
            });

    /** Keys of several scalings. */
    private static final class SharedKeys {
        static final Key<Optional<Double>> CLIP =
                Key.ofDoubleOr(
                                "auto",
                                "scaler.clip",
                                "auto",
                                0,
                                1e6,
                                "Number of standard deviations from the mean at which a value of a"
                                    + " feature is clipped, before the scaler observes it and after"
                                    + " it is scaled, so that a single wrong reading does not make"
                                    + " the feature useless: 0 to clip none, else at least 1. Auto:"
                                    + " "
                                        + Key.text(Standardization.DEFAULT_CLIP)
                                        + ", or "
                                        + Key.text(EnsembleRule.CLIP)
                                        + " for an ensemble, whose steps an outlier does not"
                                        + " lengthen. Rare values of a feature that is mostly"
                                        + " constant, and a new level that lasts, are not clipped."
                                        + " The metrics count the clipped values.")
                        .withFormerDefault("10");
    }

    /** The key that selects the scaling. */
    static final Key<ScalerOption> TYPE =
            Key.ofEnum(
                    "scaler.type",
                    WELFORD,
                    "Scaling of the features: "
                            + Arrays.stream(values())
                                    .map(option -> Key.kebab(option) + " " + option.effect)
                                    .collect(Collectors.joining("; "))
                            + ".");

    /** The keys that belong to individual scalings, without duplicates. */
    private static final List<Key<?>> OWN_KEYS = OptionKeys.keysOf(values(), option -> option.keys);

    /** The keys of the scalings. */
    static final List<Key<?>> KEYS =
            Stream.of(List.<Key<?>>of(TYPE), OWN_KEYS).<Key<?>>flatMap(List::stream).toList();

    private final String effect;

    private final OptionKeys<?> keys;

    /** Null for no scaling. */
    private final @Nullable Function<Settings, ? extends ScalerRule> factory;

    ScalerOption(String effect) {
        this.effect = effect;
        this.keys = new OptionKeys<>(Void.class);
        this.factory = null;
    }

    /**
     * @param effect what the scaling does, to follow its name in a sentence
     * @param definition declares the keys and returns the factory that reads them
     */
    <T extends ScalerRule> ScalerOption(
            Class<T> type,
            String effect,
            Function<OptionKeys<T>, Function<Settings, T>> definition) {
        OptionKeys<T> declared = new OptionKeys<>(type);
        this.effect = effect;
        this.factory = definition.apply(declared);
        this.keys = declared;
    }

    /** Reads the rule of scaling; null to leave the features as they are. */
    static @Nullable ScalerRule read(Settings settings) {
        ScalerOption option = settings.get(TYPE);
        settings.refuseIneffective(TYPE, option.keys(), OWN_KEYS);
        if (option == NONE && acceptsMissing(settings)) {
            settings.problem(
                    settings.assignment(IngestConfig.MISSING)
                            + " with "
                            + settings.assignment(TYPE)
                            + ": without a scaler there is no mean; set "
                            + IngestConfig.MISSING
                            + " to "
                            + Key.kebab(MissingValues.ZERO)
                            + " or choose a scaler");
        }
        return option.factory == null ? null : option.factory.apply(settings);
    }

    private static boolean acceptsMissing(Settings settings) {
        return IngestConfig.missing(settings) == MissingValues.MEAN;
    }

    private static double clip(Settings settings, Key<Optional<Double>> key) {
        double clip =
                settings.get(key)
                        .orElseGet(
                                () ->
                                        settings.get(LearnerOption.TYPE) == LearnerOption.ENSEMBLE
                                                ? EnsembleRule.CLIP
                                                : Standardization.DEFAULT_CLIP);
        if (clip > 0 && clip < 1) {
            settings.problem(
                    settings.assignment(key)
                            + " would clip usual values: set it to at least 1, or to 0 to clip"
                            + " none");
            return 0;
        }
        return clip;
    }

    /** Returns the keys of this scaling. */
    List<Key<?>> keys() {
        return keys.keys();
    }

    /** Returns a scaling's hyper-parameters by key. */
    static Map<String, String> hyperParameters(@Nullable ScalerRule rule) {
        if (rule == null) {
            return Map.of(TYPE.name(), Key.kebab(NONE));
        }
        ScalerOption option = OptionKeys.optionOf(values(), candidate -> candidate.keys, rule);
        Map<String, String> values = option.keys.values(rule);
        values.put(TYPE.name(), Key.kebab(option));
        return values;
    }
}
