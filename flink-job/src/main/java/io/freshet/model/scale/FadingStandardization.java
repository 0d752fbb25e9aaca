package io.freshet.model.scale;

/**
 * The rule that standardises by a fading mean and variance: an example counts half as much after
 * {@code halfLife} later ones. It follows features whose level or spread changes.
 *
 * @param halfLife number of examples after which the weight of an example is halved: finite,
 *     greater than 0
 */
public record FadingStandardization(double halfLife) implements ScalerRule {
    public FadingStandardization {
        if (!(halfLife > 0 && halfLife <= Double.MAX_VALUE)) {
            throw new IllegalArgumentException(
                    "halfLife must be finite and greater than 0, but is " + halfLife);
        }
    }

    @Override
    public Workspace newWorkspace(int numFeatures) {
        // 1 − 2^(−1 / halfLife), without the loss of digits where that is small.
        double lossPerExample = -Math.expm1(-Math.log(2) / halfLife);
        return new FadingScaler.Scratch(lossPerExample, numFeatures);
    }
}
