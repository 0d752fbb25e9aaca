package io.freshet.model.mixture;

import java.util.Arrays;

/**
 * The live weights of a {@link Mixture}: those of the experts under each share, and those of the
 * shares.
 *
 * <p>Likelihoods enter divided by the largest, so that nothing but a loser's weight can underflow.
 * It never falls below its share or {@value #LEAST}, from where it can return.
 */
public final class MixtureWeights {
    private static final double LEAST = 1e-300;

    private final double[] shares;
    private final int numExperts;

    /** What each expert weighs under each share, (shares, numExperts); each row sums to 1. */
    private final double[][] underShare;

    /** What each share weighs; they sum to 1. */
    private final double[] shareWeights;

    /** What each expert weighs in all. */
    private final double[] weights;

    /** Likelihoods, divided by the largest. */
    private final double[] relative;

    /** What is left of each share's weights after an example. */
    private final double[] sums;

    /** What each expert gets under each share. */
    private final double[] floors;

    private final double floorOfShares;

    /**
     * @param state as {@link #state()} gave it. Not modified.
     */
    public MixtureWeights(Mixture mixture, double[] state) {
        this.shares = mixture.shares().stream().mapToDouble(share -> share).toArray();
        this.numExperts = mixture.numExperts();
        this.underShare = new double[shares.length][numExperts];
        this.shareWeights = new double[shares.length];
        this.weights = new double[numExperts];
        this.relative = new double[numExperts];
        this.sums = new double[shares.length];
        this.floors = new double[shares.length];
        Arrays.setAll(floors, a -> Math.max(shares[a] / numExperts, LEAST));
        this.floorOfShares = Mixture.SHARE_OF_SHARES / shares.length;
        set(state);
    }

    /** Returns the state in which all weigh the same. */
    public static double[] initialState(Mixture mixture) {
        int experts = mixture.numExperts();
        int shares = mixture.shares().size();
        double[] state = new double[numValues(mixture)];
        Arrays.fill(state, 0, shares * experts, 1.0 / experts);
        Arrays.fill(state, shares * experts, state.length, 1.0 / shares);
        return state;
    }

    /** Returns how many values the state has. */
    static int numValues(Mixture mixture) {
        return mixture.shares().size() * (mixture.numExperts() + 1);
    }

    /**
     * Becomes other weights.
     *
     * @param state as {@link #state()} gave it. Not modified.
     */
    public void set(double[] state) {
        for (int a = 0; a < shares.length; a++) {
            System.arraycopy(state, a * numExperts, underShare[a], 0, numExperts);
            shareWeights[a] = state[shares.length * numExperts + a];
        }
        sumUp();
    }

    /**
     * Returns all that is remembered: the experts' weights share by share, then the shares'. New.
     */
    public double[] state() {
        double[] state = new double[shares.length * (numExperts + 1)];
        for (int a = 0; a < shares.length; a++) {
            System.arraycopy(underShare[a], 0, state, a * numExperts, numExperts);
            state[shares.length * numExperts + a] = shareWeights[a];
        }
        return state;
    }

    /** Returns an expert's weight, 0 to 1. */
    public double weight(int expert) {
        return weights[expert];
    }

    /**
     * Returns the mixture's log-loss, {@code −ln Σ v l}, in nats.
     *
     * @param likelihoods {@code l}. Not modified.
     */
    public double loss(Likelihoods likelihoods) {
        return Math.max(0, -likelihoods.logOfMean(weights));
    }

    /**
     * Moves the weights by one example.
     *
     * @param likelihoods of its label. Not modified.
     * @param exampleWeight how much the example counts
     */
    public void update(Likelihoods likelihoods, double exampleWeight) {
        likelihoods.relative(exampleWeight, relative);
        double total = 0;
        for (int a = 0; a < shares.length; a++) {
            double[] v = underShare[a];
            double sum = 0;
            for (int k = 0; k < numExperts; k++) {
                v[k] *= relative[k];
                sum += v[k];
            }
            sums[a] = sum;
            total += shareWeights[a] * sum;
        }
        double keptOfShares = (1 - Mixture.SHARE_OF_SHARES) / total;
        Arrays.fill(weights, 0);
        for (int a = 0; a < shares.length; a++) {
            double[] v = underShare[a];
            double kept = (1 - shares[a]) / sums[a];
            double floor = floors[a];
            double ofShare = keptOfShares * (shareWeights[a] * sums[a]) + floorOfShares;
            shareWeights[a] = ofShare;
            for (int k = 0; k < numExperts; k++) {
                v[k] = kept * v[k] + floor;
                weights[k] += ofShare * v[k];
            }
        }
    }

    private void sumUp() {
        Arrays.fill(weights, 0);
        for (int a = 0; a < shares.length; a++) {
            for (int k = 0; k < numExperts; k++) {
                weights[k] += shareWeights[a] * underShare[a][k];
            }
        }
    }
}
