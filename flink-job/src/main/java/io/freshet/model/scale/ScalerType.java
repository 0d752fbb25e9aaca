package io.freshet.model.scale;

/** How features are scaled before they reach the model. */
public enum ScalerType {
    /** As they come. */
    NONE,

    /** Standardised by the running mean and population variance of all examples so far. */
    WELFORD
}
