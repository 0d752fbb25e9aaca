package io.freshet.learn.training;

import io.freshet.config.Key;
import io.freshet.model.scale.ScalerType;
import java.util.Arrays;
import java.util.stream.Collectors;

/** The scalings of features that can be configured. A constant is the only place to add one. */
public enum ScalerOption {
    NONE(ScalerType.NONE, "leaves the features as they are"),
    WELFORD(
            ScalerType.WELFORD,
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

    private final ScalerType scaler;
    private final String effect;

    /**
     * @param effect what the scaling does, to follow its name in a sentence
     */
    ScalerOption(ScalerType scaler, String effect) {
        this.scaler = scaler;
        this.effect = effect;
    }

    /** Returns the scaler that learners are given. */
    ScalerType scaler() {
        return scaler;
    }

    /** Returns the option of a scaler. */
    static ScalerOption of(ScalerType scaler) {
        return Arrays.stream(values())
                .filter(option -> option.scaler == scaler)
                .findFirst()
                .orElseThrow();
    }
}
