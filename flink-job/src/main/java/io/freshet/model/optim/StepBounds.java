package io.freshet.model.optim;

/**
 * Upper bounds of the magnitudes of the parameters and the optimiser's state, which show that no
 * value in the next steps exceeds the range of a float.
 */
public final class StepBounds {
    private final int numParameters;
    private double parameters;
    private final double[] state;

    /**
     * @param numParameters number of parameters
     * @param numArrays number of arrays of the optimiser's state
     */
    public StepBounds(int numParameters, int numArrays) {
        this.numParameters = numParameters;
        this.state = new double[numArrays];
    }

    /** Returns the number of parameters. */
    public int numParameters() {
        return numParameters;
    }

    /** Returns an upper bound of {@code Σ |θ|}. */
    public double parameters() {
        return parameters;
    }

    /** Sets the bound of {@code Σ |θ|}. */
    public void parameters(double bound) {
        parameters = bound;
    }

    /** Returns an upper bound of {@code Σ |s|} over an array of the state. */
    public double state(int array) {
        return state[array];
    }

    /** Sets the bound of an array of the state. */
    public void state(int array, double bound) {
        state[array] = bound;
    }

    /** Copies the bounds of another object of the same sizes. */
    public void copyFrom(StepBounds other) {
        parameters = other.parameters;
        System.arraycopy(other.state, 0, state, 0, state.length);
    }

    /** Multiplies all bounds. */
    public void scale(double factor) {
        parameters *= factor;
        for (int i = 0; i < state.length; i++) {
            state[i] *= factor;
        }
    }

    /** Returns whether all bounds, multiplied by a factor, are at most a limit. */
    public boolean areWithin(double limit, double factor) {
        boolean within = parameters * factor <= limit;
        for (double bound : state) {
            within &= bound * factor <= limit;
        }
        return within;
    }
}
