package io.freshet.model.contract;

/**
 * The deviation of an engine from the reference in one quantity.
 *
 * @param quantity what was compared
 * @param error norm of the difference over the norm of the expected values, or a number of faults
 * @param allowed largest error that is allowed
 */
public record Deviation(String quantity, double error, double allowed) {
    /** Returns whether the error is allowed; one that is not a number is not. */
    public boolean isAllowed() {
        return error <= allowed;
    }
}
