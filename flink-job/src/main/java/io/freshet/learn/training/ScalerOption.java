package io.freshet.learn.training;

import io.freshet.config.Key;
import io.freshet.model.scale.ScalerRule;
import io.freshet.model.scale.Standardization;
import java.util.Arrays;
import java.util.Objects;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/** The scalings of features that can be configured. A constant is the only place to add one. */
@SuppressWarnings("ImmutableEnumChecker") // rules are immutable
public enum ScalerOption {
    NONE(null, "leaves the features as they are"),
    WELFORD(
            new Standardization(),
            "standardises each feature online to mean 0 and variance 1, by Welford's algorithm");

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

    private final @Nullable ScalerRule rule;
    private final String effect;

    /**
     * @param effect what the scaling does, to follow its name in a sentence
     */
    ScalerOption(@Nullable ScalerRule rule, String effect) {
        this.rule = rule;
        this.effect = effect;
    }

    /** Returns the rule that learners are given; null to leave the features as they are. */
    @Nullable ScalerRule rule() {
        return rule;
    }

    /** Returns the option of a rule. */
    static ScalerOption of(@Nullable ScalerRule rule) {
        return Arrays.stream(values())
                .filter(option -> Objects.equals(option.rule, rule))
                .findFirst()
                .orElseThrow();
    }
}
