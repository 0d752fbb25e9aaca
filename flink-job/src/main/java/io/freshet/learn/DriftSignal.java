package io.freshet.learn;

/** What a drift detector watches of each example, before it is trained on. */
public enum DriftSignal {
    /** The loss, nats. */
    LOSS,
    /** 1 where the predicted class is not the label, else 0. */
    ERROR,
    /** One minus the probability of the label: smoother than the error, and bounded. */
    MISS_PROBABILITY
}
