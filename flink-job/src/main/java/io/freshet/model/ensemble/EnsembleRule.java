package io.freshet.model.ensemble;

import io.freshet.ensemble.Combination;
import java.io.Serializable;
import java.util.ArrayList;
import java.util.List;

/**
 * Settings of an {@link Ensemble}.
 *
 * @param isSparse whether examples have sparse features, of which ferns and nearest examples take
 *     no part: their tests and distances need the values of all features
 * @param labelExperts whether experts that predict from earlier labels alone take part
 */
public record EnsembleRule(boolean isSparse, boolean labelExperts) implements Serializable {
    /** Learning rates of the linear experts, whose steps are normalised. */
    public static final List<Double> LINEAR_RATES = List.of(0.001, 0.01, 0.1, 1.0);

    /**
     * Number of standard deviations at which outliers are clipped. Larger than for linear models:
     * normalised steps do not grow with an outlier, and ferns and distances use what it tells.
     */
    public static final double CLIP = 100;

    /** Index of the learning rate whose parameters weight the features in distances. */
    public static final int DISTANCE_RATE = 1;

    /** Names of the combinations that the answer is the weighted mean of. */
    public static final List<String> COMBINATIONS = Combination.NAMES;

    /** Returns the names of the experts beside the linear ones, in their order. */
    public List<String> otherExperts() {
        List<String> names = new ArrayList<>();
        if (!isSparse) {
            names.addAll(List.of("ferns, forgetting", "ferns", "nearest of 32", "nearest of 1024"));
        }
        if (labelExperts) {
            names.addAll(List.of("no-change", "frequencies", "recent frequencies"));
        }
        return names;
    }

    /** Returns the number of experts beside the linear ones. */
    public int numOtherExperts() {
        return (isSparse ? 0 : Ferns.EXPERTS + NearestExamples.EXPERTS)
                + (labelExperts ? LabelExperts.EXPERTS : 0);
    }
}
