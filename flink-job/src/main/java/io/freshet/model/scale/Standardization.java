package io.freshet.model.scale;

/**
 * The rule that standardises by the mean and the population variance of all examples so far.
 *
 * @param clip number of standard deviations at which outliers are clipped, before they are observed
 *     and after they are scaled ({@link FeatureMoments}); 0 to clip none, else at least 1
 * @param acceptsMissing whether a NaN is a missing value, which is scaled to 0, the mean, and not
 *     observed
 */
public record Standardization(double clip, boolean acceptsMissing) implements ScalerRule {
    /** Default {@code clip} of linear models. */
    public static final double DEFAULT_CLIP = 10;

    public Standardization {
        ScalerRule.requireClip(clip);
    }

    /** Creates the rule that clips no outliers and accepts no missing values. */
    public Standardization() {
        this(0, false);
    }

    @Override
    public double lossPerExample() {
        return 0;
    }

    @Override
    public float[] limits(ScalerState state) {
        return clip == 0 ? new float[0] : FeatureMoments.limits(clip, state);
    }

    @Override
    public Workspace newWorkspace(int numFeatures) {
        return new StandardScaler.Scratch(clip, acceptsMissing, numFeatures);
    }
}
