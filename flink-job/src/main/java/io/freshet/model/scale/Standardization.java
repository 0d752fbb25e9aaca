package io.freshet.model.scale;

/** The rule that standardises by the mean and the population variance of all examples so far. */
public record Standardization() implements ScalerRule {
    @Override
    public Workspace newWorkspace(int numFeatures) {
        return new StandardScaler.Scratch(numFeatures);
    }
}
