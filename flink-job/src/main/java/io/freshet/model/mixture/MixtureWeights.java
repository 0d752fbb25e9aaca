package io.freshet.model.mixture;

import java.util.Arrays;
import java.util.List;

/**
 * Current weights of a {@link Mixture}: of the experts under each switching rate, and of the
 * switching rates.
 *
 * <p>Likelihoods are divided by the largest one first, so that only the weight of a bad expert can
 * underflow. No expert's weight falls below the switching rate divided by the number of experts, or
 * below {@value #MIN_WEIGHT}, so that it can always recover.
 */
public final class MixtureWeights {
    private static final double MIN_WEIGHT = 1e-300;

    private final double[] switchingRates;
    private final int numExperts;

    /** Experts' weights under each switching rate, (switchingRates, numExperts); rows sum to 1. */
    private final double[][] expertWeights;

    /** Weights of the switching rates, (switchingRates); they sum to 1. */
    private final double[] rateWeights;

    /** Total weight of each expert, (numExperts). */
    private final double[] weights;

    /** Likelihoods divided by the largest, (numExperts). */
    private final double[] relative;

    /** Sum of the experts' weights under each switching rate before they are normalised again. */
    private final double[] sums;

    /** Smallest weight of an expert under each switching rate. */
    private final double[] floors;

    private final double rateFloor;

    /**
     * Creates weights from a state.
     *
     * @param state a value of {@link #state()} or {@link #initialState}. Not modified.
     */
    public MixtureWeights(Mixture mixture, double[] state) {
        this(mixture.numExperts(), mixture.switchingRates(), state);
    }

    /**
     * Creates weights of any experts from a state.
     *
     * @param switchingRates at least one, each at least 0 and less than 1
     * @param state a value of {@link #state()} or {@link #initialState}. Not modified.
     */
    public MixtureWeights(int numExperts, List<Double> switchingRates, double[] state) {
        this.switchingRates = switchingRates.stream().mapToDouble(rate -> rate).toArray();
        this.numExperts = numExperts;
        this.expertWeights = new double[switchingRates.size()][numExperts];
        this.rateWeights = new double[switchingRates.size()];
        this.weights = new double[numExperts];
        this.relative = new double[numExperts];
        this.sums = new double[switchingRates.size()];
        this.floors = new double[switchingRates.size()];
        Arrays.setAll(floors, a -> Math.max(switchingRates.get(a) / numExperts, MIN_WEIGHT));
        this.rateFloor = Mixture.META_SWITCHING_RATE / switchingRates.size();
        set(state);
    }

    /** Returns the initial state: equal weights for all experts, and for all switching rates. */
    public static double[] initialState(Mixture mixture) {
        return initialState(mixture.numExperts(), mixture.switchingRates().size());
    }

    /** Returns the initial state for a number of experts and of switching rates. */
    public static double[] initialState(int experts, int rates) {
        double[] state = new double[rates * (experts + 1)];
        Arrays.fill(state, 0, rates * experts, 1.0 / experts);
        Arrays.fill(state, rates * experts, state.length, 1.0 / rates);
        return state;
    }

    /**
     * Returns the state with given weights of the experts under every switching rate, and equal
     * weights for the switching rates.
     *
     * @param experts (numExperts) weights, which sum to 1. Not modified.
     */
    public static double[] stateOf(Mixture mixture, double[] experts) {
        double[] state = initialState(mixture);
        for (int a = 0; a < mixture.switchingRates().size(); a++) {
            for (int k = 0; k < experts.length; k++) {
                state[a * experts.length + k] = Math.max(MIN_WEIGHT, experts[k]);
            }
        }
        return state;
    }

    /**
     * Replaces the weights by those of a state.
     *
     * @param state a value of {@link #state()}. Not modified.
     */
    public void set(double[] state) {
        for (int a = 0; a < switchingRates.length; a++) {
            System.arraycopy(state, a * numExperts, expertWeights[a], 0, numExperts);
            rateWeights[a] = state[switchingRates.length * numExperts + a];
        }
        updateTotals();
    }

    /**
     * Returns the state as a new array: the experts' weights by switching rate, (switchingRates,
     * numExperts), then the weights of the switching rates.
     */
    public double[] state() {
        double[] state = new double[switchingRates.length * (numExperts + 1)];
        for (int a = 0; a < switchingRates.length; a++) {
            System.arraycopy(expertWeights[a], 0, state, a * numExperts, numExperts);
            state[switchingRates.length * numExperts + a] = rateWeights[a];
        }
        return state;
    }

    /** Returns the total weight of an expert, 0 to 1. */
    public double weight(int expert) {
        return weights[expert];
    }

    /**
     * Returns the index of the learning rate whose expert has the largest weight, of those above 0;
     * 0 if there is none.
     *
     * @param rates learning rates of the first experts
     */
    public int dominantRate(List<Double> rates) {
        int dominant = 0;
        for (int rate = 1; rate < rates.size(); rate++) {
            boolean isLarger = weight(rate) > weight(dominant);
            if (rates.get(rate) > 0 && (isLarger || !(rates.get(dominant) > 0))) {
                dominant = rate;
            }
        }
        return dominant;
    }

    /**
     * Returns the mixture's log-loss, {@code −ln Σ v l}, in nats.
     *
     * @param likelihoods {@code l}. Not modified.
     */
    public double loss(Likelihoods likelihoods) {
        return Math.max(0, -likelihoods.logWeightedMean(weights));
    }

    /**
     * Updates the weights after one example.
     *
     * @param likelihoods likelihoods of its label under the experts. Not modified.
     * @param exampleWeight the example's weight, at least 0
     */
    public void update(Likelihoods likelihoods, double exampleWeight) {
        likelihoods.writeRelative(exampleWeight, relative);
        double total = 0;
        for (int a = 0; a < switchingRates.length; a++) {
            double[] v = expertWeights[a];
            double sum = 0;
            for (int k = 0; k < numExperts; k++) {
                v[k] *= relative[k];
                sum += v[k];
            }
            sums[a] = sum;
            total += rateWeights[a] * sum;
        }
        double rateFactor = (1 - Mixture.META_SWITCHING_RATE) / total;
        Arrays.fill(weights, 0);
        for (int a = 0; a < switchingRates.length; a++) {
            double[] v = expertWeights[a];
            double factor = (1 - switchingRates[a]) / sums[a];
            double floor = floors[a];
            double rateWeight = rateFactor * (rateWeights[a] * sums[a]) + rateFloor;
            rateWeights[a] = rateWeight;
            for (int k = 0; k < numExperts; k++) {
                v[k] = factor * v[k] + floor;
                weights[k] += rateWeight * v[k];
            }
        }
    }

    private void updateTotals() {
        Arrays.fill(weights, 0);
        for (int a = 0; a < switchingRates.length; a++) {
            for (int k = 0; k < numExperts; k++) {
                weights[k] += rateWeights[a] * expertWeights[a][k];
            }
        }
    }
}
