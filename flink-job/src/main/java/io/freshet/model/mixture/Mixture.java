package io.freshet.model.mixture;

import java.io.Serializable;
import java.util.HashSet;
import java.util.List;

/**
 * Learners with different learning rates side by side, answering as one: a fixed-share mixture.
 *
 * <p>Each rate {@code r} has parameters of its own and predicts {@code p_r}; the model predicts
 * {@code Σ v_r p_r}. After an example with label {@code y} and weight {@code w}
 *
 * <pre>{@code
 * v_r ← v_r · p_r(y)ʷ;   v ← v / Σ v;   v_r ← (1 − α) v_r + α / R
 * }</pre>
 *
 * <p>Without share ({@code α = 0}) this is Bayes' rule: the total log-loss is at most that of the
 * best rate in hindsight plus {@code ln R} nats. With it, the total is near that of the best
 * <i>sequence</i> of rates, about {@code S ln(nR/S)} nats above it for {@code S} switches in {@code
 * n} examples.
 *
 * <p>How often the best rate changes differs between streams and within one, as the best rate
 * itself does. So several shares have weights {@code v} of their own, and the shares are mixed by
 * the same rule, by what each of their mixtures made of the label, with the share {@value
 * #SHARE_OF_SHARES}: the total is near that of the best share, too.
 *
 * <p>Source: Herbster and Warmuth, <i>Tracking the best expert</i>, Machine Learning 32 (1998);
 * Vovk, <i>Aggregating strategies</i> (1990); Monteleoni and Jaakkola, <i>Online learning of
 * non-stationary sequences</i> (2003), for mixing shares.
 *
 * @param rates the learning rates, at least one, none twice
 * @param shares {@code α}: at least one, each 0 to less than 1, none twice
 * @param baselines whether the two baselines of {@link Baselines} are in it, too
 */
public record Mixture(List<Double> rates, List<Double> shares, boolean baselines)
        implements Serializable {
    /** The rates that cover what streams were found to need: half a decade apart. */
    public static final List<Double> DEFAULT_RATES =
            List.of(0.001, 0.003, 0.01, 0.03, 0.1, 0.3, 1.0);

    /** From one change in 10,000 examples to one in ten. */
    public static final List<Double> DEFAULT_SHARES = List.of(0.0001, 0.001, 0.01, 0.1);

    /** The share by which the shares themselves are mixed. */
    static final double SHARE_OF_SHARES = 0.001;

    public Mixture {
        rates = List.copyOf(rates);
        if (rates.isEmpty() || new HashSet<>(rates).size() < rates.size()) {
            throw new IllegalArgumentException(
                    "there must be at least one learning rate, and none twice, but they are "
                            + rates);
        }
        for (double rate : rates) {
            if (!(rate > 0 && rate <= Float.MAX_VALUE)) {
                throw new IllegalArgumentException(
                        "learning rates must be finite and greater than 0, but are " + rates);
            }
        }
        shares = List.copyOf(shares);
        if (shares.isEmpty()
                || new HashSet<>(shares).size() < shares.size()
                || shares.stream().anyMatch(share -> !(share >= 0 && share < 1))) {
            throw new IllegalArgumentException(
                    "shares must be at least 0 and less than 1, at least one and none twice, but"
                            + " are "
                            + shares);
        }
    }

    /** A mixture by one share. */
    public Mixture(List<Double> rates, double share, boolean baselines) {
        this(rates, List.of(share), baselines);
    }

    /** Returns the sum of the rates. */
    public double sumOfRates() {
        double sum = 0;
        for (double rate : rates) {
            sum += rate;
        }
        return sum;
    }

    /** Returns how many take part: the rates and, if they are in it, the two baselines. */
    public int numExperts() {
        return rates.size() + (baselines ? Baselines.COUNT : 0);
    }
}
