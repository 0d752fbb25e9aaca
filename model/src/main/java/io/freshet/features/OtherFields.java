package io.freshet.features;

/** Number of the fields that messages have and that are not mapped, but features. */
final class OtherFields {
    /** Number of fields that are known from earlier messages beyond which they are forgotten. */
    private static final int MAX_KNOWN = 16_384;

    /** Number of fields that cannot be used that are reported. */
    private static final int MAX_REPORTED = 20;

    private int reported;
    private int known;
    private int knownBefore;
    private boolean exceeded;

    /** Begins a message; returns whether the fields known so far must be forgotten. */
    boolean begin() {
        boolean forget = known > MAX_KNOWN;
        known = forget ? 0 : known;
        knownBefore = known;
        exceeded = false;
        return forget;
    }

    /** Counts a field that no earlier message has had; returns false if it is one too many. */
    boolean tryAdd() {
        if (known - knownBefore >= FeatureHasher.MAX_FEATURES) {
            exceeded = true;
            return false;
        }
        known++;
        return true;
    }

    /** Returns whether one more field that cannot be used may be reported. */
    boolean tryReport() {
        reported++;
        return reported <= MAX_REPORTED;
    }

    boolean exceeded() {
        return exceeded;
    }
}
