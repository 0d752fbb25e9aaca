package io.freshet.model;

import io.freshet.model.scale.FadingStandardization;
import io.freshet.model.scale.ScalerRule;
import io.freshet.model.scale.Standardization;
import org.jspecify.annotations.Nullable;

/** The scalers that tests of the learner are run with. */
@SuppressWarnings("ImmutableEnumChecker") // rules are immutable
enum ScalerChoice {
    NONE(null),
    WELFORD(new Standardization()),
    FADING(new FadingStandardization(200)),
    CLIPPED_WELFORD(new Standardization(10, false)),
    CLIPPED_FADING(new FadingStandardization(200, 10, false)),
    WELFORD_WITH_MISSING(new Standardization(10, true)),
    FADING_WITH_MISSING(new FadingStandardization(200, 10, true));

    private final @Nullable ScalerRule rule;

    ScalerChoice(@Nullable ScalerRule rule) {
        this.rule = rule;
    }

    @Nullable ScalerRule rule() {
        return rule;
    }

    /** Returns whether a NaN is a missing value. */
    boolean acceptsMissing() {
        return this == WELFORD_WITH_MISSING || this == FADING_WITH_MISSING;
    }
}
