package io.freshet.model.mixture;

import java.io.Serializable;
import java.util.HashSet;
import java.util.List;
import java.util.stream.Stream;

/**
 * Fixed-share mixture of experts: learners with different learning rates, and optionally two
 * baselines, that are trained in parallel and whose weighted average is the prediction.
 *
 * <p>Each expert {@code r} predicts {@code p_r}; the model predicts {@code Σ v_r p_r}. After an
 * example with label {@code y} and weight {@code w}, with the switching rate {@code α} and {@code
 * R} experts,
 *
 * <pre>{@code
 * v_r ← v_r · p_r(y)ʷ;   v ← v / Σ v;   v_r ← (1 − α) v_r + α / R
 * }</pre>
 *
 * <p>Where training minimises another loss than the plain one, with class weights or smoothing,
 * {@code exp(−loss)} takes the place of {@code p_r(y)}, so that the mixture follows the experts
 * that are best by the loss that is trained.
 *
 * <p>With {@code α = 0} this is Bayes' rule: the total log-loss is at most that of the best expert
 * in hindsight plus {@code ln R} nats. With {@code α > 0} the total is near that of the best
 * <i>sequence</i> of experts: about {@code S ln(nR/S)} nats above it for {@code S} switches in
 * {@code n} examples.
 *
 * <p>How often the best expert changes differs between streams and within a stream. So there are
 * several switching rates, each with its own weights {@code v}. The mixtures under the switching
 * rates are themselves mixed by the same rule, by the likelihood of the label under each, with the
 * switching rate {@value #META_SWITCHING_RATE}, so the total is also near that of the best
 * switching rate.
 *
 * <p>Source: Herbster and Warmuth, <i>Tracking the best expert</i>, Machine Learning 32 (1998);
 * Vovk, <i>Aggregating strategies</i> (1990); Monteleoni and Jaakkola, <i>Online learning of
 * non-stationary sequences</i> (2003), for mixing switching rates.
 *
 * @param rates the learning rates, at least one greater than 0, without duplicates
 * @param switchingRates {@code α}: at least one, each at least 0 and less than 1, without
 *     duplicates
 * @param baselines whether the two baselines of {@link Baselines} are experts, too
 */
public record Mixture(List<Double> rates, List<Double> switchingRates, boolean baselines)
        implements Serializable {
    /** Default learning rates, half a decade apart; they cover what streams were found to need. */
    public static final List<Double> DEFAULT_RATES =
            List.of(0.001, 0.003, 0.01, 0.03, 0.1, 0.3, 1.0);

    /** Largest number of features for which the default learning rates are enough. */
    public static final int MAX_FEATURES_OF_DEFAULT_RATES = 100;

    /**
     * Learning rates that are added where there are more features. The step of a rate grows with
     * {@code ‖x‖²}, which for standardised features is about their number; where most features are
     * noise, that of 0.001 is too long. The expert with rate 0 keeps the parameters that it began
     * with, by default equal probabilities.
     */
    public static final List<Double> RATES_FOR_MANY_FEATURES = List.of(0.0, 0.0001);

    /** Default switching rates: from one switch in 10,000 examples to one in ten. */
    public static final List<Double> DEFAULT_SWITCHING_RATES = List.of(0.0001, 0.001, 0.01, 0.1);

    /** Switching rate by which the switching rates themselves are mixed. */
    static final double META_SWITCHING_RATE = 0.001;

    public Mixture {
        rates = List.copyOf(rates);
        if (rates.isEmpty() || new HashSet<>(rates).size() < rates.size()) {
            throw new IllegalArgumentException(
                    "there must be at least one learning rate and no duplicates, but the rates are "
                            + rates);
        }
        for (double rate : rates) {
            if (!(rate >= 0 && rate <= Float.MAX_VALUE)) {
                throw new IllegalArgumentException(
                        "learning rates must be finite and at least 0, but are " + rates);
            }
        }
        if (rates.stream().allMatch(rate -> rate == 0)) {
            throw new IllegalArgumentException("a learning rate must be greater than 0");
        }
        switchingRates = List.copyOf(switchingRates);
        if (switchingRates.isEmpty()
                || new HashSet<>(switchingRates).size() < switchingRates.size()
                || switchingRates.stream().anyMatch(rate -> !(rate >= 0 && rate < 1))) {
            throw new IllegalArgumentException(
                    "there must be at least one switching rate and no duplicates, and switching"
                            + " rates must be at least 0 and less than 1, but they are "
                            + switchingRates);
        }
    }

    /** Creates a mixture with a single switching rate. */
    public Mixture(List<Double> rates, double switchingRate, boolean baselines) {
        this(rates, List.of(switchingRate), baselines);
    }

    /** Returns the default learning rates for a number of dense features. */
    public static List<Double> defaultRates(int numFeatures) {
        return numFeatures <= MAX_FEATURES_OF_DEFAULT_RATES
                ? DEFAULT_RATES
                : Stream.concat(RATES_FOR_MANY_FEATURES.stream(), DEFAULT_RATES.stream()).toList();
    }

    /** Returns the sum of the learning rates. */
    public double sumOfRates() {
        double sum = 0;
        for (double rate : rates) {
            sum += rate;
        }
        return sum;
    }

    /** Returns the number of experts: the learning rates and, if included, the two baselines. */
    public int numExperts() {
        return rates.size() + (baselines ? Baselines.COUNT : 0);
    }
}
