package io.freshet.learn.training;

import io.freshet.model.scale.ScalerRule;
import io.freshet.model.scale.Standardization;
import org.jspecify.annotations.Nullable;

/** The scalings of features that can be configured. */
public enum ScalerOption {
    NONE,
    WELFORD;

    @Nullable ScalerRule rule() {
        return this == NONE ? null : new Standardization();
    }

    static ScalerOption of(@Nullable ScalerRule rule) {
        return rule == null ? NONE : WELFORD;
    }
}
